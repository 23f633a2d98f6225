"""Rules in their three forms: read from the one they were written in, printed in every one that can say them."""

from collections.abc import Mapping
from typing import Final

from segue.domain.condition import And, Condition
from segue.domain.segment import RuleGroups, Rules, RulesForm, RulesInForms, rules_of_groups
from segue.rules.clause import parse_rule_groups
from segue.rules.filter.parser import parse_filter
from segue.rules.filter.printer import filter_text
from segue.rules.fit import ConditionLimits
from segue.rules.groups import Inexpressible, rule_groups_of
from segue.rules.json_form.parser import decode_condition, parse_json
from segue.rules.json_form.printer import encode_condition
from segue.rules.scope import RuleScope
from segue.rules.tree import normalised

LIMITS: Final = ConditionLimits()

_FIELDS: Final = {
    RulesForm.GROUPS: "rule_groups",
    RulesForm.FILTER: "filter",
    RulesForm.JSON: "condition_json",
}
"""What the forms are called in requests and answers."""

_PARSERS: Final = {RulesForm.FILTER: parse_filter, RulesForm.JSON: parse_json}
_PRINTERS: Final = {RulesForm.FILTER: filter_text, RulesForm.JSON: encode_condition}


def parse_rules(rules: Rules, scope: RuleScope, own_id: str | None = None) -> Condition:
    """Reads and checks rules that come in new, for a draft or the segment of an id.

    Raises:
        RulesInvalid: Groups are wrong; tells of all rules.
        ConditionInvalid: A filter or JSON is wrong.
        ConditionTooLarge: It is nested too deep, has too many parts, or a set of too many values.
        PatternTooCostly: A regular expression is too long.
        SegmentCycle: They name their own segment, directly or not.
    """
    if rules.form is RulesForm.GROUPS:
        return parse_rule_groups(rules.groups, scope)
    return _PARSERS[rules.form](rules.text, scope, LIMITS, own_id)


def read_rules(rules: Rules, scope: RuleScope) -> Condition:
    """Reads rules that were checked before they were saved.

    Raises:
        RulesInvalid: Groups name what is no longer there.
        ConditionInvalid: A filter does.
    """
    if rules.form is RulesForm.JSON:
        return normalised(decode_condition(rules.text))
    return parse_rules(rules, scope)


def in_every_form(rules: Rules, condition: Condition) -> RulesInForms:
    """Prints rules in every form that can say them; the one they were written in stays as it was written."""
    printed = {form: printer(condition) for form, printer in _PRINTERS.items()}
    if rules.form is RulesForm.GROUPS:
        return _in_forms(rules.groups, printed)
    printed[rules.form] = rules.text
    groups = rule_groups_of(condition)
    if isinstance(groups, Inexpressible):
        return _in_forms((), printed, f"{_FIELDS[RulesForm.GROUPS]}: {groups.reason}")
    return _in_forms(groups, printed)


def _in_forms(
    groups: RuleGroups, printed: Mapping[RulesForm, str], *inexpressible: str
) -> RulesInForms:
    return RulesInForms(groups, printed[RulesForm.FILTER], printed[RulesForm.JSON], inexpressible)


def as_written(rules: Rules, reason: str) -> RulesInForms:
    """Returns rules in the form in which they are written alone, with a reason for the others."""
    printed = {form: rules.text if form is rules.form else "" for form in RulesForm}
    groups = rules.groups if rules.form is RulesForm.GROUPS else ()
    others = (form for form in RulesForm if form is not rules.form)
    return _in_forms(groups, printed, *(f"{_FIELDS[form]}: {reason}" for form in others))


def add_group(rules: Rules, condition: Condition, group: RuleGroups, scope: RuleScope) -> Rules:
    """Returns rules with a group more, in the form in which they are written.

    Raises:
        RulesInvalid: The group is wrong; tells of all its rules.
    """
    added = parse_rule_groups(group, scope)
    if rules.form is RulesForm.GROUPS:
        return rules_of_groups((*rules.groups, *group))
    parts = condition.children if isinstance(condition, And) else (condition,)
    return Rules(rules.form, _PRINTERS[rules.form](And((*parts, added))))
