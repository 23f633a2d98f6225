"""Rule sets as Segue, SQL and Polars say them; all three must count the same."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

Groups = tuple[tuple[tuple[str, str], ...], ...]
"""Rule type and clause; OR inside a group, AND between groups (seed 004)."""


@dataclass(frozen=True)
class RuleSet:
    """One segment in three languages."""

    title: str
    groups: Groups
    sql: str
    polars: "Callable[[], pl.Expr]"


def _column(name: str) -> "pl.Expr":
    import polars as pl

    return pl.col(name)


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _five_groups() -> "pl.Expr":
    return (
        _column("Frequency").is_in(["Daily", "Weekly"])
        & _column("LastOrder").is_between(_day("2023-01-01"), _day("2024-12-31"))
        & (_column("Age") >= 25)
        & (_column("Plan") != "Free")
        & _column("email").str.contains("@example.com", literal=True)
    )


RULE_SETS: Final = (
    RuleSet(
        "date range",
        ((("[LastOrder]", "BETWEEN 2024-01-01 AND 2024-03-31"),),),
        "LastOrder BETWEEN DATE '2024-01-01' AND DATE '2024-03-31'",
        lambda: _column("LastOrder").is_between(_day("2024-01-01"), _day("2024-03-31")),
    ),
    RuleSet(
        "subscribed after a day",
        ((("DateSubscribed", "AFTER 2025-06-30"),),),
        "joined_at >= TIMESTAMP '2025-07-01'",
        lambda: _column("joined_at") >= datetime.datetime(2025, 7, 1),  # noqa: DTZ001 — the column has no zone
    ),
    RuleSet(
        "e-mail contains, one in five",
        ((("EmailAddress", "CONTAINS @example.com"),),),
        "contains(email, '@example.com')",
        lambda: _column("email").str.contains("@example.com", literal=True),
    ),
    RuleSet(
        "e-mail contains, rare",
        ((("EmailAddress", "CONTAINS 4711@"),),),
        "contains(email, '4711@')",
        lambda: _column("email").str.contains("4711@", literal=True),
    ),
    RuleSet(
        "name equals",
        ((("Name", "EQUALS Greta Falk Q"),),),
        "full_name = 'Greta Falk Q'",
        lambda: _column("full_name") == "Greta Falk Q",
    ),
    RuleSet(
        "number range",
        ((("[Age]", "BETWEEN 30 AND 39"),),),
        "Age BETWEEN 30 AND 39",
        lambda: _column("Age").is_between(30, 39),
    ),
    RuleSet(
        "two number ranges",
        ((("[Spend]", "GREATER_THAN_OR_EQUAL 500"),), (("[Age]", "LESS_THAN 25"),)),
        "Spend >= 500 AND Age < 25",
        lambda: (_column("Spend") >= 500) & (_column("Age") < 25),
    ),
    RuleSet(
        "option",
        ((("[Frequency]", "EQUALS Weekly"),),),
        "Frequency = 'Weekly'",
        lambda: _column("Frequency") == "Weekly",
    ),
    RuleSet(
        "two of many options",
        ((("[Interests]", "EQUALS Skiing"), ("[Interests]", "EQUALS Sailing")),),
        "list_contains(Interests, 'Skiing') OR list_contains(Interests, 'Sailing')",
        lambda: (
            _column("Interests").list.contains("Skiing")
            | _column("Interests").list.contains("Sailing")
        ),
    ),
    RuleSet(
        "not this option",
        ((("[Frequency]", "NOT_EQUALS Weekly"),),),
        "Frequency <> 'Weekly'",
        lambda: _column("Frequency") != "Weekly",
    ),
    RuleSet(
        "not this city, or none",
        ((("[City]", "NOT_EQUALS City 17"),),),
        "City IS DISTINCT FROM 'City 17'",
        lambda: _column("City").ne_missing("City 17"),
    ),
    RuleSet(
        "city not provided",
        ((("[City]", "NOT_PROVIDED"),),),
        "City IS NULL",
        lambda: _column("City").is_null(),
    ),
    RuleSet(
        "five groups, one of text",
        (
            (("[Frequency]", "EQUALS Daily"), ("[Frequency]", "EQUALS Weekly")),
            (("[LastOrder]", "BETWEEN 2023-01-01 AND 2024-12-31"),),
            (("[Age]", "GREATER_THAN_OR_EQUAL 25"),),
            (("[Plan]", "NOT_EQUALS Free"),),
            (("EmailAddress", "CONTAINS @example.com"),),
        ),
        "Frequency IN ('Daily', 'Weekly') AND LastOrder BETWEEN DATE '2023-01-01' AND DATE '2024-12-31' AND Age >= 25 "
        "AND Plan <> 'Free' AND contains(email, '@example.com')",
        _five_groups,
    ),
)
