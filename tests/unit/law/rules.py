"""Rules and combinations that segments and groups of the law have, one after the other."""

from collections.abc import Sequence

from hypothesis import strategies as st

from segue.domain.segment import Rules, RulesForm, RuleText, rules_of_groups
from segue.domain.segment_group import Combination, GroupRef, Operand, SegmentOperator, SegmentRef

OF_LIST = (
    "[Plan] EQUALS pro",
    "[Plan] EQUALS free",
    "EngagementSegment Engaged",
    'Plan = "pro" AND email:"@x.se"',
    "during(subscribed_at, 'last 1min')",
    "during(subscribed_at, 'next 2h')",
    "during(subscribed_at, 'this day')",
    "NOT during(subscribed_at, 'last 2h') AND Plan = \"pro\"",
    'Extra = "x"',
    'Extra != "x"',
)
"""Written as filters, or as a rule of seed 004 where the first word is a rule type."""

OF_ACCOUNT = (
    "",
    'tags:"vip"',
    'NOT tags:"new"',
    "did(opened, 'last 1min')",
    "NOT did(opened, 'last 2h')",
    "did(visit, 'last 2h', at_least(2))",
    "first_did(opened, 'this day')",
    "birthday(fields.Born, 'this day')",
    "birthday(fields.Born, 'next 2d') OR customer_type = \"gold\"",
    "during(created_at, 'last 1min')",
    "NOT during(changed_at, 'last 1d')",
    "during(changed_at, 'last day')",
    "phone:* OR topics.news = subscribed",
    'segment("{lower}")',
    'NOT segment("{lower}") AND customer_type != "gold"',
    "sample(50, 'salt') AND email:*",
)
"""Those of a list take these too; `{lower}` is a segment that came before, so that there are no circles."""


def rules_from(text: str, lower: str) -> Rules:
    """Returns rules; those that name a segment name the one given."""
    rule_type, _, clause = text.partition(" ")
    if rule_type.startswith("[") or rule_type == "EngagementSegment":
        return rules_of_groups(((RuleText(rule_type, clause),),))
    return Rules(RulesForm.FILTER, text.replace("{lower}", lower))


Shape = tuple[SegmentOperator, tuple["int | Shape", ...]]
"""A combination of numbers, which stand for segments, or for the inner group."""

_NUMBERS = st.integers(0, 7)
_INNER: st.SearchStrategy[Shape] = st.tuples(
    st.sampled_from(SegmentOperator), st.lists(_NUMBERS, min_size=2, max_size=3).map(tuple)
)
SHAPES: st.SearchStrategy[Shape] = st.tuples(
    st.sampled_from(SegmentOperator), st.lists(_NUMBERS | _INNER, min_size=2, max_size=3).map(tuple)
)


def combination_of(shape: Shape, segment_ids: Sequence[str], inner: str | None) -> Combination:
    """Returns a combination; the number behind the last segment, and higher ones, are the inner group where there is one."""
    operator, parts = shape
    return Combination(operator, tuple(_operand(part, segment_ids, inner) for part in parts))


def _operand(part: "int | Shape", segment_ids: Sequence[str], inner: str | None) -> Operand:
    if not isinstance(part, int):
        return combination_of(part, segment_ids, inner)
    if inner is not None and part >= len(segment_ids):
        return GroupRef(inner)
    return SegmentRef(segment_ids[part % len(segment_ids)])
