"""Rules as seed 004 writes them: groups of `{RuleType, Clause}`, OR inside a group, AND between groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.field import FieldType
from segue.domain.segment import RuleText
from segue.errors import RuleResult, RulesInvalid
from segue.rules import operands
from segue.rules.codes import MESSAGES, Code, RuleInvalid
from segue.rules.column_condition import And, AnyOf, Condition, Not, Or, Predicate
from segue.rules.predicates import make_test
from segue.rules.scope import FieldDefinition, RuleScope
from segue.rules.verbs import (
    CAMPAIGN_RULE_TYPES,
    DATE_SUBSCRIBED,
    EMAIL_ADDRESS,
    FIELDS,
    NAME,
    VERBS,
    Relation,
    RuleType,
)

ACTIVE: Final = 0
"""Code of the membership state ACTIVE."""

TRUTHS: Final = ("false", "true")
"""Truth values as options; a position is a code."""


@dataclass(frozen=True)
class _Subject:
    """What a rule is about."""

    rule_type: RuleType
    column: int
    options: tuple[str, ...] = ()


def parse_rule_groups(groups: Sequence[Sequence[RuleText]], scope: RuleScope) -> Condition:
    """Reads rule groups as one condition on active members.

    No groups are every active member. A group without rules is answered like a rule without a clause (2706).

    Args:
        groups: Groups that all must hold; in each, one rule must.
        scope: Fields, columns and days that rules refer to.

    Raises:
        RulesInvalid: At least one rule is wrong; carries a result for every rule, good ones included.
    """
    results: list[RuleResult] = []
    conditions: list[Condition] = []
    if scope.state_column is not None:
        conditions.append(Predicate(scope.state_column, AnyOf((ACTIVE,))))
    for group_index, group in enumerate(groups):
        alternatives: list[Condition] = []
        if not group:
            no_clause = RuleInvalid(Code.CLAUSE_EMPTY, rule_code=Code.CLAUSES_EMPTY)
            results.append(_result(group_index, 0, RuleText("", ""), no_clause))
        for rule_index, rule in enumerate(group):
            fault: RuleInvalid | None = None
            try:
                alternatives.append(_parse_rule(rule, scope))
            except RuleInvalid as error:
                fault = error
            results.append(_result(group_index, rule_index, rule, fault))
        conditions.append(Or(tuple(alternatives)))
    if any(result.rule_code != Code.SUCCESS for result in results):
        raise RulesInvalid(results)
    return And(tuple(conditions))


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
    if name in CAMPAIGN_RULE_TYPES:
        operands.check_campaign_id(_checked_clause(rule.clause))
        raise RuleInvalid(Code.CAMPAIGN_NOT_SENT)
    subject = _subject(name, scope)
    if subject is None:
        raise RuleInvalid(Code.CLAUSE_NOT_PARSED, rule_code=Code.RULE_TYPE_INVALID)
    return _parse_clause(_checked_clause(rule.clause), subject, scope)


def _subject(name: str, scope: RuleScope) -> _Subject | None:
    """Finds what a rule type names; built-in names are spelled exactly and come before fields, which brackets tell apart."""
    match name:
        case "Name":
            return _Subject(NAME, scope.name_column)
        case "EmailAddress":
            return _Subject(EMAIL_ADDRESS, scope.email_column)
        case "DateSubscribed":
            return _Subject(DATE_SUBSCRIBED, scope.subscribed_column)
        case _:
            field = scope.field(name)
            return _subject_of_field(field) if field else None


def _subject_of_field(field: FieldDefinition) -> _Subject:
    options = TRUTHS if field.type is FieldType.BOOLEAN else field.options
    return _Subject(FIELDS[field.type], field.column, options)


def _checked_clause(clause: str) -> str:
    if not clause:
        raise RuleInvalid(Code.CLAUSE_EMPTY, rule_code=Code.CLAUSES_EMPTY)
    if not clause.strip():
        raise RuleInvalid(Code.CLAUSE_EMPTY)
    return clause.strip()


def _parse_clause(clause: str, subject: _Subject, scope: RuleScope) -> Condition:
    """Reads `VERB` or `VERB object`; the object is the rest, spaces included."""
    word, _, text = clause.partition(" ")
    if word not in subject.rule_type.verbs:
        raise RuleInvalid(subject.rule_type.bad_verb)
    verb = VERBS[word]
    if verb.relation is Relation.PROVIDED and text:
        message = f"{word} takes no object; write the verb alone"
        raise RuleInvalid(subject.rule_type.bad_verb, clause_message=message)
    test = make_test(subject.rule_type.grammar, verb.relation, text.strip(), subject.options, scope)
    predicate = Predicate(subject.column, test)
    return Not(predicate) if verb.is_negative else predicate
