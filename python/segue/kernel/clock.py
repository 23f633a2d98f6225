"""The change clock of one account (DESIGN 3): why an increment neither loses nor repeats a change."""

from segue import _kernel


class ChangeClock:
    """Stamps commits with ticks that never fall, and closes the tick of every pinned snapshot.

    A commit's tick is never below an earlier one's and always above the last pinned one. So a snapshot pinned at tick `s` has every
    change up to `s`, and all later changes are at or after `next_tick(s)`.
    """

    def __init__(self, last_millis: int, pinned_millis: int) -> None:
        """Goes on from the last commit's tick and the last pinned one; 0 where there is none."""
        self._last = max(last_millis, pinned_millis)
        self._open_from = max(last_millis, _kernel.next_tick(pinned_millis) if pinned_millis else 0)
        self._reserved: int | None = None

    def stamp(self, now_millis: int) -> int:
        """Returns the tick of a commit that is made now."""
        self._last = self._open_from = max(self._open_from, _kernel.next_tick(now_millis - 1))
        return self._last

    def reserve(self, now_millis: int) -> int:
        """Returns a tick above all before it, for a commit that takes long; snapshots pinned until `release` stay below it."""
        before = max(self._last, _kernel.next_tick(now_millis - 1))
        self._last, self._reserved = before, _kernel.next_tick(before)
        return self._reserved

    def mark(self, now_millis: int) -> int:
        """Returns a tick above that of every snapshot pinned so far, for a change of rules, which is no commit."""
        return self.stamp(now_millis) if self._reserved is None else self._reserved

    def release(self) -> None:
        """Ends the reservation: its commit is visible, or has failed."""
        if self._reserved is not None:
            self._last = self._open_from = max(self._reserved, self._open_from)
            self._reserved = None

    def pin(self, now_millis: int) -> int:
        """Returns the tick of a snapshot that is taken now, and closes it."""
        if self._reserved is None:
            self._last = max(self._last, _kernel.next_tick(now_millis - 1))
            self._open_from = _kernel.next_tick(self._last)
        return self._last
