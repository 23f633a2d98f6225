"""Conditions become what the kernel reads: days and windows with their bounds, names with their numbers."""

import datetime
import json
import zoneinfo
from dataclasses import dataclass, replace
from typing import Any

import pytest

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
    OneOf,
    Or,
    OrderTest,
    Predicate,
    PropertyTest,
    Provided,
    Relation,
    Rolling,
    Sample,
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Unit,
    Window,
)
from segue.domain.field import FieldType
from segue.errors import ConditionInvalid
from segue.rules.lowering import (
    calendar_due,
    lower,
    lower_members,
    referenced_columns,
    window_of,
)
from segue.rules.scope import (
    BUILT_IN_EVENT_TYPES,
    EventTypeScope,
    MembershipColumns,
    Property,
    RuleScope,
    SegmentRules,
)
from segue.rules.tree import EVERYONE
from segue.rules.windows import Moment, TimeBounds, days_of_year

UTC = zoneinfo.ZoneInfo("UTC")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
DAY = 86_400_000


@dataclass(frozen=True)
class Field:
    """A field as rules see it."""

    key: str
    type: FieldType
    column: int
    options: tuple[str, ...] = ()


SCOPE = RuleScope(
    fields=(
        Field("Langue", FieldType.TEXT, 70),
        Field("Age", FieldType.NUMBER, 71),
        Field("VIP", FieldType.BOOLEAN, 72),
        Field("Born", FieldType.DATE, 73),
        Field("Seen", FieldType.DATE_TIME, 74),
        Field("Frequency", FieldType.MULTI_SELECT_ONE, 75, ("Weekly", "Monthly")),
    ),
    time_zone=UTC,
    membership=MembershipColumns.of(64),
    tags={"vip": 80},
    topics={"news": 81},
    consents={"email": 82},
    event_types={
        **BUILT_IN_EVENT_TYPES,
        "purchase": EventTypeScope(
            16,
            {
                "sku": Property(0, FieldType.TEXT),
                "amount": Property(1, FieldType.NUMBER),
                "gift": Property(2, FieldType.BOOLEAN),
                "at": Property(3, FieldType.DATE_TIME),
            },
        ),
    },
)
WHOLE = replace(SCOPE, membership=None)


def millis(text: str) -> int:
    instant = datetime.datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=datetime.UTC)
    return (instant - EPOCH) // datetime.timedelta(milliseconds=1)


def day_number(text: str) -> int:
    return (datetime.date.fromisoformat(text) - EPOCH.date()).days


NOW = millis("2024-02-29T12:00")  # a Thursday


def lowered(condition: Condition, scope: RuleScope = SCOPE, now: int = NOW) -> Any:
    return json.loads(lower(condition, scope, now))


def predicate(key: str, test: Test, scope: RuleScope = SCOPE) -> Any:
    """Lowers a test of a field to the op and its operands."""
    found = lowered(Predicate(FieldName(key), test), scope)["predicate"]
    assert found.pop("column") == {"Langue": 70, "Age": 71, "VIP": 72, "Born": 73, "Seen": 74}[key]
    return found


def between(low: float | None, high: float | None, *, ends: bool = True) -> dict[str, Any]:
    return {
        "op": "in_range",
        "low": low,
        "low_inclusive": True,
        "high": high,
        "high_inclusive": ends,
    }


def above(low: float) -> dict[str, Any]:
    return between(low, None) | {"low_inclusive": False}


@pytest.mark.parametrize(
    ("zone", "day", "start_hours", "length_hours"),
    [
        ("Europe/Stockholm", "2009-01-01", -1, 24),
        ("Europe/Stockholm", "2009-03-29", -1, 23),  # clocks go forward at 2
        ("Europe/Stockholm", "2009-10-25", -2, 25),  # clocks go back at 3
        ("America/Sao_Paulo", "2008-10-19", 3, 23),  # there is no midnight: 0 becomes 1
        ("America/Sao_Paulo", "2009-02-15", 3, 24),  # the day before had 25 hours
        ("Pacific/Apia", "2011-12-30", 10, 0),  # the day was left out
    ],
)
def test_a_day_is_one_of_the_time_zone(
    zone: str, day: str, start_hours: int, length_hours: int
) -> None:
    scope = replace(SCOPE, time_zone=zoneinfo.ZoneInfo(zone))
    start = millis(day) + start_hours * DAY // 24
    end = start + length_hours * DAY // 24
    value = datetime.date.fromisoformat(day)
    found = {
        relation: predicate("Seen", OrderTest(relation, value), scope) for relation in Relation
    }
    assert found == {
        Relation.EQUALS: between(start, end, ends=False),
        Relation.BELOW: between(None, start, ends=False),
        Relation.AT_MOST: between(None, end, ends=False),
        Relation.ABOVE: between(end, None),
        Relation.AT_LEAST: between(start, None),
    }
    assert predicate("Seen", BetweenTest(value, value), scope) == between(start, end, ends=False)


