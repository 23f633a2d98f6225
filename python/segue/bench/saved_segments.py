"""The segments that are saved while benchmarks write: fields, texts, options, relative dates and events in turn."""

from collections.abc import Callable
from typing import Final

from segue.bench.audience import FREQUENCIES, INTERESTS
from segue.domain.condition import (
    And,
    Attribute,
    BetweenTest,
    Condition,
    Did,
    EventMatch,
    FieldName,
    InWindow,
    Predicate,
    Relation,
    Rolling,
    TextRelation,
    TextTest,
    Unit,
)

SEGMENTS: Final = 200


def saved_conditions() -> list[Condition]:
    """Returns conditions, all different."""
    return [_KINDS[number % len(_KINDS)](number) for number in range(SEGMENTS)]


def _equals(key: str, option: str) -> Predicate:
    return Predicate(FieldName(key), TextTest(TextRelation.EQUALS, option))


def _numbers(number: int) -> Condition:
    return And(
        (
            Predicate(FieldName("Spend"), BetweenTest(number * 5, number * 5 + 500)),
            Predicate(FieldName("Age"), BetweenTest(20 + number % 30, 60)),
        )
    )


def _texts(number: int) -> Condition:
    return Predicate(Attribute.EMAIL, TextTest(TextRelation.CONTAINS, f"{number}@"))


def _options(number: int) -> Condition:
    interest, frequency = INTERESTS[number % len(INTERESTS)], FREQUENCIES[number % len(FREQUENCIES)]
    spend = Predicate(FieldName("Spend"), BetweenTest(0, 1000 + number))
    return And((_equals("Interests", interest), _equals("Frequency", frequency), spend))


def _recent(number: int) -> Condition:
    return Predicate(Attribute.SUBSCRIBED_AT, InWindow(Rolling(number + 1, Unit.DAY)))


def _buyers(number: int) -> Condition:
    return Did(EventMatch("purchase"), Rolling(number + 1, Unit.DAY), Relation.AT_LEAST, 2)


_KINDS: Final[tuple[Callable[[int], Condition], ...]] = (
    _numbers,
    _texts,
    _options,
    _recent,
    _buyers,
)
