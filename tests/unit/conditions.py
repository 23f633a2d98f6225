"""Random conditions over one scope, each in normal form and accepted by every check."""

import datetime
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from segue.domain.condition import (
    And,
    Anniversary,
    Attribute,
    Between,
    BetweenTest,
    CalendarPeriod,
    Condition,
    ConsentIs,
    Did,
    DidThen,
    EventMatch,
    FieldName,
    FirstDid,
    HasTag,
    InSegment,
    InWindow,
    Located,
    Near,
    Not,
    Or,
    OrderTest,
    Predicate,
    PropertyTest,
    Provided,
    Relation,
    Rolling,
    Sample,
    Scalar,
    Subject,
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Unit,
    Window,
)
from segue.domain.field import FieldType
from segue.rules.fit import one_of
from segue.rules.scope import (
    BUILT_IN_EVENT_TYPES,
    TRACKING_CONSENTS,
    TRUTHS,
    EventTypeScope,
    KnownCampaign,
    MembershipColumns,
    Property,
    RuleScope,
    SegmentRules,
)
from segue.rules.tree import normalised


@dataclass(frozen=True)
class Field:
    """A field as rules see it."""

    key: str
    type: FieldType
    column: int
    options: tuple[str, ...] = ()


OPTIONS = ("Weekly", "Émergency Only", 'say "no"')
FIELDS = (
    Field("Langue", FieldType.TEXT, 70),
    Field("Age", FieldType.NUMBER, 71),
    Field("VIP", FieldType.BOOLEAN, 72),
    Field("Born", FieldType.DATE, 73),
    Field("Seen", FieldType.DATE_TIME, 74),
    Field("Frequency", FieldType.MULTI_SELECT_ONE, 75, OPTIONS),
    Field("Favourite Animals", FieldType.MULTI_SELECT_MANY, 76, OPTIONS),
    Field("name", FieldType.TEXT, 77),
    Field('OR "so"', FieldType.NUMBER, 78),
)
CAMPAIGN = "1234123412341234"
LINK = "https://x.se/?a=1&b=(2)"
LIST_COLUMN = 64
ZONE = zoneinfo.ZoneInfo("America/Sao_Paulo")
_SMALL = RuleScope(fields=FIELDS, time_zone=ZONE, membership=MembershipColumns.of(LIST_COLUMN))
SCOPE = RuleScope(
    fields=FIELDS,
    time_zone=ZONE,
    membership=MembershipColumns.of(LIST_COLUMN),
    tags={"vip": 80, "to-do": 81},
    topics={"news": 82, "2-for-1": 83},
    consents={"email": 84},
    event_types={
        **BUILT_IN_EVENT_TYPES,
        "purchase": EventTypeScope(
            16,
            {
                "sku": Property(0, FieldType.TEXT),
                "amount": Property(1, FieldType.NUMBER),
                "gift": Property(2, FieldType.BOOLEAN),
                "paid at": Property(3, FieldType.DATE_TIME),
            },
        ),
    },
    campaign={CAMPAIGN: KnownCampaign(was_sent=True, links=frozenset({LINK}))}.get,
    segment={"ab" * 16: SegmentRules(Located(), _SMALL)}.get,
)

T = TypeVar("T")

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(
    ['"', "\\", "a b", "@x.se", "*", "'", "2024-01-01", "true", "..", "\n"]
)
numbers = st.sampled_from([0.0, 1.0, -17.5, 1e-7, 1e15, 1e300]) | st.floats(
    allow_nan=False, allow_infinity=False
).map(lambda number: number + 0.0)
days = st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)) | st.dates(
    datetime.date(2018, 10, 28), datetime.date(2018, 11, 8)
)
times = st.datetimes(
    datetime.datetime(1900, 1, 1),  # noqa: DTZ001 - given a time zone below
    datetime.datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(datetime.UTC),
).map(lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000))

EXACT_UNITS = (Unit.MINUTE, Unit.HOUR, Unit.DAY, Unit.WEEK)
CALENDAR_UNITS = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR)


def rolling(units: Iterable[Unit]) -> st.SearchStrategy[Rolling]:
    return st.builds(Rolling, st.integers(1, 500), st.sampled_from(list(units)), st.booleans())


calendar_periods = st.builds(CalendarPeriod, st.sampled_from(CALENDAR_UNITS), st.integers(-3, 3))


def betweens(ends: st.SearchStrategy[datetime.date]) -> st.SearchStrategy[Between]:
    pairs = st.tuples(ends, ends).map(lambda pair: Between(min(pair), max(pair)))
    return (
        pairs
        | ends.map(lambda end: Between(None, end))
        | ends.map(lambda start: Between(start, None))
    )


time_windows: st.SearchStrategy[Window] = (
    rolling(EXACT_UNITS) | calendar_periods | betweens(days) | betweens(times)
)
day_windows: st.SearchStrategy[Window] = (
    rolling((Unit.DAY, Unit.WEEK)) | calendar_periods | betweens(days)
)

provided: st.SearchStrategy[Test] = st.just(Provided())


def orders(
    values: st.SearchStrategy[float] | st.SearchStrategy[datetime.date],
) -> st.SearchStrategy[Test]:
    return st.builds(OrderTest, st.sampled_from(Relation), values)


