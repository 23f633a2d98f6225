"""Conditions written as seed 004's groups of rules, where they have such a form."""

import datetime
import re
from dataclasses import dataclass
from typing import Final

from segue.domain.condition import (
    And,
    Attribute,
    BetweenTest,
    Condition,
    Did,
    FieldName,
    Located,
    Near,
    Not,
    Or,
    OrderTest,
    Predicate,
    PropertyTest,
    Provided,
    Subject,
    Test,
    TextRelation,
    TextTest,
)
from segue.domain.field import FieldType
from segue.domain.segment import RuleGroups, RuleText
from segue.rules.campaigns import CAMPAIGN_RULES
from segue.rules.clause import ENGAGEMENT_RULE, RELATIONS, place_named
from segue.rules.engagement import ENGAGEMENT
from segue.rules.filter.printer import filter_text
from segue.rules.literals import metres_text, number_text, scalar_text
from segue.rules.operands import CAMPAIGN_ID
from segue.rules.tree import EVERYONE, NOBODY, leaves, normalised
from segue.rules.verbs import BUILT_IN, FIELDS, VERBS, Grammar, Meaning, RuleType

_SHOWN_CHARACTERS: Final = 100

_TITLES: Final = {condition: title for title, condition in ENGAGEMENT.items()}
_RULE_TYPES: Final[dict[Subject, str]] = {
    rule_type.attribute: name
    for name, rule_type in BUILT_IN.items()
    if rule_type.attribute is not None
}
_MEANINGS: Final = {relation: meaning for meaning, relation in RELATIONS.items()}
_SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True)
class Inexpressible:
    """Why a condition has no form as groups of rules."""

    reason: str


class _PartInexpressible(Exception):
    """A part has no form."""


def rule_groups_of(condition: Condition) -> RuleGroups | Inexpressible:
    """Writes a condition as groups of rules; reading them gives the same condition in its normal form."""
    try:
        return tuple(map(_group, groups_of(condition)))
    except _PartInexpressible as error:
        return Inexpressible(str(error))


def groups_of(condition: Condition) -> tuple[tuple[Condition, ...], ...]:
    """Returns the parts that AND joins at the top, each as the parts that OR joins in it; no group for no rules.

    What is one rule of seed 004 stays whole, though it may be AND or OR of several leaves.
    """
    condition = normalised(condition)
    if condition == EVERYONE:
        return ()
    if isinstance(condition, And) and _composite(condition) is None:
        return tuple(map(_alternatives, condition.children))
    return (_alternatives(condition),)


def _alternatives(part: Condition) -> tuple[Condition, ...]:
    if isinstance(part, Or) and part != NOBODY and _composite(part) is None:
        return part.children
    return (part,)


def _group(alternatives: tuple[Condition, ...]) -> tuple[RuleText, ...]:
    rules = tuple(map(_rule, alternatives))
    if {rule.rule_type == ENGAGEMENT_RULE for rule in rules} == {True, False}:
        raise _refusal(Or(alternatives), "an engagement segment has no other rules in its group")
    return rules


def _rule(condition: Condition) -> RuleText:
    composite = _composite(condition)
    if composite is not None:
        return composite
    is_negative = isinstance(condition, Not)
    inner = condition.child if isinstance(condition, Not) else condition
    match inner:
        case Predicate(subject, test):
            return _tested(condition, subject, test, is_negative=is_negative)
        case Located():
            return _with_verb("Location", Meaning.PROVIDED, "", is_negative=is_negative)
        case Near():
            circle = (
                f"{metres_text(inner.radius_metres)} OF "
                f"{number_text(inner.latitude)},{number_text(inner.longitude)}"
            )
            return _with_verb("Location", Meaning.WITHIN, circle, is_negative=is_negative)
        case And() | Or():
            raise _refusal(condition, "groups are joined by AND and their rules by OR, no deeper")
        case _:
            raise _refusal(condition, "there is no rule type for it")


