"""Whether a condition makes sense in a scope: names exist, tests fit what they test, nothing is larger than it may be.

A segment may be named whatever list it is on: who is a member of it is asked as the segment itself asks, so that its candidates are those of
its own list. What a condition names counts as part of it, so that neither depth nor size grows behind a name.
"""

import dataclasses
from typing import Final

from segue.domain.condition import (
    And,
    Anniversary,
    Condition,
    ConsentIs,
    Did,
    DidThen,
    EventMatch,
    FieldName,
    FirstDid,
    HasTag,
    InSegment,
    InWindow,
    Leaf,
    Near,
    Not,
    Or,
    Predicate,
    PropertyTest,
    Sample,
    TopicIs,
)
from segue.domain.field import FieldType
from segue.errors import ConditionInvalid, ConditionTooLarge, SegmentCycle
from segue.rules.fit import (
    ConditionLimits,
    check_circle,
    check_relation,
    check_window,
    fitted,
    too_deep,
)
from segue.rules.names import (
    column_of,
    event_type_of,
    mark_column,
    property_of,
    segment_of,
)
from segue.rules.places import Places, placed
from segue.rules.scope import EventTypeScope, RuleScope
from segue.rules.tree import children, normalised

MAX_THEN_MILLIS: Final = 3_660 * 86_400_000
"""Ten years."""
MAX_SALT_CHARACTERS: Final = 100
MAX_PERCENT: Final = 100


def checked(
    condition: Condition,
    scope: RuleScope,
    limits: ConditionLimits,
    places: Places,
    own_id: str | None = None,
) -> Condition:
    """Checks a condition and returns it in normal form, with keys and options spelled as they are defined.

    Args:
        condition: As it was written.
        scope: What its names mean.
        limits: How large it may be.
        places: Where its leaves were written, for errors.
        own_id: The segment it is to be the condition of, which it may not lead back to; None for a draft.

    Raises:
        ConditionInvalid: A name is unknown, or a test does not fit; its metadata tells where.
        ConditionTooLarge: It is nested too deep, has too many nodes, or a set of too many values.
        PatternTooCostly: A regular expression is too long.
        SegmentCycle: It names the segment itself, directly or not.
    """
    check_size(condition, scope, limits, own_id)
    return normalised(_Checker(scope, limits, places).spelled(condition))


def check_size(
    condition: Condition, scope: RuleScope, limits: ConditionLimits, own_id: str | None = None
) -> None:
    """Walks a condition and what it names, no further than the limits.

    Raises:
        ConditionTooLarge: It is nested too deep or has too many nodes.
        SegmentCycle: It names the segment itself, directly or not.
    """
    count = 0
    waiting: list[tuple[Condition, RuleScope, int, tuple[str, ...]]] = [(condition, scope, 1, ())]
    while waiting:
        node, within, depth, names = waiting.pop()
        count += 1
        if depth > limits.depth:
            raise too_deep(limits)
        if count > limits.nodes:
            raise ConditionTooLarge(
                f"the condition, with the segments it names, has more than {limits.nodes} parts; "
                "compare with a set instead of many values",
                {"limit": "nodes", "maximum": limits.nodes},
            )
        waiting += [(child, within, depth + 1, names) for child in children(node)]
        if isinstance(node, InSegment):
            path = (*names, node.segment_id)
            if node.segment_id == own_id or node.segment_id in names:
                raise SegmentCycle(
                    f"the segment would be asked of itself: {' → '.join(path)}; remove one of the references",
                    {"segments": ", ".join(path)},
                )
            if found := within.segment(node.segment_id):
                waiting.append((found.condition, found.scope, depth + 1, path))


class _Checker:
    """Checks the leaves of one condition."""

    def __init__(self, scope: RuleScope, limits: ConditionLimits, places: Places) -> None:
        self._scope = scope
        self._limits = limits
        self._places = places

    def spelled(self, condition: Condition) -> Condition:
        match condition:
            case And(parts):
                return And(tuple(map(self.spelled, parts)))
            case Or(parts):
                return Or(tuple(map(self.spelled, parts)))
            case Not(child):
                return Not(self.spelled(child))
            case _:
                return self._placed(condition)

    def _placed(self, leaf: Leaf) -> Leaf:
        place = self._places.get(id(leaf))
        return placed(lambda: self._leaf(leaf), place) if place else self._leaf(leaf)

    def _leaf(self, leaf: Leaf) -> Leaf:
        match leaf:
            case Predicate():
                return self._predicate(leaf)
            case Did() | FirstDid() | DidThen():
                return self._event(leaf)
            case HasTag(name):
                mark_column("tag", name, self._scope)
            case TopicIs(name):
                mark_column("topic", name, self._scope)
            case ConsentIs(name):
                mark_column("consent", name, self._scope)
            case InSegment(segment_id):
                segment_of(segment_id, self._scope)
            case Near():
                check_circle(leaf)
            case Sample(percent, salt):
                if not 0 <= percent <= MAX_PERCENT or len(salt) > MAX_SALT_CHARACTERS:
                    raise ConditionInvalid(
                        f"a sample is 0-{MAX_PERCENT} percent with a salt of at most {MAX_SALT_CHARACTERS} characters"
                    )
        return leaf

    def _predicate(self, leaf: Predicate) -> Predicate:
        column = column_of(leaf.subject, self._scope)
        subject = leaf.subject
        if isinstance(subject, FieldName) and (found := self._scope.field_of(subject.key)):
            subject = FieldName(found.key)
        return Predicate(subject, fitted(leaf.test, column, self._limits))

    def _event(self, leaf: Did | FirstDid | DidThen) -> Leaf:
        if leaf.window is not None:
            check_window(leaf.window, of_days=False)
        match leaf:
            case Did(match, _, relation, value, sum_of):
                if sum_of is not None:
                    _check_sum(sum_of, event_type_of(match, self._scope))
                check_relation(relation, value, is_sum=sum_of is not None)
                return dataclasses.replace(leaf, match=self._match(match))
            case FirstDid(match):
                return dataclasses.replace(leaf, match=self._match(match))
            case DidThen(first, second, within_millis):
                if not 0 < within_millis <= MAX_THEN_MILLIS:
                    raise ConditionInvalid("two events are more than 0 and at most ten years apart")
                first, second = self._match(first), self._match(second)
                return dataclasses.replace(leaf, first=first, second=second)

    def _match(self, match: EventMatch) -> EventMatch:
        event_type = event_type_of(match, self._scope)
        return EventMatch(
            match.event_type, tuple(self._where(test, event_type) for test in match.where)
        )

    def _where(self, test: PropertyTest, event_type: EventTypeScope) -> PropertyTest:
        column = property_of(test.key, event_type).column
        found = fitted(test.test, column, self._limits)
        if isinstance(found, InWindow | Anniversary):
            raise ConditionInvalid("a property is compared; windows are of the event itself")
        return PropertyTest(test.key, found, test.is_negative)


def _check_sum(key: str, event_type: EventTypeScope) -> None:
    if property_of(key, event_type).type is not FieldType.NUMBER:
        raise ConditionInvalid(f"property {key!r} is no number; only numbers are summed")