def test_the_first_and_the_last_day_of_the_calendar_can_be_named() -> None:
    first, last = datetime.date.min, datetime.date.max
    start = millis("9999-12-31")
    assert predicate("Seen", OrderTest(Relation.BELOW, first)) == between(
        None, millis("0001-01-01"), ends=False
    )
    assert predicate("Seen", OrderTest(Relation.EQUALS, last)) == between(start, None, ends=False)
    assert predicate("Seen", OrderTest(Relation.ABOVE, last)) == between(start, start, ends=False)


def test_numbers_days_and_instants_are_points() -> None:
    born = datetime.date(2000, 1, 1)
    number = day_number("2000-01-01")
    at = datetime.datetime(2000, 1, 1, 10, tzinfo=datetime.UTC)
    assert predicate("Age", OrderTest(Relation.EQUALS, 17.5)) == between(17.5, 17.5)
    assert predicate("Age", OrderTest(Relation.ABOVE, 17.5)) == above(17.5)
    assert predicate("Age", OrderTest(Relation.AT_MOST, 17.5)) == between(None, 17.5)
    assert predicate("Age", BetweenTest(1.0, 2.0)) == between(1.0, 2.0)
    assert predicate("Born", OrderTest(Relation.EQUALS, born)) == between(number, number)
    assert predicate("Born", OrderTest(Relation.ABOVE, born)) == above(number)
    assert predicate("Seen", OrderTest(Relation.ABOVE, at)) == above(millis("2000-01-01T10:00"))


@pytest.mark.parametrize(
    ("key", "test", "expected"),
    [
        ("Langue", Provided(), {"op": "provided"}),
        (
            "Langue",
            TextTest(TextRelation.STARTS_WITH, "f"),
            {"op": "starts_with", "text": "f"},
        ),
        ("Langue", TextTest(TextRelation.MATCHES, "^f"), {"op": "matches", "pattern": "^f"}),
        ("Langue", OneOf(("a", "b")), {"op": "text_in", "texts": ["a", "b"]}),
        ("Age", OneOf((1.0, 2.0)), {"op": "number_in", "numbers": [1, 2]}),
        ("Born", OneOf((datetime.date(1970, 1, 3),)), {"op": "number_in", "numbers": [2]}),
        ("VIP", TextTest(TextRelation.EQUALS, "true"), {"op": "any_of", "codes": [1]}),
        ("VIP", OneOf(("false", "true")), {"op": "any_of", "codes": [0, 1]}),
    ],
)
def test_a_test_is_an_op(key: str, test: Test, expected: dict[str, Any]) -> None:
    assert predicate(key, test) == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Rolling(2, Unit.HOUR), {"from_offset": -2 * DAY // 24, "until_offset": 1}),
        (
            Rolling(1, Unit.WEEK, is_past=False),
            {"from_offset": 0, "until_offset": 7 * DAY + 1},
        ),
        (
            CalendarPeriod(Unit.WEEK, 0),
            {"from_millis": millis("2024-02-26"), "until_millis": millis("2024-03-04")},
        ),
        (
            CalendarPeriod(Unit.MONTH, -2),
            {"from_millis": millis("2023-12-01"), "until_millis": millis("2024-01-01")},
        ),
        (
            CalendarPeriod(Unit.YEAR, 1),
            {"from_millis": millis("2025-01-01"), "until_millis": millis("2026-01-01")},
        ),
        (
            Between(None, datetime.date(2024, 1, 31)),
            {"from_millis": None, "until_millis": millis("2024-02-01")},
        ),
        (
            Between(datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC), None),
            {"from_millis": millis("2024-01-01T10:00"), "until_millis": None},
        ),
    ],
    ids=str,
)
def test_a_window_on_times_rolls_or_has_instants(
    window: Window, expected: dict[str, int | None]
) -> None:
    assert predicate("Seen", InWindow(window)) == {"op": "within", "window": expected}


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        (Rolling(1, Unit.DAY), "2024-02-29", "2024-02-29"),
        (Rolling(1, Unit.WEEK), "2024-02-23", "2024-02-29"),
        (Rolling(2, Unit.DAY, is_past=False), "2024-02-29", "2024-03-01"),
        (CalendarPeriod(Unit.DAY, -1), "2024-02-28", "2024-02-28"),
        (CalendarPeriod(Unit.MONTH, 0), "2024-02-01", "2024-02-29"),
    ],
    ids=str,
)
def test_a_window_on_days_has_days(window: Window, first: str, last: str) -> None:
    assert predicate("Born", InWindow(window)) == between(day_number(first), day_number(last))


