"""Segments may name each other, but not in a circle, and not so that they grow too large."""

import zoneinfo
from collections.abc import Mapping

import pytest

from segue.domain.condition import And, Condition, HasTag, InSegment, Not, Or
from segue.errors import ConditionInvalid, ConditionTooLarge, SegmentCycle
from segue.rules.checks import checked
from segue.rules.fit import ConditionLimits
from segue.rules.scope import RuleScope, SegmentRules

LIMITS = ConditionLimits(depth=10, nodes=20)


def scope_of(saved: Mapping[str, Condition]) -> RuleScope:
    """A scope whose segments see each other."""

    def segment(segment_id: str) -> SegmentRules | None:
        found = saved.get(segment_id)
        return None if found is None else SegmentRules(found, scope)

    scope = RuleScope(
        fields=(), time_zone=zoneinfo.ZoneInfo("UTC"), tags={"vip": 80}, segment=segment
    )
    return scope


def check(condition: Condition, saved: Mapping[str, Condition], own_id: str | None = None) -> None:
    checked(condition, scope_of(saved), LIMITS, {}, own_id)


CHAIN: dict[str, Condition] = {"b": Not(InSegment("c")), "c": Or((HasTag("vip"), InSegment("d")))}
CHAIN["d"] = HasTag("vip")


def test_segments_may_name_others_and_one_of_them_twice() -> None:
    check(And((InSegment("b"), InSegment("c"))), CHAIN, "a")
    check(InSegment("b"), CHAIN)


@pytest.mark.parametrize("own_id", ["b", "c", "d"])
def test_a_segment_does_not_lead_back_to_itself(own_id: str) -> None:
    with pytest.raises(SegmentCycle) as caught:
        check(And((HasTag("vip"), InSegment("b"))), CHAIN, own_id)
    assert caught.value.metadata["segments"].endswith(own_id)


def test_a_segment_does_not_name_itself() -> None:
    with pytest.raises(SegmentCycle):
        check(InSegment("a"), {}, "a")


def test_an_unknown_segment_is_refused() -> None:
    with pytest.raises(ConditionInvalid, match="no segment 'z'"):
        check(InSegment("z"), CHAIN)


def test_what_is_named_counts() -> None:
    doubling: dict[str, Condition] = {"s0": HasTag("vip")}
    for level in range(1, 60):
        below = InSegment(f"s{level - 1}")
        doubling[f"s{level}"] = And((below, below))
    check(InSegment("s1"), doubling)
    for level in (3, 59):
        with pytest.raises(ConditionTooLarge):
            check(InSegment(f"s{level}"), doubling)
