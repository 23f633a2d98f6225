"""Whether a test fits the values it is asked of, and its operands are in order."""

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.condition import (
    Anniversary,
    Between,
    BetweenTest,
    CalendarPeriod,
    InWindow,
    Near,
    OneOf,
    OrderTest,
    Provided,
    Relation,
    Rolling,
    Scalar,
    Test,
    TextRelation,
    TextTest,
    Unit,
    Window,
)
from segue.domain.field import FieldType
from segue.errors import ConditionInvalid, ConditionTooLarge, PatternTooCostly
from segue.rules.comparisons import codes_of
from segue.rules.scope import Column
from segue.rules.windows import UNIT_DAYS, UNIT_MILLIS

MAX_TEXT_CHARACTERS: Final = 1_000
MAX_LATITUDE: Final = 90
MAX_LONGITUDE: Final = 180
MAX_RADIUS_METRES: Final = 20_100_000
"""A little more than half the way around the earth."""
MAX_PERIODS: Final = 1_000
"""Calendar periods that a window may lie away."""
MAX_ROLLING_MILLIS: Final = 36_525 * 86_400_000
"""A hundred years."""


@dataclass(frozen=True)
class ConditionLimits:
    """How large a condition may be, what it names included."""

    depth: int = 32
    nodes: int = 1_000
    values: int = 100_000
    """Values of one set."""
    pattern_characters: int = 1_000


def too_deep(limits: ConditionLimits) -> ConditionTooLarge:
    """Returns the refusal of a condition that is nested too deep."""
    return ConditionTooLarge(
        f"the condition, with the segments it names, is nested deeper than {limits.depth}; simplify it",
        {"limit": "depth", "maximum": limits.depth},
    )


_DAY: Final = (datetime.date,)
_TIME: Final = (datetime.datetime,)
_NUMBER: Final = (float, int)

_FITTING: Final[Mapping[str, Mapping[type[Test], tuple[type[Scalar], ...]]]] = {
    "a text": {Provided: (), TextTest: (str,), OneOf: (str,)},
    "an option": {Provided: (), TextTest: (str,), OneOf: (str,)},
    "a number": {Provided: (), OrderTest: _NUMBER, BetweenTest: _NUMBER, OneOf: _NUMBER},
    "a day": {
        Provided: (),
        OrderTest: _DAY,
        BetweenTest: _DAY,
        OneOf: _DAY,
        InWindow: (),
        Anniversary: (),
    },
    "a time": {
        Provided: (),
        OrderTest: _DAY + _TIME,
        BetweenTest: _DAY + _TIME,
        OneOf: _TIME,
        InWindow: (),
    },
}
"""Which tests fit what, with operands of which types."""

_WORDS: Final[Mapping[type[Test], str]] = {
    Provided: "being provided",
    TextTest: "comparing as text",
    OrderTest: "comparing in order",
    BetweenTest: "between",
    OneOf: "a set of such values",
    InWindow: "a window of time",
    Anniversary: "a birthday",
}

_KINDS: Final = {
    FieldType.TEXT: "a text",
    FieldType.NUMBER: "a number",
    FieldType.DATE: "a day",
    FieldType.DATE_TIME: "a time",
}


def kind_of(column: Column) -> str:
    """Says in words what a column holds."""
    return "an option" if column.options else _KINDS.get(column.type, "an option")


def fitted(test: Test, column: Column, limits: ConditionLimits) -> Test:
    """Checks a test of a column, and returns it with options spelled as they are defined and sets in order.

    Raises:
        ConditionInvalid: It does not fit what the column holds, or its operands are not in order.
        ConditionTooLarge: A set has too many values.
        PatternTooCostly: A regular expression is too long.
    """
    kind = kind_of(column)
    types = _FITTING[kind].get(type(test))
    if types is None:
        raise ConditionInvalid(f"{kind} has no test for {_WORDS[type(test)]}", {"kind": kind})
    for value in _operands(test):
        if isinstance(value, str) and not value.isascii() and _has_half(value):
            raise ConditionInvalid("a text has half a character in it")
        if type(value) not in types:
            raise ConditionInvalid(
                f"{_WORDS[type(test)]} of {kind} takes no {_name(value)}", {"kind": kind}
            )
    match test:
        case TextTest(relation, text):
            return _fitted_text(relation, text, column, limits)
        case OneOf(values):
            return _fitted_set(values, column, limits)
        case BetweenTest(low, high):
            _check_order(low, high)
        case InWindow(window) | Anniversary(window):
            check_window(window, of_days=column.type is FieldType.DATE)
    return test