def code(month: int, day: int) -> int:
    return month * 32 + day


@pytest.mark.parametrize(
    ("now", "window", "expected"),
    [
        ("2024-02-28", CalendarPeriod(Unit.DAY, 0), [(code(2, 28), code(2, 28))]),
        ("2023-02-28", CalendarPeriod(Unit.DAY, 0), [(code(2, 28), code(2, 29))]),
        (
            "2023-12-30",
            Rolling(4, Unit.DAY, is_past=False),
            [(code(1, 1), code(1, 2)), (code(12, 30), code(12, 31))],
        ),
        ("2024-02-29", CalendarPeriod(Unit.WEEK, 0), [(code(2, 26), code(3, 3))]),
        ("2023-03-01", CalendarPeriod(Unit.YEAR, 0), [(code(1, 1), code(12, 31))]),
        ("2023-03-01", Rolling(53, Unit.WEEK), [(code(1, 1), code(12, 31))]),
    ],
    ids=str,
)
def test_an_anniversary_is_a_range_of_days_of_the_year(
    now: str, window: Rolling | CalendarPeriod, expected: list[tuple[int, int]]
) -> None:
    assert days_of_year(window, Moment(millis(now), UTC)) == expected
    found = lowered(Predicate(FieldName("Born"), Anniversary(window)), now=millis(now))
    assert found["predicate"]["ranges"] == [list(pair) for pair in expected]


def test_today_is_the_day_of_the_time_zone() -> None:
    late = replace(SCOPE, time_zone=zoneinfo.ZoneInfo("Pacific/Kiritimati"))
    condition = Predicate(FieldName("Born"), InWindow(CalendarPeriod(Unit.DAY, 0)))
    day = day_number("2024-03-01")
    assert lowered(condition, late)["predicate"] == {"column": 73, **between(day, day)}


@pytest.mark.parametrize(
    ("now", "zone", "today"),
    [
        ("9999-12-31T23:00", "Pacific/Kiritimati", datetime.date.max),
        ("0001-01-01T00:00", "America/Sao_Paulo", datetime.date.min),
    ],
)
def test_today_does_not_leave_the_calendar(now: str, zone: str, today: datetime.date) -> None:
    assert Moment(millis(now), zoneinfo.ZoneInfo(zone)).today == today


MATCH = EventMatch(
    "purchase",
    (
        PropertyTest("sku", TextTest(TextRelation.EQUALS, "a"), is_negative=True),
        PropertyTest("gift", TextTest(TextRelation.EQUALS, "true")),
    ),
)
LOWERED_MATCH = {
    "event_type": 16,
    "where": [
        {"property": 0, "op": "equals", "text": "a", "negative": True},
        {"property": 2, "op": "any_of", "codes": [1], "negative": False},
    ],
}
LAST_DAY = {"from_offset": -DAY, "until_offset": 1}


def test_events_have_the_numbers_of_their_types_and_properties() -> None:
    window = Rolling(1, Unit.DAY)
    bounds = {"low": 3, "low_inclusive": True, "high": None, "high_inclusive": True}
    assert lowered(Did(MATCH, window, Relation.AT_LEAST, 3)) == {
        "did": {**LOWERED_MATCH, "window": LAST_DAY, "sum_of": None, **bounds}
    }
    assert lowered(Did(MATCH, None, Relation.AT_LEAST, 3, "amount"))["did"]["sum_of"] == 1
    assert lowered(FirstDid(MATCH, window)) == {"first_did": {**LOWERED_MATCH, "window": LAST_DAY}}
    assert lowered(DidThen(EventMatch("opened"), MATCH, 60_000)) == {
        "did_then": {
            "first": {"event_type": 1, "where": []},
            "second": LOWERED_MATCH,
            "within_millis": 60_000,
            "window": None,
        }
    }


def test_marks_places_and_samples_are_leaves_of_their_own() -> None:
    def mark(column: int, value: int) -> dict[str, Any]:
        return {"predicate": {"column": column, "op": "any_of", "codes": [value]}}

    assert lowered(HasTag("vip")) == mark(80, 1)
    assert lowered(TopicIs("news", is_subscribed=False)) == mark(81, 0)
    assert lowered(ConsentIs("email", is_given=True)) == mark(82, 1)
    assert lowered(Sample(10, "a")) == {"sample": {"percent": 10, "salt": "a"}}
    assert lowered(Near(59.3, 18, 1_000)) == {
        "near": {"latitude": 59.3, "longitude": 18, "radius_metres": 1_000}
    }
    assert lowered(Located()) == {
        "and": [{"predicate": {"column": column, "op": "provided"}} for column in (11, 12)]
    }


