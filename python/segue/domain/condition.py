"""The one condition tree: what every rule language says.

Names, not columns: `segue.rules` reads and prints it in three languages and lowers it to what the kernel compiles. Two-valued: a predicate on
an absent value is false, and `Not` is the exact complement over the profiles asked.
"""

import datetime
import enum
from dataclasses import dataclass
from typing import TypeAlias


class Attribute(enum.StrEnum):
    """What every profile may have; the value is the word that rule languages use."""

    NAME = "name"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    EMAIL = "email"
    PHONE = "phone"
    CUSTOMER_TYPE = "customer_type"
    LOCALE = "locale"
    COUNTRY = "country"
    REGION = "region"
    CREATED_AT = "created_at"
    CHANGED_AT = "changed_at"
    SUBSCRIBED_AT = "subscribed_at"
    """When the profile joined the segment's list; in a segment of the whole account, when it was created."""
    CONSENT_TO_TRACK = "consent_to_track"
    """Of the membership: `Yes` or `No`. Only in a segment on a list."""


@dataclass(frozen=True)
class FieldName:
    """A custom field: the list's before the account's; keys compare without regard to case."""

    key: str


Subject: TypeAlias = Attribute | FieldName


class TextRelation(enum.StrEnum):
    """How a text compares with an operand, without regard to case."""

    EQUALS = "equals"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    """A regular expression matches somewhere; anchors say otherwise. Linear time."""


class Relation(enum.StrEnum):
    """How an ordered value compares with an operand."""

    EQUALS = "="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True)
class Provided:
    """The value is there."""


@dataclass(frozen=True)
class TextTest:
    """A text compares with an operand."""

    relation: TextRelation
    text: str


Scalar: TypeAlias = str | float | datetime.date | datetime.datetime
"""A text or an option's name, a number, a day (of the rule's time zone where the value is a time), an aware instant."""


@dataclass(frozen=True)
class OrderTest:
    """A number, day or time compares with an operand. A day against a time means the whole of that local day."""

    relation: Relation
    value: float | datetime.date | datetime.datetime


@dataclass(frozen=True)
class BetweenTest:
    """A number, day or time lies between two, both included."""

    low: float | datetime.date | datetime.datetime
    high: float | datetime.date | datetime.datetime


@dataclass(frozen=True)
class OneOf:
    """The value, or for several options one of them, is in a set of up to 100,000. Sorted, without repeats; of times it has instants."""

    values: tuple[Scalar, ...]


class Unit(enum.StrEnum):
    """What relative times are counted in."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """Of the calendar: from Monday."""
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Rolling:
    """From some units before the moment of evaluation up to that moment (`is_past`), or from it to some units after; both ends included.

    Exact lengths: minutes, hours, days of 24 hours, weeks of seven. MONTH and YEAR are not exact and are refused. For columns of days: the
    last N days are today and the N - 1 days before it.
    """

    count: int
    unit: Unit
    is_past: bool = True


@dataclass(frozen=True)
class CalendarPeriod:
    """A whole local day, week, month or year; 0 is the present one, -1 the one before it."""

    unit: Unit
    offset: int


@dataclass(frozen=True)
class Between:
    """From the first instant of one day to the last of another, local; None is open. An instant instead of a day is exact, the end excluded."""

    start: datetime.date | datetime.datetime | None
    end: datetime.date | datetime.datetime | None


Window: TypeAlias = Rolling | CalendarPeriod | Between


@dataclass(frozen=True)
class InWindow:
    """A day or time lies in a window."""

    window: Window


@dataclass(frozen=True)
class Anniversary:
    """The day of the year of a day lies in a window: "birthday this week". 29 February falls on the 28th in other years."""

    window: Rolling | CalendarPeriod


Test: TypeAlias = Provided | TextTest | OrderTest | BetweenTest | OneOf | InWindow | Anniversary


@dataclass(frozen=True)
class Predicate:
    """A test of one attribute or field."""

    subject: Subject
    test: Test


@dataclass(frozen=True)
class HasTag:
    """The profile has a tag. Any, all and none are Or, And and Not of it."""

    tag: str


@dataclass(frozen=True)
class TopicIs:
    """A topic is subscribed to, or unsubscribed from."""

    topic: str
    is_subscribed: bool


@dataclass(frozen=True)
class ConsentIs:
    """A consent is given, or withdrawn."""

    consent_type: str
    is_given: bool


@dataclass(frozen=True)
class Near:
    """The profile's place is at most so far from a point, on a sphere of 6,371,008.8 m radius."""

    latitude: float
    longitude: float
    radius_metres: float


@dataclass(frozen=True)
class Located:
    """The profile's latitude and longitude are both there."""


@dataclass(frozen=True)
class Sample:
    """A share of the profiles, always the same ones for a salt: the hash of salt and profile id lies below it."""

    percent: float
    salt: str


@dataclass(frozen=True)
class PropertyTest:
    """An event's property passes a test; `is_negative` is the exact complement, so it holds where the property is absent."""

    key: str
    test: Provided | TextTest | OrderTest | BetweenTest | OneOf
    is_negative: bool = False


@dataclass(frozen=True)
class EventMatch:
    """Events of a type whose properties pass every test."""

    event_type: str
    where: tuple[PropertyTest, ...] = ()


@dataclass(frozen=True)
class Did:
    """The number of matching events in a window, or the sum of a property over them, compares with a value.

    No events count and sum as 0. "Did not" is `Not(Did(...))`.
    """

    match: EventMatch
    window: Window | None = None
    relation: Relation = Relation.AT_LEAST
    value: float = 1
    sum_of: str | None = None


@dataclass(frozen=True)
class FirstDid:
    """The first matching event of all lies in a window."""

    match: EventMatch
    window: Window


@dataclass(frozen=True)
class DidThen:
    """A matching event in the window is followed by another, later and at most so long after."""

    first: EventMatch
    second: EventMatch
    within_millis: int
    window: Window | None = None


@dataclass(frozen=True)
class InSegment:
    """The profile is a member of another segment of the account."""

    segment_id: str


@dataclass(frozen=True)
class And:
    """Every child holds; without children it always does."""

    children: tuple["Condition", ...]


@dataclass(frozen=True)
class Or:
    """At least one child holds; without children it never does."""

    children: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The child does not hold."""

    child: "Condition"


Leaf: TypeAlias = (
    Predicate
    | HasTag
    | TopicIs
    | ConsentIs
    | Near
    | Located
    | Sample
    | Did
    | FirstDid
    | DidThen
    | InSegment
)
Condition: TypeAlias = And | Or | Not | Leaf
