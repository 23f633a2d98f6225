"""Drafts to be counted: one for each kind of predicate, as a condition and as SQL; both must count the same.

SQL asks the table `audience` of profiles and the table `events` of events, whose `profile` is a profile's row number.
"""

import datetime
from dataclasses import dataclass
from typing import Final

from segue.bench.event_log import CAMPAIGN, MOMENT, SKU
from segue.domain.condition import (
    Anniversary,
    Attribute,
    BetweenTest,
    CalendarPeriod,
    Condition,
    Did,
    DidThen,
    EventMatch,
    FieldName,
    FirstDid,
    InWindow,
    Not,
    OneOf,
    OrderTest,
    Predicate,
    PropertyTest,
    Provided,
    Relation,
    Rolling,
    Test,
    TextRelation,
    TextTest,
    Unit,
)

_DAY_MILLIS: Final = 86_400_000


@dataclass(frozen=True)
class DraftCase:
    """A draft in two languages."""

    title: str
    condition: Condition
    sql: str
    """A statement that counts."""


def _field(title: str, key: str, test: Test, where: str) -> DraftCase:
    return _case(title, Predicate(FieldName(key), test), where)


def _attribute(title: str, attribute: Attribute, test: Test, where: str) -> DraftCase:
    return _case(title, Predicate(attribute, test), where)


def _case(title: str, condition: Condition, where: str) -> DraftCase:
    return DraftCase(title, condition, f"SELECT count(*) FROM audience WHERE {where}")


def _text(relation: TextRelation, text: str) -> TextTest:
    return TextTest(relation, text)


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


_CITIES: Final = tuple(sorted(f"City {number}" for number in range(0, 500, 5)))
_QUOTED_CITIES: Final = ", ".join(f"'{city}'" for city in _CITIES)
_AGES: Final = tuple(float(age) for age in range(20, 80, 7))
_QUOTED_AGES: Final = ", ".join(map(str, _AGES))
_NOW: Final = f"TIMESTAMP '{MOMENT:%Y-%m-%d %H:%M:%S}'"
_TODAY: Final = f"DATE '{MOMENT:%Y-%m-%d}'"

FIELD_CASES: Final = (
    _attribute(
        "text equals",
        Attribute.NAME,
        _text(TextRelation.EQUALS, "Greta Falk Q"),
        "full_name = 'Greta Falk Q'",
    ),
    _attribute(
        "text contains",
        Attribute.EMAIL,
        _text(TextRelation.CONTAINS, "falk47"),
        "contains(email, 'falk47')",
    ),
    _attribute(
        "text starts with",
        Attribute.EMAIL,
        _text(TextRelation.STARTS_WITH, "greta.f"),
        "starts_with(email, 'greta.f')",
    ),
    _attribute(
        "text ends with",
        Attribute.EMAIL,
        _text(TextRelation.ENDS_WITH, "@mail.example"),
        "ends_with(email, '@mail.example')",
    ),
    _attribute(
        "text matches a pattern",
        Attribute.EMAIL,
        _text(TextRelation.MATCHES, "^(anna|hugo)[.].*7@mail"),
        "regexp_matches(email, '^(anna|hugo)[.].*7@mail')",
    ),
    _field("text is one of 100", "City", OneOf(_CITIES), f"City IN ({_QUOTED_CITIES})"),
    _field("text is provided", "City", Provided(), "City IS NOT NULL"),
    _field("number above", "Spend", OrderTest(Relation.ABOVE, 1900), "Spend > 1900"),
    _field("number between", "Age", BetweenTest(30, 39), "Age BETWEEN 30 AND 39"),
    _field("number is one of 9", "Age", OneOf(_AGES), f"Age IN ({_QUOTED_AGES})"),
    _field(
        "day between",
        "LastOrder",
        BetweenTest(_day("2024-01-01"), _day("2024-03-31")),
        "LastOrder BETWEEN DATE '2024-01-01' AND DATE '2024-03-31'",
    ),
    _field(
        "day in the last 90 days",
        "LastOrder",
        InWindow(Rolling(90, Unit.DAY)),
        f"LastOrder BETWEEN {_TODAY} - 89 AND {_TODAY}",
    ),
    _field(
        "day in last month",
        "LastOrder",
        InWindow(CalendarPeriod(Unit.MONTH, -1)),
        f"date_trunc('month', LastOrder) = date_trunc('month', {_TODAY} - 1)",
    ),
    _field(
        "birthday this month",
        "Born",
        Anniversary(CalendarPeriod(Unit.MONTH, 0)),
        f"month(Born) = month({_TODAY})",
    ),
    _attribute(
        "time in the last 30 days",
        Attribute.SUBSCRIBED_AT,
        InWindow(Rolling(30, Unit.DAY)),
        f"joined_at BETWEEN {_NOW} - INTERVAL 30 DAY AND {_NOW}",
    ),
    _attribute(
        "time after a day",
        Attribute.SUBSCRIBED_AT,
        OrderTest(Relation.ABOVE, _day("2025-06-30")),
        "joined_at >= TIMESTAMP '2025-07-01'",
    ),
    _field("option", "Frequency", _text(TextRelation.EQUALS, "Weekly"), "Frequency = 'Weekly'"),
    _field(
        "one of several options",
        "Interests",
        OneOf(("Sailing", "Skiing")),
        "list_has_any(Interests, ['Sailing', 'Skiing'])",
    ),
    _field("truth value", "Consent", _text(TextRelation.EQUALS, "true"), "Consent"),
)
"""Every kind of test of what a profile has."""


