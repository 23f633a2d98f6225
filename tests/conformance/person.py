"""People as the oracle knows them: plain values by name. What is not known of a person is not there."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from segue.domain.condition import Attribute, Condition

Value: TypeAlias = str | float | bool | datetime.date | datetime.datetime | frozenset[str]
"""A text or the name of the one option chosen, number, truth value, day, aware instant, or the names of several options."""


@dataclass(frozen=True)
class Happening:
    """An event."""

    event_id: str
    event_type: str
    at: datetime.datetime
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Membership:
    """A person's place on a list."""

    state: str
    joined_at: datetime.datetime
    consent_to_track: str | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """Everything that a condition can ask of somebody."""

    profile_id: str
    attributes: Mapping[Attribute, Value] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)
    """Of the account."""
    memberships: Mapping[str, Membership] = field(default_factory=dict)
    """By list."""
    tags: frozenset[str] = frozenset()
    topics: Mapping[str, bool] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=dict)
    latitude: float | None = None
    longitude: float | None = None
    events: tuple[Happening, ...] = ()

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude, when both are known."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


@dataclass(frozen=True)
class SavedSegment:
    """A segment that others may name."""

    list_id: str | None
    condition: Condition


@dataclass(frozen=True)
class World:
    """What a condition is asked in."""

    list_id: str | None = None
    """The segment's list; None for a segment of the whole account."""
    segments: Mapping[str, SavedSegment] = field(default_factory=dict)
