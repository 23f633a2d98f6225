"""Groups of rules and conditions say the same; what has no form as groups is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.condition import Condition, Or
from segue.domain.segment import RuleGroups, RuleText
from segue.rules.clause import parse_rule_groups
from segue.rules.engagement import ENGAGEMENT
from segue.rules.filter.parser import parse_filter
from segue.rules.fit import ConditionLimits
from segue.rules.groups import Inexpressible, groups_of, rule_groups_of
from segue.rules.json_form.parser import decode_condition
from segue.rules.json_form.printer import encode_condition
from segue.rules.tree import EVERYONE, NOBODY
from segue.rules.verbs import BUILT_IN, FIELDS, Grammar
from tests.unit.conditions import CAMPAIGN, LINK, OPTIONS, SCOPE, conditions, days, numbers, texts

TRIMMED = texts.map(str.strip).filter(bool)
OPERANDS: dict[Grammar, st.SearchStrategy[str]] = {
    Grammar.TEXT: TRIMMED,
    Grammar.NUMBER: numbers.map(lambda number: format(number, "f")),
    Grammar.DAY: days.map(lambda day: day.isoformat()),
    Grammar.RECENT_DAY: days.map(lambda day: day.isoformat()),
    Grammar.PLACE: st.sampled_from(["Sweden", "north of OF"]),
    Grammar.ENGAGEMENT: st.sampled_from(list(ENGAGEMENT)),
    Grammar.CAMPAIGN: st.just(CAMPAIGN),
    Grammar.CAMPAIGN_LINK: st.just(f"{CAMPAIGN} {LINK}"),
}
ROWS = dict(BUILT_IN) | {f"[{field.key}]": FIELDS[field.type] for field in SCOPE.fields}


@st.composite
def rules(draw: st.DrawFn, *, engagement: bool) -> RuleText:
    """Draws a rule of any type with any of its verbs, written as it is printed."""
    own = [name for name in ROWS if (name == "EngagementSegment") is engagement]
    name = draw(st.sampled_from(own))
    row = ROWS[name]
    operand = OPERANDS.get(row.grammar, st.sampled_from(OPTIONS))
    if not row.verbs:
        return RuleText(name, draw(operand))
    verb = draw(st.sampled_from(sorted(row.verbs)))
    if verb.endswith("PROVIDED"):
        return RuleText(name, verb)
    if verb.endswith("WITHIN"):
        return RuleText(name, f"{verb} 12.5km OF -33.9,18")
    if name == "[VIP]":
        return RuleText(name, f"{verb} {draw(st.sampled_from(['false', 'true']))}")
    if verb == "BETWEEN":
        key = float if row.grammar is Grammar.NUMBER else str
        low, high = sorted((draw(operand), draw(operand)), key=key)
        return RuleText(name, f"{verb} {low} AND {high}")
    return RuleText(name, f"{verb} {draw(operand)}")


def groups(*, engagement: bool) -> st.SearchStrategy[tuple[RuleText, ...]]:
    return st.lists(rules(engagement=engagement), min_size=1, max_size=3).map(tuple)


rule_groups: st.SearchStrategy[RuleGroups] = st.lists(
    groups(engagement=False) | groups(engagement=True), max_size=3
).map(tuple)


def shape(groups: tuple[tuple[object, ...], ...]) -> list[int]:
    return [len(group) for group in groups]


@given(rule_groups)
def test_rules_are_printed_as_they_were_read(groups: RuleGroups) -> None:
    condition = parse_rule_groups(groups, SCOPE)
    printed = rule_groups_of(condition)
    assert not isinstance(printed, Inexpressible)
    assert shape(printed) == shape(groups) == shape(groups_of(condition))
    assert parse_rule_groups(printed, SCOPE) == condition
    assert rule_groups_of(parse_rule_groups(printed, SCOPE)) == printed
    for group, read in zip(groups, printed, strict=True):
        assert [rule.rule_type for rule in group] == [rule.rule_type for rule in read]


@given(rule_groups)
def test_rules_have_every_other_form(groups: RuleGroups) -> None:
    condition = parse_rule_groups(groups, SCOPE)
    assert decode_condition(encode_condition(condition)) == condition


@given(conditions)
def test_what_can_be_printed_reads_back(condition: Condition) -> None:
    printed = rule_groups_of(condition)
    if not isinstance(printed, Inexpressible):
        assert parse_rule_groups(printed, SCOPE) == condition


@given(conditions)
def test_groups_hold_the_whole_condition(condition: Condition) -> None:
    groups = groups_of(condition)
    if condition == EVERYONE:
        assert groups == ()
    elif len(groups) == 1:
        assert Or(groups[0]) == condition or groups[0] == (condition,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tags:vip", 'tags:"vip": there is no rule type for it'),
        ("NOT did(opened)", 'NOT did("opened"): there is no rule type for it'),
        ("(tags:vip AND located()) OR phone:*", "joined by AND and their rules by OR"),
        ("NOT (located() OR phone:*)", "joined by AND and their rules by OR"),
        ("nobody()", "joined by AND and their rules by OR"),
        ('name:"a"', "rules on Name have no verb for it"),
        ("created_at:*", "created_at has no rule type"),
        ("subscribed_at:*", "rules on DateSubscribed have no verb for it"),
        ("starts_with(email, a)", "no verb says it"),
        ("in(Age, 1, 2)", "no verb says it"),
        ('Seen > "2024-01-01T10:00:00Z"', "no verb says it"),
        ("Born >= 2024-01-01", "rules on [Born] have no verb for it"),
        ("Born != 2024-01-01", "rules on [Born] have no verb for it"),
        ('email = " a"', "spaces at the ends"),
        ("country = Sweden", "country has no rule type"),
        (f"did(opened, (campaign = {CAMPAIGN}), at_least(2))", "no rule type"),
        ("did(opened, (campaign = christmas))", "no rule type"),
    ],
)
def test_what_has_no_form_is_refused_by_name(text: str, reason: str) -> None:
    printed = rule_groups_of(parse_filter(text, SCOPE, ConditionLimits()))
    assert isinstance(printed, Inexpressible)
    assert reason in printed.reason


def test_an_engagement_segment_stands_alone_in_its_group() -> None:
    condition = Or((ENGAGEMENT["Active"], parse_filter("phone:*", SCOPE, ConditionLimits())))
    printed = rule_groups_of(condition)
    assert isinstance(printed, Inexpressible)
    assert printed.reason.endswith("an engagement segment has no other rules in its group")


def test_everyone_has_no_groups() -> None:
    assert rule_groups_of(EVERYONE) == ()
    assert groups_of(EVERYONE) == ()
    assert groups_of(NOBODY) == ((NOBODY,),)
