"""Where exports take profiles from: segments, a group that combines them, or the whole account; as one condition."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from segue.domain.account import Account
from segue.domain.condition import And, Condition, InSegment, Not, Or
from segue.domain.segment_group import (
    Combination,
    GroupRef,
    Operand,
    SegmentGroup,
    SegmentOperator,
    SegmentRef,
)
from segue.errors import ResourceNotFound, SegmentCycle
from segue.rules.checks import check_size
from segue.rules.fit import ConditionLimits
from segue.rules.lowering import lower_members
from segue.rules.scope import SegmentRules
from segue.rules.tree import EVERYONE
from segue.service.audience import Audiences
from segue.store import definitions, segment_groups
from segue.store.base import Connection

LIMITS: Final = ConditionLimits(depth=56, nodes=3_000)
"""How large a group, or several segments, may be with all they name: what is lowered from it stays within the kernel's 60 levels and 10,000 nodes."""


def lower_source(
    tx: Connection,
    account: Account,
    segment_ids: Sequence[str],
    group_id: str | None,
    now_millis: int,
    states: Sequence[int] = (),
    as_of_millis: int | None = None,
) -> bytes | None:
    """Writes the kernel's condition of the profiles of any of the segments, of the group, or of the whole account without either.

    Args:
        tx: Open transaction.
        account: Owner of them all.
        segment_ids: Segments, for profiles of any of them.
        group_id: A group instead of segments.
        now_millis: The moment whose day is today.
        states: Positions in `MEMBERSHIP_STATES`, which members have on the lists of their segments; none is active members. For
            segments of the whole account, and for the account itself, some list is enough.
        as_of_millis: Tick at which rules and combinations were in force; None for those there are now. Segments that are younger have
            their first rules; groups that are younger were not there.

    Returns:
        JSON for `segue._kernel.Plan`; None for all profiles of the account.

    Raises:
        ResourceNotFound: There is no such segment or group, or it was not there as of the tick.
        ConditionTooLarge: Several segments are too large together.
        SegueError: Rules that were in force name what is no longer there.
    """
    if not (segment_ids or group_id is not None or states):
        return None
    sources = Sources(tx, account, as_of_millis)
    rules = sources.of_segments(segment_ids) if group_id is None else sources.of_group(group_id)
    if len(segment_ids) > 1:
        check_size(*rules, LIMITS)
    if states:
        rules = sources.with_states(rules)
    return lower_members(*rules, now_millis, states)


class Sources:
    """Reads segments and groups of one account as conditions, with all they name.

    A group that is named more than once is one condition, so reading takes no longer than there are groups, whatever they name.
    """

    def __init__(self, tx: Connection, account: Account, as_of_millis: int | None = None) -> None:
        """Begins to read; `as_of_millis` is a tick at which rules and combinations were in force, None for now."""
        self._tx = tx
        self._account = account
        self._as_of_millis = as_of_millis
        self._audiences = Audiences(tx, account, as_of_millis=as_of_millis)
        self._groups: dict[str, Condition] = {}
        self._path: list[str] = []

    def of_segments(self, segment_ids: Sequence[str]) -> SegmentRules:
        """Reads the members of any of the segments; of none of them all profiles.

        Raises:
            ResourceNotFound: There is no such segment (271).
        """
        if len(segment_ids) == 1:
            return self._audiences.named(segment_ids[0])
        distinct = tuple(map(self._segment, dict.fromkeys(segment_ids)))
        return SegmentRules(Or(distinct) if distinct else EVERYONE, self._audiences.scope(None))

    def of_group(self, group_id: str) -> SegmentRules:
        """Reads a group.

        Raises:
            ResourceNotFound: There is no such group, segment or group in it.
            SegmentCycle: Groups named each other in a circle.
        """
        return SegmentRules(self._group(group_id), self._audiences.scope(None))

    def of_combination(self, combination: Combination, own_id: str) -> SegmentRules:
        """Reads a combination that a group is to have.

        Raises:
            ResourceNotFound: There is no such segment or group in it.
            SegmentCycle: It would lead back to the group.
        """
        self._path = [own_id]
        return SegmentRules(self._condition(combination), self._audiences.scope(None))

    def with_states(self, rules: SegmentRules) -> SegmentRules:
        """Returns rules that can be lowered with states, of the whole account too."""
        lists = definitions.select_lists(self._tx, self._account)
        columns = tuple(item.column for item in lists)
        return SegmentRules(
            rules.condition, dataclasses.replace(rules.scope, state_columns=columns)
        )

    def _segment(self, segment_id: str) -> InSegment:
        self._audiences.named(segment_id)
        return InSegment(segment_id)

    def _group(self, group_id: str) -> Condition:
        found = self._groups.get(group_id)
        if found is None:
            self._path.append(group_id)
            if group_id in self._path[:-1]:
                raise _cycle(self._path)
            found = self._groups[group_id] = self._condition(self._combination(group_id))
            self._path.pop()
        return found

    def _combination(self, group_id: str) -> Combination:
        name = f"{self._account.name}/segmentGroups/{group_id}"
        if self._as_of_millis is None:
            group = segment_groups.find(self._tx, self._account, group_id)
            if group is None:
                raise ResourceNotFound(name)
            return group.combination
        then = segment_groups.find_in_force(self._tx, self._account, group_id, self._as_of_millis)
        if then is None:
            raise ResourceNotFound(name)
        return then.combination

    def _condition(self, operand: Operand) -> Condition:
        match operand:
            case SegmentRef(segment_id):
                return self._segment(segment_id)
            case GroupRef(group_id):
                return self._group(group_id)
            case Combination(operator, operands):
                return combined(operator, tuple(map(self._condition, operands)))


def combined(operator: SegmentOperator, parts: Sequence[Condition]) -> Condition:
    """Returns operands as one condition; for EXCEPT the first and none of the others."""
    match operator:
        case SegmentOperator.AND:
            return And(tuple(parts))
        case SegmentOperator.OR:
            return Or(tuple(parts))
        case SegmentOperator.EXCEPT:
            return And((parts[0], *map(Not, parts[1:])))


def check_group_sizes(tx: Connection, account: Account, groups: Sequence[SegmentGroup]) -> None:
    """Checks that groups have not grown too large by what they name.

    Raises:
        ConditionTooLarge: One has.
    """
    sources = Sources(tx, account)
    for group in groups:
        check_size(*sources.of_group(group.group_id), LIMITS)


def _cycle(path: Sequence[str]) -> SegmentCycle:
    return SegmentCycle(
        f"the group would lead back to itself: {' → '.join(path)}; remove one of the references",
        {"segments": ", ".join(path)},
    )
