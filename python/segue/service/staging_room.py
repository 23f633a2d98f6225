"""Room for blocks that are being checked or written: who finds none waits, and so does its sender, by flow control."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

ACCOUNT_SHARE: Final = 2
"""One account has at most this part of the room, so that its senders do not hold up all others."""


class StagingRoom:
    """A budget of bytes for all accounts together, and a share of it for each."""

    def __init__(self, budget_bytes: int) -> None:
        """Takes the budget; a block larger than it is let in alone."""
        self._budget_bytes = budget_bytes
        self._share_bytes = budget_bytes // ACCOUNT_SHARE
        self._taken: Counter[int] = Counter()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def take(self, account: int, size_bytes: int) -> AsyncIterator[None]:
        """Waits until there is room for a block, and holds it."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._has_room(account, size_bytes))
            self._taken[account] += size_bytes
        try:
            yield
        finally:
            async with self._freed:
                self._taken[account] -= size_bytes
                if not self._taken[account]:
                    del self._taken[account]
                self._freed.notify_all()

    def _has_room(self, account: int, size_bytes: int) -> bool:
        own, all_bytes = self._taken[account], self._taken.total()
        return (own == 0 or own + size_bytes <= self._share_bytes) and (
            all_bytes == 0 or all_bytes + size_bytes <= self._budget_bytes
        )
