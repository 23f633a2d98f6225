"""Whose turn it is: one holder at a time for each account, the others in order of coming."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    """Who holds it or waits for it."""


class Turns:
    """The turns of all accounts; those that nobody wants cost nothing."""

    def __init__(self) -> None:
        """Begins with nobody waiting."""
        self._turns: dict[int, _Turn] = {}

    @asynccontextmanager
    async def hold(self, account: int) -> AsyncIterator[None]:
        """Waits for an account's turn and holds it."""
        turn = self._turns.setdefault(account, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[account]

    def is_held(self, account: int) -> bool:
        """Tells whether somebody holds an account's turn."""
        return account in self._turns
