"""Places on the cores that accounts take in turn, so that one account's bulk work does not starve another's."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairShare:
    """A bounded number of places; of those who wait, each account gets one in its turn.

    However many streams one account reads, another's next block waits for at most the blocks under way and one block of each account
    that waits.
    """

    def __init__(self, places: int) -> None:
        """Begins with all places free."""
        self._free = places
        self._waiting: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def place(self, account: int) -> AsyncIterator[None]:
        """Waits for a place and holds it."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(account)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, account: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(account, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            else:
                self._leave(account, turn)
            raise

    def _leave(self, account: int, turn: asyncio.Future[None]) -> None:
        """Takes one who gave up out of the queue, so that nobody of the account comes to a better place by that."""
        turns = self._waiting.get(account, deque())
        if turn in turns:
            turns.remove(turn)
        if not turns:
            self._waiting.pop(account, None)

    def _pass_on(self) -> None:
        """Gives a place to the next account that waits, or back."""
        while self._waiting:
            account, turns = self._waiting.popitem(last=False)
            while turns:
                turn = turns.popleft()
                if turn.done():  # who waited gave up; that is not the account's turn
                    continue
                if turns:
                    self._waiting[account] = turns
                turn.set_result(None)
                return
        self._free += 1
