"""Rules as seed 004 writes them: groups of `{RuleType, Clause}`, OR inside a group, AND between groups."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from segue.domain.condition import (
    And,
    Attribute,
    BetweenTest,
    Condition,
    FieldName,
    Located,
    Not,
    Or,
    OrderTest,
    Predicate,
    Provided,
    Relation,
    Subject,
    Test,
    TextRelation,
    TextTest,
)
from segue.domain.segment import RuleText
from segue.errors import RuleResult, RulesInvalid
from segue.rules import operands
from segue.rules.campaigns import CAMPAIGN_RULES
from segue.rules.codes import MESSAGES, Code, RuleInvalid, VendorCode
from segue.rules.engagement import ENGAGEMENT
from segue.rules.scope import RuleScope
from segue.rules.tree import normalised
from segue.rules.verbs import BUILT_IN, FIELDS, VERBS, Grammar, Meaning, RuleType

ENGAGEMENT_RULE: Final = "EngagementSegment"

RELATIONS: Final = {
    Meaning.EQUALS: Relation.EQUALS,
    Meaning.BELOW: Relation.BELOW,
    Meaning.AT_MOST: Relation.AT_MOST,
    Meaning.ABOVE: Relation.ABOVE,
    Meaning.AT_LEAST: Relation.AT_LEAST,
}


class _Subject(NamedTuple):
    """What a rule is about."""

    name: str
    rule_type: RuleType
    subject: Subject | None = None
    options: tuple[str, ...] = ()


def parse_rule_groups(groups: Sequence[Sequence[RuleText]], scope: RuleScope) -> Condition:
    """Reads rule groups as one condition in normal form.

    No groups are every candidate. A group without rules is answered like a rule without a clause (2706).

    Args:
        groups: Groups that all must hold; in each, one rule must.
        scope: What rules refer to.

    Raises:
        RulesInvalid: At least one rule is wrong; carries a result for every rule, good ones included. 285 when a group mixes
            EngagementSegment with other rule types, whatever else is wrong; else 277.
    """
    results: list[RuleResult] = []
    conditions: list[Condition] = []
    for group_index, group in enumerate(groups):
        alternatives: list[Condition] = []
        if not group:
            no_clause = RuleInvalid(Code.CLAUSE_EMPTY, rule_code=Code.CLAUSES_EMPTY)
            results.append(_result(group_index, 0, RuleText("", ""), no_clause))
        mixed = RuleInvalid(Code.SUCCESS, rule_code=Code.GROUP_MIXED) if _is_mixed(group) else None
        for rule_index, rule in enumerate(group):
            fault = mixed
            try:
                alternatives.append(_parse_rule(rule, scope))
            except RuleInvalid as error:
                fault = error
            results.append(_result(group_index, rule_index, rule, fault))
        conditions.append(Or(tuple(alternatives)))
    if any(result.rule_code for result in results):
        is_mixed = any(map(_is_mixed, groups))
        raise RulesInvalid(
            results, VendorCode.GROUP_MIXED if is_mixed else VendorCode.RULES_INVALID
        )
    return normalised(And(tuple(conditions)))


def _is_mixed(group: Sequence[RuleText]) -> bool:
    return {rule.rule_type.strip() == ENGAGEMENT_RULE for rule in group} == {True, False}


def _result(
    group_index: int, rule_index: int, rule: RuleText, fault: RuleInvalid | None
) -> RuleResult:
    rule_code = fault.rule_code if fault else Code.SUCCESS
    return RuleResult(
        group_index=group_index,
        rule_index=rule_index,
        rule_type=rule.rule_type,
        clause=rule.clause,
        rule_code=rule_code,
        rule_message=MESSAGES[rule_code],
        clause_code=fault.clause_code if fault else Code.SUCCESS,
        clause_message=fault.clause_message if fault else MESSAGES[Code.SUCCESS],
    )


def _parse_rule(rule: RuleText, scope: RuleScope) -> Condition:
    name = rule.rule_type.strip()
    if not name:
        raise RuleInvalid(Code.CLAUSE_NOT_PARSED, rule_code=Code.RULE_TYPE_EMPTY)
    subject = _subject(name, scope)
    if subject is None:
        raise RuleInvalid(Code.CLAUSE_NOT_PARSED, rule_code=Code.RULE_TYPE_INVALID)
    clause = _checked_clause(rule.clause)
    match subject.rule_type.grammar:
        case Grammar.CAMPAIGN | Grammar.CAMPAIGN_LINK as grammar:
            with_link = grammar is Grammar.CAMPAIGN_LINK
            return CAMPAIGN_RULES[name](
                *operands.parse_campaign(clause, scope, with_link=with_link)
            )
        case Grammar.ENGAGEMENT:
            return _engagement(clause)
        case _:
            return _parse_clause(clause, subject, scope)


def _subject(name: str, scope: RuleScope) -> _Subject | None:
    """Finds what a rule type names; built-in names are spelled exactly and come before fields, which brackets tell apart."""
    if rule_type := BUILT_IN.get(name):
        return _Subject(name, rule_type, rule_type.attribute)
    field = scope.field(name)
    if field is None:
        return None
    subject = FieldName(field.key)
    column = scope.column(subject)
    options = column.options if column else ()
    return _Subject(name, FIELDS[field.type], subject, options)


def _checked_clause(clause: str) -> str:
    if not clause:
        raise RuleInvalid(Code.CLAUSE_EMPTY, rule_code=Code.CLAUSES_EMPTY)
    if not clause.strip():
        raise RuleInvalid(Code.CLAUSE_EMPTY)
    return clause.strip()


def _engagement(clause: str) -> Condition:
    wanted = clause.removeprefix("EQUALS ").strip().casefold()
    for title, condition in ENGAGEMENT.items():
        if title.casefold() == wanted:
            return condition
    raise RuleInvalid(Code.ENGAGEMENT_INVALID)


def _parse_clause(clause: str, subject: _Subject, scope: RuleScope) -> Condition:
    """Reads `VERB` or `VERB object`; the object is the rest, spaces included."""
    word, _, text = clause.partition(" ")
    if word not in subject.rule_type.verbs:
        raise RuleInvalid(subject.rule_type.bad_verb)
    verb = VERBS[word]
    if verb.meaning is Meaning.PROVIDED and text:
        message = f"{word} takes no object; write the verb alone"
        raise RuleInvalid(subject.rule_type.bad_verb, clause_message=message)
    if verb.meaning is not Meaning.PROVIDED and not text.strip():
        raise RuleInvalid(Code.OBJECT_MISSING)
    condition = _make(verb.meaning, text.strip(), subject, scope)
    return Not(condition) if verb.is_negative else condition


def _make(meaning: Meaning, text: str, subject: _Subject, scope: RuleScope) -> Condition:
    if subject.subject is None:
        return _place(meaning, text)
    return Predicate(subject.subject, _test(meaning, text, subject, scope))


def _place(meaning: Meaning, text: str) -> Condition:
    match meaning:
        case Meaning.PROVIDED:
            return Located()
        case Meaning.WITHIN:
            return operands.parse_circle(text)
        case _:
            return place_named(text)


def place_named(text: str) -> Condition:
    """Returns the condition that someone's country or region has a name."""
    test = TextTest(TextRelation.EQUALS, text)
    return Or((Predicate(Attribute.COUNTRY, test), Predicate(Attribute.REGION, test)))


def _test(meaning: Meaning, text: str, subject: _Subject, scope: RuleScope) -> Test:
    """Reads an object of a rule on a value."""
    if meaning is Meaning.PROVIDED:
        return Provided()
    match subject.rule_type.grammar:
        case Grammar.NUMBER if meaning is Meaning.BETWEEN:
            return BetweenTest(*operands.parse_numbers(text))
        case Grammar.NUMBER:
            return OrderTest(RELATIONS[meaning], operands.parse_number(text))
        case Grammar.OPTION:
            return TextTest(TextRelation.EQUALS, operands.parse_option(text, subject.options))
        case Grammar.DAY | Grammar.RECENT_DAY:
            is_between = meaning is Meaning.BETWEEN
            days = operands.parse_days(text) if is_between else (operands.parse_day(text),)
            if subject.rule_type.grammar is Grammar.RECENT_DAY and scope.today is not None:
                operands.check_recent(days, scope.today)
            return BetweenTest(*days) if is_between else OrderTest(RELATIONS[meaning], days[0])
        case _:
            contains = meaning is Meaning.CONTAINS
            return TextTest(TextRelation.CONTAINS if contains else TextRelation.EQUALS, text)
