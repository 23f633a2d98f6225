"""Tests of one value as the kernel's ops."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from segue.domain.condition import (
    Anniversary,
    BetweenTest,
    InWindow,
    OneOf,
    OrderTest,
    Provided,
    Relation,
    Scalar,
    Test,
    TextRelation,
    TextTest,
    Window,
)
from segue.domain.field import FieldType
from segue.errors import ConditionInvalid
from segue.rules.days import day_number, end_millis, instant_millis, start_millis
from segue.rules.scope import Column, option_codes
from segue.rules.windows import Moment, day_bounds, days_of_year, time_bounds

Json = dict[str, Any]

_OPTIONS_SHOWN: Final = 20
"""Options that an error lists."""


class Span(NamedTuple):
    """What an operand covers, in the column's own unit."""

    start: float
    end: float | None
    is_point: bool = False
    """Whether start and end are one number or day; else the end is the first that is not in it."""


def point(value: float) -> Span:
    """Returns what a number, day or instant covers: itself."""
    return Span(value, value, is_point=True)


def any_of(codes: Sequence[int]) -> Json:
    """Returns the op that a truth value or an option is one of these."""
    return {"op": "any_of", "codes": list(codes)}


def in_range(
    low: float | None = None,
    high: float | None = None,
    *,
    low_inclusive: bool = True,
    high_inclusive: bool = True,
) -> Json:
    """Returns the bounds of a range; None is open."""
    return {
        "low": low,
        "low_inclusive": low_inclusive,
        "high": high,
        "high_inclusive": high_inclusive,
    }


def range_of(relation: Relation, operand: Span) -> Json:
    """Returns the bounds of what stands in a relation to an operand."""
    start, end, is_point = operand
    match relation:
        case Relation.BELOW:
            return in_range(high=start, high_inclusive=False)
        case Relation.AT_LEAST:
            return in_range(low=start)
        case Relation.AT_MOST:
            return in_range(high=end, high_inclusive=is_point)
        case Relation.EQUALS:
            return in_range(start, end, high_inclusive=is_point)
        case Relation.ABOVE if end is None:
            return in_range(start, start, high_inclusive=False)
        case Relation.ABOVE:
            return in_range(low=end, low_inclusive=not is_point)


def lower_test(test: Test, column: Column, moment: Moment) -> Json:
    """Returns a test of a column as the kernel's op and operands."""
    match test:
        case Provided():
            return {"op": "provided"}
        case TextTest(relation, text):
            return _text(relation, text, column)
        case OrderTest(relation, value):
            return {"op": "in_range"} | range_of(relation, _span(value, column, moment))
        case BetweenTest(low, high):
            first, last = _span(low, column, moment), _span(high, column, moment)
            span = Span(first.start, last.end, last.is_point)
            return {"op": "in_range"} | range_of(Relation.EQUALS, span)
        case OneOf(values):
            return _one_of(values, column)
        case InWindow(window):
            return lower_window_test(window, column, moment)
        case Anniversary(window):
            return {"op": "month_day_in", "ranges": days_of_year(window, moment)}


def _text(relation: TextRelation, text: str, column: Column) -> Json:
    if column.options:
        return any_of(codes_of((text,), column))
    operand = "pattern" if relation is TextRelation.MATCHES else "text"
    return {"op": relation.value, operand: text}


def codes_of(names: Iterable[str], column: Column) -> list[int]:
    """Finds options by their names, without regard to case.

    Raises:
        ConditionInvalid: The field has no option of a name.
    """
    known = option_codes(column.options)
    codes = []
    for name in names:
        code = known.get(name.casefold())
        if code is None:
            some = ", ".join(column.options[:_OPTIONS_SHOWN])
            raise ConditionInvalid(
                f"{name!r} is none of the options; choose one of {some}", {"option": name}
            )
        codes.append(code)
    return codes


def _span(value: Scalar, column: Column, moment: Moment) -> Span:
    """Returns what an operand covers: a day of a column of times lasts from its first instant to the next day's."""
    match value:
        case datetime.date() if _is_day(value) and column.type is not FieldType.DATE:
            return Span(start_millis(value, moment.zone), end_millis(value, moment.zone))
        case _:
            return point(_number(value))


def _is_day(value: datetime.date) -> bool:
    return not isinstance(value, datetime.datetime)


def _one_of(values: Sequence[Scalar], column: Column) -> Json:
    if column.options:
        return any_of(sorted(codes_of(map(str, values), column)))
    if column.type is FieldType.TEXT:
        return {"op": "text_in", "texts": list(values)}
    return {"op": "number_in", "numbers": [_number(value) for value in values]}


def _number(value: Scalar) -> float:
    match value:
        case datetime.datetime():
            return instant_millis(value)
        case datetime.date():
            return day_number(value)
        case _:
            return float(value)


def lower_window_test(window: Window, column: Column, moment: Moment) -> Json:
    """Returns the test that a day or time lies in a window."""
    if column.type is not FieldType.DATE:
        return {"op": "within", "window": lower_window(window, moment)}
    first, last = day_bounds(window, moment)
    return {"op": "in_range"} | in_range(
        None if first is None else day_number(first), None if last is None else day_number(last)
    )


def lower_window(window: Window, moment: Moment) -> Json:
    """Returns a window of times."""
    start, end, is_relative = time_bounds(window, moment)
    unit = "offset" if is_relative else "millis"
    return {f"from_{unit}": start, f"until_{unit}": end}