def _has_half(text: str) -> bool:
    """Whether a text has a surrogate, which no character is."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _operands(test: Test) -> Sequence[Scalar]:
    match test:
        case TextTest(text=value) | OrderTest(value=value):
            return (value,)
        case BetweenTest(low, high):
            return (low, high)
        case OneOf(values):
            return values
        case _:
            return ()


def _name(value: Scalar) -> str:
    match value:
        case str():
            return "text"
        case datetime.datetime():
            return "time"
        case datetime.date():
            return "day"
        case _:
            return "number"


def _fitted_text(
    relation: TextRelation, text: str, column: Column, limits: ConditionLimits
) -> TextTest:
    if column.options:
        if relation is not TextRelation.EQUALS:
            raise ConditionInvalid(f"an option is equal or not; it has no {relation.value}")
        (code,) = codes_of((text,), column)
        return TextTest(relation, column.options[code])
    if relation is TextRelation.MATCHES and len(text) > limits.pattern_characters:
        raise PatternTooCostly(
            f"the regular expression has more than {limits.pattern_characters} characters; shorten it",
            {"problem": "too long", "maximum": limits.pattern_characters},
        )
    if not 1 <= len(text) <= MAX_TEXT_CHARACTERS:
        raise ConditionInvalid(f"a text to compare with has 1-{MAX_TEXT_CHARACTERS} characters")
    return TextTest(relation, text)


def _fitted_set(values: Sequence[Scalar], column: Column, limits: ConditionLimits) -> OneOf:
    if len(values) > limits.values:
        raise ConditionTooLarge(
            f"a set has {len(values)} values, and may have {limits.values}; put them into a field or tag",
            {"limit": "values", "maximum": limits.values},
        )
    if not values:
        raise ConditionInvalid("a set needs at least one value")
    if column.options:
        codes = set(codes_of(map(str, values), column))
        return OneOf(tuple(sorted(column.options[code] for code in codes)))
    return one_of(values)


def one_of(values: Sequence[Scalar]) -> OneOf:
    """Returns the set of values of one type, sorted and without repeats."""
    return OneOf(tuple(sorted(set(values))))


def _check_order(low: Scalar, high: Scalar) -> None:
    """Checks two ends; a day and an instant are not compared here."""
    if type(low) is type(high) and sorted((low, high)) != [low, high]:
        raise ConditionInvalid("the first end lies above the second one; nothing is between them")


def check_window(window: Window, *, of_days: bool) -> None:
    """Checks a window on days, or on times and events.

    Raises:
        ConditionInvalid: Its unit, its length or its ends do not fit.
    """
    match window:
        case Rolling(count, unit):
            _check_rolling(count, unit, of_days=of_days)
        case CalendarPeriod(unit, offset):
            if unit in {Unit.MINUTE, Unit.HOUR} or abs(offset) > MAX_PERIODS:
                raise ConditionInvalid(
                    f"a calendar period is a day, week, month or year at most {MAX_PERIODS} of them away"
                )
        case Between(start, end):
            if start is None and end is None:
                raise ConditionInvalid("a window needs a start or an end")
            if of_days and any(isinstance(day, datetime.datetime) for day in (start, end)):
                raise ConditionInvalid("a window on days has days for ends")
            if start is not None and end is not None:
                _check_order(start, end)


def _check_rolling(count: int, unit: Unit, *, of_days: bool) -> None:
    units = UNIT_DAYS if of_days else UNIT_MILLIS
    if unit not in units:
        raise ConditionInvalid(
            f"a rolling window is counted in {', '.join(units)} here; a {unit} is not of one length"
        )
    if count < 1 or count * UNIT_MILLIS[unit] > MAX_ROLLING_MILLIS:
        raise ConditionInvalid("a rolling window is at least 1 unit and at most 100 years long")


def check_relation(relation: Relation, value: float, *, is_sum: bool) -> None:
    """Checks what a count or a sum is compared with.

    Raises:
        ConditionInvalid: It is not finite, or no whole number of events.
    """
    if not math.isfinite(value):
        raise ConditionInvalid("a sum is compared with a finite number")
    if not is_sum and (value < 0 or value != int(value)):
        raise ConditionInvalid(
            f"a number of events is whole and not negative; {relation} {value} is not"
        )


def check_circle(circle: Near) -> None:
    """Checks a point and the distance from it.

    Raises:
        ConditionInvalid: They are not on the earth.
    """
    if abs(circle.latitude) > MAX_LATITUDE or abs(circle.longitude) > MAX_LONGITUDE:
        raise ConditionInvalid(
            f"a point has a latitude within ±{MAX_LATITUDE} and a longitude within ±{MAX_LONGITUDE}"
        )
    if not 0 <= circle.radius_metres <= MAX_RADIUS_METRES:
        raise ConditionInvalid(f"a radius is 0-{MAX_RADIUS_METRES // 1000} km")