def _where(key: str, test: TextTest | OrderTest) -> PropertyTest:
    return PropertyTest(key, test)


_PURCHASE: Final = EventMatch("purchase")
_OPENED: Final = EventMatch("opened")
_OPENED_CAMPAIGN: Final = EventMatch(
    "opened", (_where("campaign", _text(TextRelation.EQUALS, CAMPAIGN)),)
)
_SKU: Final = EventMatch(
    "purchase",
    (
        _where("sku", _text(TextRelation.EQUALS, SKU)),
        _where("amount", OrderTest(Relation.AT_LEAST, 100)),
    ),
)


def _days(count: int) -> Rolling:
    return Rolling(count, Unit.DAY)


def _since(days: int, name: str = "happened") -> str:
    return f"{name} BETWEEN {_NOW} - INTERVAL {days} DAY AND {_NOW}"


def _doing(title: str, condition: Condition, where: str, having: str = "true") -> DraftCase:
    chosen = f"SELECT profile FROM events WHERE {where} GROUP BY profile HAVING {having}"
    return DraftCase(title, condition, f"SELECT count(*) FROM ({chosen})")


EVENT_CASES: Final = (
    _doing(
        "did at least 3 times in 30 days",
        Did(_PURCHASE, _days(30), Relation.AT_LEAST, 3),
        f"kind = 'purchase' AND {_since(30)}",
        "count(*) >= 3",
    ),
    _doing(
        "did at least 10 times ever",
        Did(_OPENED, None, Relation.AT_LEAST, 10),
        "kind = 'opened'",
        "count(*) >= 10",
    ),
    _doing(
        "sum of at least 500 in 90 days",
        Did(_PURCHASE, _days(90), Relation.AT_LEAST, 500, "amount"),
        f"kind = 'purchase' AND {_since(90)}",
        "sum(amount) >= 500",
    ),
    _doing(
        "did where two properties hold, in 180 days",
        Did(_SKU, _days(180)),
        f"kind = 'purchase' AND sku = '{SKU}' AND amount >= 100 AND {_since(180)}",
    ),
    _doing(
        "opened a campaign", Did(_OPENED_CAMPAIGN), f"kind = 'opened' AND campaign = '{CAMPAIGN}'"
    ),
    DraftCase(
        "did not in 90 days",
        Not(Did(_OPENED, _days(90))),
        "SELECT (SELECT count(*) FROM audience) - "
        f"(SELECT count(DISTINCT profile) FROM events WHERE kind = 'opened' AND {_since(90)})",
    ),
    _doing(
        "first did in 90 days",
        FirstDid(_PURCHASE, _days(90)),
        "kind = 'purchase'",
        _since(90, "min(happened)"),
    ),
    DraftCase(
        "opened in 30 days, then bought within a day",
        DidThen(_OPENED, _PURCHASE, _DAY_MILLIS, _days(30)),
        f"""
        SELECT count(DISTINCT a.profile)
        FROM (SELECT profile, happened FROM events WHERE kind = 'opened' AND {_since(30)}) AS a
        JOIN (SELECT profile, happened FROM events WHERE kind = 'purchase') AS b
        ON a.profile = b.profile AND b.happened > a.happened AND b.happened <= a.happened + INTERVAL 1 DAY
        """,
    ),
)
"""Every kind of test of what somebody did."""
