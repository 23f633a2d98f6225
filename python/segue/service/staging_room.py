"""Room for blocks that are being checked or written: who finds none waits, and so does its sender, by flow control."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

ACCOUNT_SHARE: Final = 2
"""One account has at most this part of the room, so that its senders do not hold up all others."""

_Waiting = tuple["asyncio.Future[None]", int]
"""Who waits, and for how many bytes."""


class StagingRoom:
    """A budget of bytes for all accounts together, and a share of it for each.

    Of those who wait, accounts are let in by turns, and the blocks of one in order of coming. Nobody passes a block for which only the budget
    is too full, so that large blocks come in too.
    """

    def __init__(self, budget_bytes: int) -> None:
        """Takes the budget; a block larger than it, or than an account's share, is let in alone."""
        self._budget_bytes = budget_bytes
        self._share_bytes = budget_bytes // ACCOUNT_SHARE
        self._taken: Counter[int] = Counter()
        self._waiting: OrderedDict[int, deque[_Waiting]] = OrderedDict()

    @asynccontextmanager
    async def take(self, account: int, size_bytes: int) -> AsyncIterator[None]:
        """Waits until there is room for a block, and holds it."""
        await self._enter(account, size_bytes)
        try:
            yield
        finally:
            self._leave(account, size_bytes)

    async def _enter(self, account: int, size_bytes: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(account, deque()).append((turn, size_bytes))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._let_in()
            else:
                self._leave(account, size_bytes)
            raise

    def _leave(self, account: int, size_bytes: int) -> None:
        self._taken[account] -= size_bytes
        if not self._taken[account]:
            del self._taken[account]
        self._let_in()

    def _let_in(self) -> None:
        """Lets in whoever finds room, until the next one does not."""
        while (account := self._next()) is not None:
            turns = self._waiting.pop(account)
            turn, size_bytes = turns.popleft()
            if turns:
                self._waiting[account] = turns
            self._taken[account] += size_bytes
            turn.set_result(None)

    def _next(self) -> int | None:
        """Returns the account whose turn it is, when there is room for its block."""
        self._forget_cancelled()
        all_bytes = self._taken.total()
        for account, turns in self._waiting.items():
            own_bytes, (_, size_bytes) = self._taken[account], turns[0]
            if own_bytes and own_bytes + size_bytes > self._share_bytes:
                continue
            has_room = not all_bytes or all_bytes + size_bytes <= self._budget_bytes
            return account if has_room else None
        return None

    def _forget_cancelled(self) -> None:
        for account, turns in list(self._waiting.items()):
            while turns and turns[0][0].cancelled():
                turns.popleft()
            if not turns:
                del self._waiting[account]
