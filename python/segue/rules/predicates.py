"""Verbs and their objects as tests of the one condition tree."""

import datetime
from collections.abc import Mapping
from typing import Final

from segue.rules import days, operands
from segue.rules.codes import Code, RuleInvalid
from segue.rules.column_condition import AnyOf, InRange, Provided, Test, TextRelation, TextTest
from segue.rules.scope import RuleScope
from segue.rules.verbs import Grammar, Relation

_TEXT_RELATIONS: Final[Mapping[Relation, TextRelation]] = {
    Relation.EQUALS: TextRelation.EQUALS,
    Relation.CONTAINS: TextRelation.CONTAINS,
}


def make_test(
    grammar: Grammar, relation: Relation, text: str, options: tuple[str, ...], scope: RuleScope
) -> Test:
    """Reads the object of a clause and makes the test that its verb asks for.

    Args:
        grammar: How the object is written.
        relation: What the verb says, without its negation.
        text: The object; empty when the clause is a verb alone, as it is for PROVIDED.
        options: Names that an option must be one of.
        scope: Time zone and date.

    Raises:
        RuleInvalid: The object is missing or not of its grammar.
    """
    if relation is Relation.PROVIDED:
        return Provided()
    if not text:
        raise RuleInvalid(Code.OBJECT_MISSING)
    match grammar:
        case Grammar.TEXT:
            return TextTest(_TEXT_RELATIONS[relation], text)
        case Grammar.OPTION:
            return AnyOf((operands.parse_option(text, options),))
        case Grammar.NUMBER:
            return _range(relation, *_parse_numbers(relation, text))
        case Grammar.DAY:
            first, last = _parse_days(relation, text)
            return _range(relation, days.day_number(first), days.day_number(last))
        case Grammar.LOCAL_DAY | Grammar.RECENT_DAY:
            first, last = _parse_days(relation, text)
            if grammar is Grammar.RECENT_DAY and scope.today is not None:
                operands.check_recent((first, last), scope.today)
            return _range_of_instants(relation, first, last, scope)


def _parse_numbers(relation: Relation, text: str) -> tuple[float, float]:
    if relation is Relation.BETWEEN:
        return operands.parse_numbers(text)
    return (operands.parse_number(text),) * 2


def _parse_days(relation: Relation, text: str) -> tuple[datetime.date, datetime.date]:
    if relation is Relation.BETWEEN:
        return operands.parse_days(text)
    return (operands.parse_day(text),) * 2


def _range(relation: Relation, low: float, high: float) -> InRange:
    """Makes the range of a relation to a value given twice, or to two for BETWEEN."""
    match relation:
        case Relation.BELOW:
            return InRange(high=low, high_inclusive=False)
        case Relation.AT_MOST:
            return InRange(high=low)
        case Relation.ABOVE:
            return InRange(low=high, low_inclusive=False)
        case Relation.AT_LEAST:
            return InRange(low=high)
        case _:
            return InRange(low=low, high=high)


def _range_of_instants(
    relation: Relation, first: datetime.date, last: datetime.date, scope: RuleScope
) -> InRange:
    """Makes the same of days in the account's time zone: a day lasts from its first instant to the next day's."""
    start = days.start_millis(first, scope.time_zone)
    end = days.end_millis(last, scope.time_zone)
    match relation:
        case Relation.BELOW:
            return InRange(high=start, high_inclusive=False)
        case Relation.ABOVE if end is None:
            return InRange(low=start, high=start, high_inclusive=False)
        case Relation.ABOVE:
            return InRange(low=end)
        case _:
            return InRange(low=start, high=end, high_inclusive=False)