def ranges(values: st.SearchStrategy[T]) -> st.SearchStrategy[Test]:
    return st.tuples(values, values).map(
        lambda pair: BetweenTest(*sorted(pair))  # type: ignore[type-var,arg-type]
    )


def sets(values: st.SearchStrategy[Scalar]) -> st.SearchStrategy[Test]:
    return st.lists(values, min_size=1, max_size=4).map(one_of)


def option_tests(options: tuple[str, ...]) -> st.SearchStrategy[Test]:
    names = st.sampled_from(options)
    equals = names.map(lambda name: TextTest(TextRelation.EQUALS, name))
    return provided | equals | sets(names)


text_tests: st.SearchStrategy[Test] = (
    provided
    | st.builds(
        TextTest, st.sampled_from([r for r in TextRelation if r is not TextRelation.MATCHES]), texts
    )
    | st.sampled_from(["^a", "b$", "a|ß", r"\d+ \w"]).map(
        lambda pattern: TextTest(TextRelation.MATCHES, pattern)
    )
    | sets(texts)
)
number_tests: st.SearchStrategy[Test] = provided | orders(numbers) | ranges(numbers) | sets(numbers)
day_tests: st.SearchStrategy[Test] = (
    provided
    | orders(days)
    | ranges(days)
    | sets(days)
    | st.builds(InWindow, day_windows)
    | st.builds(Anniversary, rolling((Unit.DAY, Unit.WEEK)) | calendar_periods)
)
comparing_times: st.SearchStrategy[Test] = (
    provided | orders(days) | orders(times) | ranges(days) | ranges(times) | sets(times)
)
time_tests: st.SearchStrategy[Test] = comparing_times | st.builds(InWindow, time_windows)

TESTS: dict[FieldType, st.SearchStrategy[Test]] = {
    FieldType.TEXT: text_tests,
    FieldType.NUMBER: number_tests,
    FieldType.BOOLEAN: option_tests(TRUTHS),
    FieldType.DATE: day_tests,
    FieldType.DATE_TIME: time_tests,
    FieldType.MULTI_SELECT_ONE: option_tests(OPTIONS),
    FieldType.MULTI_SELECT_MANY: option_tests(OPTIONS),
}
"""Tests that fit what a column holds."""

TIMES = {Attribute.CREATED_AT, Attribute.CHANGED_AT, Attribute.SUBSCRIBED_AT}


def tests_of(subject: Subject) -> st.SearchStrategy[Test]:
    """Tests that fit an attribute or a field of the scope."""
    if subject is Attribute.CONSENT_TO_TRACK:
        return option_tests(TRACKING_CONSENTS)
    if isinstance(subject, Attribute):
        return time_tests if subject in TIMES else text_tests
    return next(TESTS[field.type] for field in FIELDS if field.key == subject.key)


SUBJECTS: list[Subject] = [*Attribute, *(FieldName(field.key) for field in FIELDS)]
predicates: st.SearchStrategy[Condition] = st.sampled_from(SUBJECTS).flatmap(
    lambda subject: st.builds(Predicate, st.just(subject), tests_of(subject))
)

PROPERTY_TESTS: dict[str, st.SearchStrategy[Test]] = {
    "sku": text_tests,
    "amount": number_tests,
    "gift": option_tests(TRUTHS),
    "paid at": comparing_times,
    "campaign": text_tests,
}


def property_tests(*keys: str) -> st.SearchStrategy[PropertyTest]:
    return st.sampled_from(keys).flatmap(
        lambda key: st.builds(PropertyTest, st.just(key), PROPERTY_TESTS[key], st.booleans())
    )


def matching(event_type: str, *keys: str) -> st.SearchStrategy[EventMatch]:
    tests = st.lists(property_tests(*keys), max_size=3).map(tuple)
    return st.builds(EventMatch, st.just(event_type), tests)


matches = (
    matching("purchase", "sku", "amount", "gift", "paid at")
    | matching("opened", "campaign")
    | st.just(EventMatch("clicked"))
)
optional_windows = st.none() | time_windows
counts = st.builds(
    Did,
    matches,
    optional_windows,
    st.sampled_from(Relation),
    st.integers(0, 9).map(float),
)
sums = st.builds(
    Did,
    matching("purchase", "sku"),
    optional_windows,
    st.sampled_from(Relation),
    numbers,
    st.just("amount"),
)
events: st.SearchStrategy[Condition] = (
    counts
    | sums
    | st.builds(FirstDid, matches, time_windows)
    | st.builds(DidThen, matches, matches, st.integers(1, 10**10), optional_windows)
)
marks: st.SearchStrategy[Condition] = (
    st.builds(HasTag, st.sampled_from(["vip", "to-do"]))
    | st.builds(TopicIs, st.sampled_from(["news", "2-for-1"]), st.booleans())
    | st.builds(ConsentIs, st.just("email"), st.booleans())
)
places: st.SearchStrategy[Condition] = st.just(Located()) | st.builds(
    Near, st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 20_000_000)
)
leaves: st.SearchStrategy[Condition] = (
    predicates
    | events
    | marks
    | places
    | st.builds(Sample, st.floats(0, 100), texts)
    | st.just(InSegment("ab" * 16))
)


def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, inner)


conditions: st.SearchStrategy[Condition] = st.recursive(leaves, joined, max_leaves=8).map(
    normalised
)
"""Any condition of the scope in normal form."""