ACTIVE = {"predicate": {"column": 64, "op": "any_of", "codes": [0]}}


def test_members_are_candidates_first() -> None:
    rules = And((HasTag("vip"), Not(HasTag("vip"))))
    parts = [lowered(child) for child in rules.children]
    assert json.loads(lower_members(rules, SCOPE, NOW)) == {"and": [ACTIVE, *parts]}
    assert json.loads(lower_members(Or(()), WHOLE, NOW)) == {"and": [{"and": []}, {"or": []}]}
    assert json.loads(lower_members(EVERYONE, SCOPE, NOW)) == {"and": [ACTIVE]}


def test_subscribed_at_is_of_the_list_or_the_profile() -> None:
    condition = Predicate(Attribute.SUBSCRIBED_AT, Provided())
    assert referenced_columns(condition, SCOPE) == {65}
    assert referenced_columns(condition, WHOLE) == {22}
    tracked = Predicate(Attribute.CONSENT_TO_TRACK, TextTest(TextRelation.EQUALS, "no"))
    assert lowered(tracked)["predicate"] == {"column": 67, "op": "any_of", "codes": [1]}
    with pytest.raises(ConditionInvalid, match="segments on a list"):
        lower(tracked, WHOLE, NOW)


def test_a_segment_is_its_members_by_its_own_scope() -> None:
    other = replace(SCOPE, membership=MembershipColumns.of(90))
    scope = replace(WHOLE, segment={"s1": SegmentRules(HasTag("vip"), other)}.get)
    candidates = {"predicate": {"column": 90, "op": "any_of", "codes": [0]}}
    assert lowered(InSegment("s1"), scope) == {"and": [candidates, lowered(HasTag("vip"))]}
    assert referenced_columns(InSegment("s1"), scope) == set()
    with pytest.raises(ConditionInvalid, match="no segment 's2'"):
        lower(InSegment("s2"), scope, NOW)


def test_columns_of_places_and_marks_are_read() -> None:
    condition = Or(
        (Near(0, 0, 1), HasTag("vip"), Did(MATCH), Predicate(FieldName("age"), Provided()))
    )
    assert referenced_columns(condition, SCOPE) == {11, 12, 71, 80}


THIS_WEEK = InWindow(CalendarPeriod(Unit.WEEK, 0))


def test_what_depends_on_the_day_is_due_at_the_next_local_midnight() -> None:
    stockholm = replace(SCOPE, time_zone=zoneinfo.ZoneInfo("Europe/Stockholm"))
    due = millis("2024-02-29T23:00")
    by_calendar: list[Condition] = [
        Predicate(FieldName("Seen"), THIS_WEEK),
        Predicate(FieldName("Born"), InWindow(Rolling(2, Unit.DAY))),
        Not(Predicate(FieldName("Born"), Anniversary(Rolling(2, Unit.DAY)))),
        FirstDid(MATCH, CalendarPeriod(Unit.YEAR, 0)),
    ]
    for condition in by_calendar:
        assert calendar_due(condition, stockholm, NOW) == due
    inside = replace(stockholm, segment={"s1": SegmentRules(by_calendar[0], stockholm)}.get)
    assert calendar_due(And((InSegment("s1"),)), inside, NOW) == due
    never: list[Condition] = [
        Predicate(FieldName("Seen"), InWindow(Rolling(2, Unit.DAY))),
        Predicate(FieldName("Seen"), InWindow(Between(None, datetime.date(2024, 1, 1)))),
        Did(MATCH, Rolling(2, Unit.DAY)),
        HasTag("vip"),
    ]
    assert [calendar_due(condition, SCOPE, NOW) for condition in never] == [None] * 4


def test_windows_are_told_as_instants() -> None:
    assert window_of(Did(MATCH, Rolling(1, Unit.DAY)), SCOPE, NOW) == TimeBounds(NOW - DAY, NOW + 1)
    days = Predicate(FieldName("Born"), InWindow(Rolling(2, Unit.DAY)))
    assert window_of(days, SCOPE, NOW) == TimeBounds(millis("2024-02-28"), millis("2024-03-01"))
    week = Predicate(FieldName("Seen"), THIS_WEEK)
    assert window_of(week, SCOPE, NOW) == TimeBounds(millis("2024-02-26"), millis("2024-03-04"))
    assert window_of(Did(MATCH), SCOPE, NOW) is None
    birthday = Predicate(FieldName("Born"), Anniversary(Rolling(2, Unit.DAY)))
    assert window_of(birthday, SCOPE, NOW) is None
