"""Tests of values in filters: comparisons, and functions whose first argument is what is tested."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from segue.domain.condition import (
    Anniversary,
    Between,
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
from segue.rules.filter.lexer import fail
from segue.rules.filter.syntax import Argument, Call, Name, Restriction
from segue.rules.filter.window_text import parse_window
from segue.rules.literals import parse_day, parse_day_or_instant, parse_number
from segue.rules.scope import Column

T = TypeVar("T")

_RELATIONS: Final = {relation.value: relation for relation in Relation} | {":": Relation.EQUALS}
_TEXT_RELATIONS: Final = {"=": TextRelation.EQUALS, ":": TextRelation.CONTAINS}


def value_of(argument: Argument | None, wanted: str, position: int) -> Name:
    """Returns an argument that has to be a plain value.

    Raises:
        ConditionInvalid: It is a call or an expression, or not there.
    """
    if not isinstance(argument, Name):
        fail(f"{wanted} is wanted", position if argument is None else argument.position)
    return argument


def parsed(name: Name, read: Callable[[str], T]) -> T:
    """Reads a value.

    Raises:
        ConditionInvalid: It is not of its form; tells the position.
    """
    try:
        return read(name.text)
    except ValueError as error:
        fail(str(error), name.position)


def window_of_text(name: Name) -> Window:
    """Reads a window.

    Raises:
        ConditionInvalid: It is of no form of windows.
    """
    return parsed(name, parse_window)


def _scalar(name: Name, column: Column) -> Scalar:
    """Reads an operand as the column's values are written."""
    if column.options:
        return name.text
    match column.type:
        case FieldType.NUMBER:
            return parsed(name, parse_number)
        case FieldType.DATE:
            return parsed(name, parse_day)
        case FieldType.DATE_TIME:
            return parsed(name, parse_day_or_instant)
        case _:
            return name.text


def _ordered(name: Name, column: Column) -> float:
    """Reads an operand that is compared in order; whether it may be is checked with the test."""
    return _scalar(name, column)  # type: ignore[return-value]


def comparison(restriction: Restriction, column: Column) -> tuple[Test, bool]:
    """Reads `name comparator value`.

    Returns:
        The test, and whether it is negated: `!=` is the exact complement of `=`.

    Raises:
        ConditionInvalid: The comparator does not fit what is compared, or the value is not of its form.
    """
    sign = restriction.comparator or ""
    name = value_of(restriction.argument, "a value", restriction.position)
    if sign == ":" and name.word == "*":
        return Provided(), False
    is_negative = sign == "!="
    sign = "=" if is_negative or (sign == ":" and column.options) else sign
    if not column.options and column.type is not FieldType.TEXT:
        return OrderTest(_RELATIONS[sign], _ordered(name, column)), is_negative
    if sign not in _TEXT_RELATIONS:
        fail(f"texts and options have no order for {sign}", restriction.position)
    return TextTest(_TEXT_RELATIONS[sign], name.text), is_negative


Values = Sequence[Name]


def _text_test(relation: TextRelation) -> Callable[[Values, Column], Test]:
    return lambda values, _: TextTest(relation, values[0].text)


def _birthday(values: Values, _column: Column) -> Test:
    window = window_of_text(values[0])
    if isinstance(window, Between):
        fail("a birthday has a window as this week or next 7d", values[0].position)
    return Anniversary(window)


_FUNCTIONS: Final[Mapping[str, tuple[int | None, Callable[[Values, Column], Test]]]] = {
    "in": (None, lambda values, column: OneOf(tuple(_scalar(v, column) for v in values))),
    "between": (2, lambda values, column: BetweenTest(*(_ordered(v, column) for v in values))),
    "starts_with": (1, _text_test(TextRelation.STARTS_WITH)),
    "ends_with": (1, _text_test(TextRelation.ENDS_WITH)),
    "matches": (1, _text_test(TextRelation.MATCHES)),
    "during": (1, lambda values, _: InWindow(window_of_text(values[0]))),
    "birthday": (1, _birthday),
}
"""Functions of tests: how many values they take, None for any number, and what they test."""

TEST_FUNCTIONS: Final = frozenset(_FUNCTIONS)


def tested_name(call: Call) -> Name:
    """Returns what a function of a test tests: its first argument.

    Raises:
        ConditionInvalid: There is none.
    """
    first = call.arguments[0] if call.arguments else None
    return value_of(first, "what is tested", call.position)


def function_test(call: Call, column: Column) -> Test:
    """Reads a function of a test.

    Raises:
        ConditionInvalid: It has other arguments than it takes.
    """
    count, make = _FUNCTIONS[call.function]
    values = [value_of(value, "a value", call.position) for value in call.arguments[1:]]
    if not values if count is None else len(values) != count:
        wanted = "at least 1" if count is None else count
        fail(f"{call.function} takes a name and {wanted} value(s)", call.position)
    return make(values, column)