def _composite(condition: Condition) -> RuleText | None:
    """Writes what one rule says by several leaves, or by events."""
    if condition in _TITLES:
        return RuleText(ENGAGEMENT_RULE, f"EQUALS {_TITLES[condition]}")
    return _campaign(condition) or _place(condition)


def _campaign(condition: Condition) -> RuleText | None:
    first = next(leaves(condition), None)
    if not isinstance(first, Did):
        return None
    campaign, link = (*map(_equal_text, first.match.where), "", "")[:2]
    if not CAMPAIGN_ID.fullmatch(campaign) or _SPACE.search(link):
        return None
    for name, make in CAMPAIGN_RULES.items():
        with_link = BUILT_IN[name].grammar is Grammar.CAMPAIGN_LINK
        if with_link == bool(link) and make(campaign, link) == condition:
            return RuleText(name, f"{campaign} {link}" if link else campaign)
    return None


def _equal_text(test: PropertyTest) -> str:
    match test.test:
        case TextTest(TextRelation.EQUALS, text):
            return text
        case _:
            return ""


def _place(condition: Condition) -> RuleText | None:
    is_negative = isinstance(condition, Not)
    inner = condition.child if isinstance(condition, Not) else condition
    match inner:
        case Or((Predicate(Attribute.COUNTRY, TextTest(TextRelation.EQUALS, text)), _)):
            if inner == place_named(text) and text == text.strip():
                return _with_verb("Location", Meaning.EQUALS, text, is_negative=is_negative)
    return None


def _tested(condition: Condition, subject: Subject, test: Test, *, is_negative: bool) -> RuleText:
    meaning, text, field_type = _operand(condition, test)
    if isinstance(subject, FieldName):
        name, rule_type = f"[{subject.key}]", FIELDS[field_type]
    elif subject in _RULE_TYPES:
        name = _RULE_TYPES[subject]
        rule_type = BUILT_IN[name]
    else:
        raise _refusal(condition, f"{subject} has no rule type")
    verb = _verb(rule_type, meaning, is_negative=is_negative)
    if verb is None:
        raise _refusal(condition, f"rules on {name} have no verb for it")
    if text != text.strip():
        raise _refusal(condition, "a clause cannot hold spaces at the ends of its text")
    return RuleText(name, f"{verb} {text}".rstrip())


def _operand(condition: Condition, test: Test) -> tuple[Meaning, str, FieldType]:
    """Returns what a test says as a verb, its operand, and the type of field that has such operands."""
    match test:
        case Provided():
            return Meaning.PROVIDED, "", FieldType.TEXT
        case TextTest(TextRelation.EQUALS, text):
            return Meaning.EQUALS, text, FieldType.TEXT
        case TextTest(TextRelation.CONTAINS, text):
            return Meaning.CONTAINS, text, FieldType.TEXT
        case OrderTest(relation, value) if not isinstance(value, datetime.datetime):
            return _MEANINGS[relation], scalar_text(value), _type_of(value)
        case BetweenTest(low, high) if not _is_instant(low) and not _is_instant(high):
            ends = f"{scalar_text(low)} AND {scalar_text(high)}"
            return Meaning.BETWEEN, ends, _type_of(low)
        case _:
            raise _refusal(condition, "no verb says it")


def _is_instant(value: float | datetime.date) -> bool:
    return isinstance(value, datetime.datetime)


def _type_of(value: float | datetime.date) -> FieldType:
    return FieldType.DATE if isinstance(value, datetime.date) else FieldType.NUMBER


def _verb(rule_type: RuleType, meaning: Meaning, *, is_negative: bool) -> str | None:
    for word, verb in VERBS.items():
        if (verb.meaning, verb.is_negative) == (meaning, is_negative) and word in rule_type.verbs:
            return word
    return None


def _with_verb(name: str, meaning: Meaning, text: str, *, is_negative: bool) -> RuleText:
    verb = _verb(BUILT_IN[name], meaning, is_negative=is_negative)
    return RuleText(name, f"{verb} {text}".rstrip())


def _refusal(condition: Condition, why: str) -> _PartInexpressible:
    text = filter_text(condition)
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return _PartInexpressible(f"{shown}: {why}")
