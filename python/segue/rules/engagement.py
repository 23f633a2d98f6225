"""The engagement segments: how long ago someone last opened or clicked anything.

Days of 24 hours, rolling: who does nothing moves from one to the next at the very moment. Everyone belongs to at most one of them; who got a
first campaign less than a year ago and never opened or clicked belongs to none. The names and days are those of seed 004's vendor.
"""

from collections.abc import Mapping
from typing import Final

from segue.domain.condition import (
    And,
    Condition,
    Did,
    EventMatch,
    FirstDid,
    Not,
    Or,
    Rolling,
    Unit,
)

_SENT: Final = EventMatch("sent")
_YEAR: Final = Rolling(365, Unit.DAY)


def _engaged(days: int | None) -> Condition:
    """Opened or clicked in the last days, or ever."""
    window = None if days is None else Rolling(days, Unit.DAY)
    return Or((Did(EventMatch("opened"), window), Did(EventMatch("clicked"), window)))


def _between(days: int, more_days: int | None) -> Condition:
    return And((_engaged(more_days), Not(_engaged(days))))


ENGAGEMENT: Final[Mapping[str, Condition]] = {
    "Active": _engaged(30),
    "Engaged": _between(30, 90),
    "Unengaged": _between(90, 180),
    "Dormant": _between(180, 365),
    "Zombies": _between(365, None),
    "Ghosts": And((Not(_engaged(None)), Did(_SENT), Not(FirstDid(_SENT, _YEAR)))),
}
"""Conditions by title, in order."""
