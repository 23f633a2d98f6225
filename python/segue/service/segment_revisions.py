"""Use cases of revisions: what a segment was, who changed it, and what a change means for its members."""

from segue._kernel import Plan
from segue.domain.account import Account
from segue.domain.condition import And, Condition, Not
from segue.domain.membership import DescribedSegment, RevisionComparison
from segue.domain.page import MAX_POSITION, Page, PageRequest, encode_position
from segue.domain.segment import Segment, SegmentRevision
from segue.domain.timestamp import Clock
from segue.errors import ResourceNotFound
from segue.kernel import guard
from segue.rules.filter.printer import filter_text
from segue.rules.lowering import lower_members
from segue.rules.scope import SegmentRules
from segue.service.audience import Audiences
from segue.service.evaluation import present
from segue.service.ledger import Ledger
from segue.service.segment_rows import described_in, segment_in
from segue.store import segments
from segue.store.base import Connection, Store


class SegmentRevisionService:
    """Lists and compares revisions."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._clock = clock

    async def list(
        self, account_id: str, segment_id: str, page: PageRequest
    ) -> Page[tuple[SegmentRevision, DescribedSegment]]:
        """Lists a segment's revisions, the newest first, each with its rules in every form.

        Raises:
            ResourceNotFound: There is no such account or segment (271).
        """
        account = await self._ledger.directory.account(account_id)
        before, limit = int(page.position(MAX_POSITION)[0]), page.limit()

        def work(tx: Connection) -> list[tuple[SegmentRevision, DescribedSegment]]:
            segment = segment_in(tx, account, segment_id)
            found = segments.select_revisions(tx, account, segment, before, limit + 1)
            described = described_in(tx, account, [revision.segment for revision in found])
            return list(zip(found, described, strict=True))

        found = await self._store.read(work)
        last = found[limit - 1][1].segment if len(found) > limit else None
        return Page(tuple(found[:limit]), encode_position(last.version) if last else "")

    async def compare(
        self, account_id: str, segment_id: str, from_number: int, to_number: int
    ) -> RevisionComparison:
        """Compares two revisions on the profiles as they are now.

        Raises:
            ResourceNotFound: There is no such account, segment or revision (271).
        """
        account = await self._ledger.directory.account(account_id)

        def work(tx: Connection) -> tuple[Segment, Segment, SegmentRules, SegmentRules]:
            segment = segment_in(tx, account, segment_id)
            former = _revision_in(tx, account, segment, from_number)
            later = _revision_in(tx, account, segment, to_number)
            audiences = Audiences(tx, account)
            return former, later, audiences.saved(former), audiences.saved(later)

        former, later, before, after = await self._store.read(work)
        entering, leaving, staying = await self._count(account, before, after)
        return RevisionComparison(
            _missing(before, after),
            _missing(after, before),
            entering,
            leaving,
            staying,
            "" if former.title == later.title else former.title,
        )

    async def _count(
        self, account: Account, before: SegmentRules, after: SegmentRules
    ) -> tuple[int, int, int]:
        _, schema = await self._ledger.schema(account)
        snapshot = await self._ledger.snapshot(account)
        now = present(snapshot, self._clock)

        async def count(*conditions: Condition) -> int:
            lowered = lower_members(And(conditions), after.scope, now)
            return await guard.run(lambda: snapshot.count(Plan(schema, lowered, now)))

        entering = await count(after.condition, Not(before.condition))
        leaving = await count(before.condition, Not(after.condition))
        return entering, leaving, await count(before.condition, after.condition)


def _missing(rules: SegmentRules, others: SegmentRules) -> tuple[str, ...]:
    """Returns the groups that only the first rules have, as filters."""
    known = set(_groups(others.condition))
    return tuple(
        filter_text(group)
        for group in dict.fromkeys(_groups(rules.condition))
        if group not in known
    )


def _groups(condition: Condition) -> tuple[Condition, ...]:
    return condition.children if isinstance(condition, And) else (condition,)


def _revision_in(tx: Connection, account: Account, segment: Segment, number: int) -> Segment:
    found = segments.find_revision(tx, account, segment, number)
    if found is None:
        raise ResourceNotFound(f"{segment.name}/revisions/{number}")
    return found.segment
