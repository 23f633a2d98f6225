"""From the condition tree of names to the JSON that the kernel compiles.

Every leaf becomes one leaf of the kernel, except `Located`, which becomes two, and `InSegment`, which becomes the conditions of the segment
it names. Windows of the calendar become absolute as of a moment; rolling ones of times stay relative, so that the kernel answers for other
moments too.
"""

import json
from collections.abc import Sequence
from typing import Final

from segue.domain.condition import (
    And,
    Anniversary,
    Between,
    CalendarPeriod,
    Condition,
    ConsentIs,
    Did,
    DidThen,
    EventMatch,
    FirstDid,
    HasTag,
    InSegment,
    Leaf,
    Located,
    Near,
    Not,
    Or,
    Predicate,
    PropertyTest,
    Rolling,
    Sample,
    TopicIs,
)
from segue.domain.field import FieldType
from segue.domain.list import MEMBERSHIP_STATES
from segue.rules.comparisons import Json, any_of, lower_test, lower_window, point, range_of
from segue.rules.days import end_millis
from segue.rules.names import column_of, event_type_of, mark_column, property_of, segment_of
from segue.rules.scope import EventTypeScope, RuleScope
from segue.rules.tree import leaves, window_in
from segue.rules.windows import Moment, TimeBounds, day_bounds, time_bounds

PLACE_COLUMNS: Final = (11, 12)
"""The kernel's columns of latitude and longitude."""

_ACTIVE: Final = MEMBERSHIP_STATES.index("Active")


def lower(condition: Condition, scope: RuleScope, now_millis: int) -> bytes:
    """Writes a condition as the JSON that `segue._kernel.Plan` reads.

    Args:
        condition: Checked against the scope.
        scope: What its names mean, and the time zone of its days.
        now_millis: The moment whose day is today.

    Raises:
        ConditionInvalid: It names what is no longer there.
    """
    return _encode(_Lowering(scope, now_millis).condition(condition))


def lower_members(
    condition: Condition, scope: RuleScope, now_millis: int, states: Sequence[int] = ()
) -> bytes:
    """Writes the condition of a segment's members: candidates who satisfy its rules.

    Candidates are a list's active members, or every profile. With states they are a list's members in any of them, or those who are in
    one of them on some list of the account; lists of segments that the rules name are looked at in the same states.

    Args:
        condition: Checked against the scope.
        scope: What its names mean; states in the whole account are looked for in its `state_columns`.
        now_millis: The moment whose day is today.
        states: Positions in `MEMBERSHIP_STATES`; none is active members.

    Raises:
        ConditionInvalid: It names what is no longer there.
    """
    lowering = _Lowering(scope, now_millis, states)
    if scope.membership is not None or not states:
        return _encode(lowering.members(condition))
    anywhere = [_predicate(column, any_of(states)) for column in scope.state_columns]
    return _encode({"and": [{"or": anywhere}, lowering.members(condition)]})


def _encode(lowered: Json) -> bytes:
    return json.dumps(lowered, separators=(",", ":"), allow_nan=False).encode()


def _predicate(column: int, test: Json) -> Json:
    return {"predicate": {"column": column, **test}}


