"""What rules and conditions mean, as slowly and plainly as it can be said: the kernel must agree.

A person is a dictionary of values by rule type or field key: text, float, bool, date, datetime (aware), an option's name, or a set of them.
What is not known of a person is not in the dictionary. Fields go without brackets here.
"""

import datetime
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from segue.domain.segment import RuleText
from tests.kernel.column_condition import (
    And,
    AnyOf,
    Condition,
    InRange,
    Not,
    Or,
    Predicate,
    Provided,
    Test,
    TextTest,
)

Value: TypeAlias = str | float | bool | datetime.date | datetime.datetime | frozenset[str]
Person: TypeAlias = Mapping[str, Value]
Cell: TypeAlias = str | float | frozenset[int]
Row: TypeAlias = Mapping[int, Cell]


def fold(text: str) -> str:
    """Folds letters one by one; those that would become two letters stay."""
    return "".join(folded if len(folded := letter.casefold()) == 1 else letter for letter in text)


def is_member(
    person: Person, groups: Sequence[Sequence[RuleText]], zone: zoneinfo.ZoneInfo
) -> bool:
    """Whether at least one rule of every group holds."""
    return all(any(rule_holds(person, rule, zone) for rule in group) for group in groups)


def rule_holds(person: Person, rule: RuleText, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether a rule holds; a negative verb holds exactly where its positive one does not."""
    verb, _, operand = rule.clause.partition(" ")
    if verb.startswith("NOT_"):
        return not rule_holds(person, RuleText(rule.rule_type, rule.clause[4:]), zone)
    value = person.get(rule.rule_type)
    if value is None or value == frozenset():
        return False
    return verb == "PROVIDED" or _value_holds(value, verb, operand, zone)


def _value_holds(value: Value, verb: str, operand: str, zone: zoneinfo.ZoneInfo) -> bool:
    if isinstance(value, frozenset):
        return fold(operand) in {fold(name) for name in value}
    if isinstance(value, bool):
        return operand.lower() == str(value).lower()
    if isinstance(value, str):
        return _text_holds(fold(value), verb, fold(operand))
    if isinstance(value, float):
        return _order_holds(value, verb, [float(end) for end in operand.split(" AND ")])
    day = value.astimezone(zone).date() if isinstance(value, datetime.datetime) else value
    ends = [datetime.date.fromisoformat(end).toordinal() for end in operand.split(" AND ")]
    return _order_holds(day.toordinal(), verb, ends)


def _text_holds(text: str, verb: str, operand: str) -> bool:
    return operand in text if verb == "CONTAINS" else operand == text


def _order_holds(value: float, verb: str, ends: Sequence[float]) -> bool:
    match verb:
        case "EQUALS":
            return value == ends[0]
        case "BEFORE" | "LESS_THAN":
            return value < ends[0]
        case "LESS_THAN_OR_EQUAL":
            return value <= ends[0]
        case "AFTER" | "GREATER_THAN":
            return value > ends[0]
        case "GREATER_THAN_OR_EQUAL":
            return value >= ends[0]
        case _:
            return ends[0] <= value <= ends[1]


def condition_holds(row: Row, condition: Condition) -> bool:
    """Whether a condition holds for the values of columns: texts, numbers, or sets of codes."""
    match condition:
        case And(children):
            return all(condition_holds(row, child) for child in children)
        case Or(children):
            return any(condition_holds(row, child) for child in children)
        case Not(child):
            return not condition_holds(row, child)
        case Predicate(column, test):
            return column in row and passes(row[column], test)


def passes(cell: Cell, test: Test) -> bool:
    """Whether a value passes a test."""
    match test:
        case Provided():
            return cell != frozenset()
        case AnyOf(codes):
            assert isinstance(cell, frozenset)
            return any(code in cell for code in codes)
        case TextTest(relation, operand):
            assert isinstance(cell, str)
            text, operand = fold(cell), fold(operand)
            return {
                "equals": text == operand,
                "contains": operand in text,
                "starts_with": text.startswith(operand),
                "ends_with": text.endswith(operand),
            }[relation]
        case InRange(low, low_inclusive, high, high_inclusive):
            assert isinstance(cell, float | int)
            above = low is None or low < cell or (low_inclusive and low == cell)
            below = high is None or cell < high or (high_inclusive and high == cell)
            return above and below
