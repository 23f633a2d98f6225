"""Tells everybody who waits that something happened."""

import asyncio


class Notice:
    """Wakes those who wait, each time it is told.

    Nothing is missed: who takes `next` before looking at what may have changed is woken by every change after the look.
    """

    def __init__(self) -> None:
        """Begins with nothing told."""
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Returns the event that is set when this is told for the next time."""
        return self._next

    def tell(self) -> None:
        """Wakes everybody."""
        told, self._next = self._next, asyncio.Event()
        told.set()