class _Lowering:
    """Lowers the conditions of one scope at one moment."""

    def __init__(self, scope: RuleScope, now_millis: int, states: Sequence[int] = ()) -> None:
        self._scope = scope
        self._moment = Moment(now_millis, scope.time_zone)
        self._states = states or (_ACTIVE,)

    def members(self, condition: Condition) -> Json:
        parts = condition.children if isinstance(condition, And) else (condition,)
        return {"and": [self._candidates(), *map(self.condition, parts)]}

    def _candidates(self) -> Json:
        """Returns who may be a member. States in the whole account are looked at once, around everything, not for each segment named."""
        if self._scope.membership is None:
            return {"and": []}
        return _predicate(self._scope.membership.state, any_of(self._states))

    def condition(self, condition: Condition) -> Json:
        match condition:
            case And(children):
                return {"and": [self.condition(child) for child in children]}
            case Or(children):
                return {"or": [self.condition(child) for child in children]}
            case Not(child):
                return {"not": self.condition(child)}
            case _:
                return self._leaf(condition)

    def _leaf(self, leaf: Leaf) -> Json:
        match leaf:
            case Predicate(subject, test):
                column = column_of(subject, self._scope)
                return _predicate(column.number, lower_test(test, column, self._moment))
            case HasTag() | TopicIs() | ConsentIs():
                return self._mark(leaf)
            case Near(latitude, longitude, radius):
                point = {"latitude": latitude, "longitude": longitude}
                return {"near": {**point, "radius_metres": radius}}
            case Located():
                return {"and": [_predicate(column, {"op": "provided"}) for column in PLACE_COLUMNS]}
            case Sample(percent, salt):
                return {"sample": {"percent": percent, "salt": salt}}
            case InSegment(segment_id):
                found = segment_of(segment_id, self._scope)
                within = _Lowering(found.scope, self._moment.millis, self._states)
                return within.members(found.condition)
            case _:
                return self._event(leaf)

    def _mark(self, leaf: HasTag | TopicIs | ConsentIs) -> Json:
        match leaf:
            case HasTag(name):
                kind, is_true = "tag", True
            case TopicIs(name, is_true):
                kind = "topic"
            case ConsentIs(name, is_true):
                kind = "consent"
        return _predicate(mark_column(kind, name, self._scope), any_of((int(is_true),)))

    def _event(self, leaf: Did | FirstDid | DidThen) -> Json:
        window = None if leaf.window is None else lower_window(leaf.window, self._moment)
        match leaf:
            case Did(match, _, relation, value, sum_of):
                event_type = event_type_of(match, self._scope)
                number = None if sum_of is None else property_of(sum_of, event_type).number
                bounds = range_of(relation, point(value))
                return {"did": self._match(match) | {"window": window, "sum_of": number} | bounds}
            case FirstDid(match):
                return {"first_did": self._match(match) | {"window": window}}
            case DidThen(first, second, within_millis):
                pair = {"first": self._match(first), "second": self._match(second)}
                return {"did_then": {**pair, "within_millis": within_millis, "window": window}}

    def _match(self, match: EventMatch) -> Json:
        event_type = event_type_of(match, self._scope)
        where = [self._where(test, event_type) for test in match.where]
        return {"event_type": event_type.code, "where": where}

    def _where(self, test: PropertyTest, event_type: EventTypeScope) -> Json:
        column = property_of(test.key, event_type).column
        lowered = lower_test(test.test, column, self._moment)
        return {"property": column.number, **lowered, "negative": test.is_negative}


def referenced_columns(condition: Condition, scope: RuleScope) -> frozenset[int]:
    """Returns the columns that a condition reads itself: a field or mark is in use when its column is among them."""
    return frozenset(number for leaf in leaves(condition) for number in _columns(leaf, scope))


def _columns(leaf: Leaf, scope: RuleScope) -> tuple[int, ...]:
    match leaf:
        case Predicate(subject):
            return (column_of(subject, scope).number,)
        case HasTag(name):
            return (mark_column("tag", name, scope),)
        case TopicIs(name):
            return (mark_column("topic", name, scope),)
        case ConsentIs(name):
            return (mark_column("consent", name, scope),)
        case Near() | Located():
            return PLACE_COLUMNS
        case _:
            return ()


def window_of(leaf: Leaf, scope: RuleScope, now_millis: int) -> TimeBounds | None:
    """Returns the instants of a leaf's window as of a moment, None when it has none; those of days begin and end with them."""
    window = window_in(leaf)
    if window is None or (isinstance(leaf, Predicate) and isinstance(leaf.test, Anniversary)):
        return None
    moment = Moment(now_millis, scope.time_zone)
    if _is_of_days(leaf, scope):
        first, last = day_bounds(window, moment)
        return time_bounds(Between(first, last), moment)
    start, end, is_relative = time_bounds(window, moment)
    base = now_millis if is_relative else 0
    return TimeBounds(None if start is None else base + start, None if end is None else base + end)


def _is_of_days(leaf: Leaf, scope: RuleScope) -> bool:
    return isinstance(leaf, Predicate) and column_of(leaf.subject, scope).type is FieldType.DATE


def calendar_due(condition: Condition, scope: RuleScope, now_millis: int) -> int | None:
    """Returns the next moment at which a condition must be lowered anew, since a day begins that its windows depend on; None for never."""
    dues = [due for leaf in leaves(condition) if (due := _due(leaf, scope, now_millis)) is not None]
    return min(dues, default=None)


def _due(leaf: Leaf, scope: RuleScope, now_millis: int) -> int | None:
    if isinstance(leaf, InSegment):
        found = segment_of(leaf.segment_id, scope)
        return calendar_due(found.condition, found.scope, now_millis)
    window = window_in(leaf)
    by_calendar = isinstance(window, CalendarPeriod) or (
        isinstance(window, Rolling) and _is_of_days(leaf, scope)
    )
    return _next_midnight(Moment(now_millis, scope.time_zone)) if by_calendar else None


def _next_midnight(moment: Moment) -> int | None:
    return end_millis(moment.today, moment.zone)
