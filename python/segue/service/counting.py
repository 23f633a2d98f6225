"""Use cases of counting: saved segments from their kept members; drafts, other moments and other zones by evaluation."""

from typing import Final

from segue.domain.condition import Condition, Not, Or
from segue.domain.membership import (
    DescribedSegment,
    GroupCount,
    MemberCount,
    RuleCount,
)
from segue.domain.segment import Draft, Evaluation, Segment
from segue.errors import ResourceNotFound
from segue.kernel import guard
from segue.rules.filter.printer import filter_text
from segue.rules.groups import groups_of
from segue.rules.scope import SegmentRules
from segue.service.audience import Audiences
from segue.service.evaluation import Evaluated, Evaluations
from segue.service.ledger import Ledger
from segue.service.membership import Membership
from segue.service.rule_forms import in_every_form
from segue.service.segment_rows import segment_in
from segue.store import segments
from segue.store.base import Connection, Store

NOW: Final = Evaluation()


class CountService:
    """Counts members, and tells which segments a profile is a member of."""

    def __init__(
        self, store: Store, ledger: Ledger, membership: Membership, evaluations: Evaluations
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._membership = membership
        self._evaluations = evaluations

    async def describe(self, account_id: str, segment_id: str) -> DescribedSegment:
        """Returns a segment with its rules in every form and its number of members.

        Raises:
            ResourceNotFound: There is no such account or segment (271).
        """
        account = await self._ledger.directory.account(account_id)

        def work(tx: Connection) -> tuple[Segment, SegmentRules]:
            segment = segment_in(tx, account, segment_id)
            return segment, Audiences(tx, account).saved(segment)

        segment, rules = await self._store.read(work)
        evaluated = await self._evaluations.of_saved(account, segment, rules)
        return DescribedSegment(
            segment, in_every_form(segment.rules, rules.condition), await evaluated.members()
        )

    async def count(
        self,
        account_id: str,
        target: str | Draft,
        evaluation: Evaluation = NOW,
        *,
        include_breakdown: bool = False,
        estimate_only: bool = False,
    ) -> MemberCount:
        """Counts the members of a saved segment, by id, or of rules that are not saved.

        Raises:
            SegueError: What `Evaluations.of` raises.
        """
        evaluated = await self._evaluations.of(account_id, target, evaluation)
        cost, revision = await evaluated.cost(), evaluated.snapshot.revision
        if estimate_only:
            return MemberCount(0, 0, revision, evaluated.millis, cost)
        members, candidates = await evaluated.members(), await evaluated.count()
        groups = await _groups(evaluated, candidates) if include_breakdown else ()
        return MemberCount(members, candidates, revision, evaluated.millis, cost, groups)

    async def segments_of(
        self, account_id: str, profile_id: str
    ) -> tuple[list[DescribedSegment], int]:
        """Returns the segments that a profile is a member of, by title, and the revision they were read at.

        Raises:
            ResourceNotFound: There is no such account or profile.
        """
        account = await self._ledger.directory.account(account_id)

        def work(tx: Connection) -> list[tuple[Segment, SegmentRules]]:
            audiences = Audiences(tx, account)
            return [(item, audiences.saved(item)) for item in segments.select(tx, account)]

        saved = await self._store.read(work)
        async with self._ledger.use(account) as live:
            members = self._membership.of(live)
            snapshot, right = await members.snapshot([item.segment_id for item, _ in saved])
            schema = await self._ledger.schemas.get(account.key, live.schema_version)
        kept = await guard.run(snapshot.segments_of, profile_id)
        if kept is None:
            raise ResourceNotFound(f"{account.name}/profiles/{profile_id}")
        found = []
        for segment, rules in saved:
            if segment.segment_id in right:
                is_member = segment.segment_id in kept
            else:
                is_member = await self._evaluations.on(schema, snapshot, rules).has(profile_id)
            if is_member:
                found.append(
                    DescribedSegment(segment, in_every_form(segment.rules, rules.condition))
                )
        return found, snapshot.revision


async def _groups(evaluated: Evaluated, candidates: int) -> tuple[GroupCount, ...]:
    """Counts every group and every rule, and whom each group alone keeps out: two passes a group and one a rule."""
    groups = groups_of(evaluated.rules.condition)
    counts = []
    for position, group in enumerate(groups):
        others = [Or(other) for other in (*groups[:position], *groups[position + 1 :])]
        rules = [await _rule(evaluated, rule, candidates) for rule in group]
        counts.append(
            GroupCount(
                members=await evaluated.count(Or(group)),
                sole_excluded=await evaluated.count(*others, Not(Or(group))),
                rules=tuple(rules),
            )
        )
    return tuple(counts)


async def _rule(evaluated: Evaluated, rule: Condition, candidates: int) -> RuleCount:
    members = await evaluated.count(rule)
    return RuleCount(filter_text(rule), members, candidates - members)
