"""Use cases of segments as definitions: title and rules, with every change as a revision."""

import dataclasses
import hashlib
import secrets
from collections.abc import Callable, Sequence

from segue._kernel import Plan, Schema
from segue.domain.account import Account
from segue.domain.membership import DescribedSegment
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.segment import (
    NO_RULES,
    Rules,
    RuleText,
    Segment,
    SegmentChange,
    SegmentRevision,
    check_title,
)
from segue.domain.timestamp import Clock
from segue.errors import (
    ResourceExists,
)
from segue.kernel import guard
from segue.rules.checks import check_size
from segue.rules.codes import VendorCode
from segue.rules.lowering import lower_members
from segue.rules.scope import SegmentRules
from segue.service.audience import Audiences
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_limit, check_rules
from segue.service.membership import Membership
from segue.service.rule_forms import LIMITS, add_group
from segue.service.segment_rows import described_in, in_use, own_segment_in, segment_in
from segue.service.sources import check_group_sizes
from segue.store import campaigns, journal, requests, segment_groups, segments
from segue.store.base import Connection, Store


class SegmentService:
    """Creates, reads, changes and deletes segments."""

    def __init__(
        self, store: Store, ledger: Ledger, membership: Membership, limits: Limits, clock: Clock
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._membership = membership
        self._limits = limits
        self._clock = clock

    async def create(
        self,
        account_id: str,
        list_id: str | None,
        title: str,
        rules: Rules,
        author: str,
        request_id: str = "",
    ) -> Segment:
        """Creates a segment; its members can be counted at once.

        Raises:
            FieldInvalid: The title is empty or too long (273).
            RulesInvalid: Rules are wrong; tells of all (277, 285).
            ConditionInvalid: A filter or JSON is wrong.
            PatternTooCostly: A regular expression is.
            ResourceExists: The title is taken on the list (275).
            LimitExceeded: The account has as many segments as it may, or the segment too many rules (283).
            ResourceNotFound: There is no such account or list.
        """
        check_title(title)
        account = await self._directory.account(account_id)
        fingerprint = hashlib.sha256(f"{list_id}\n{title}\n{rules}".encode()).digest()

        def work(tx: Connection, tick: int, schema: Schema) -> Segment:
            answer = requests.first_answer(
                tx, account.key, "CreateSegment", request_id, fingerprint
            )
            if answer is not None:
                return segment_in(tx, account, answer)
            self._check(rules, Audiences(tx, account).draft(list_id, rules, self._clock()), schema)
            self._check_title_is_free(tx, account, list_id, title)
            check_limit(
                "segments",
                segments.count_own(tx, account),
                self._limits.segments,
                VendorCode.LIMIT_REACHED,
            )
            segment_id = secrets.token_hex(16)
            segment = Segment(account_id, segment_id, list_id, title, rules, False, tick, tick, 1)  # noqa: FBT003
            segments.insert(tx, account, SegmentRevision(segment, author))
            requests.keep_answer(
                tx, account.key, "CreateSegment", request_id, fingerprint, segment_id, tick
            )
            return segment

        segment = await self._write(account, work)
        self._membership.refresh(account, [segment.segment_id])
        return segment

    async def get(self, account_id: str, segment_id: str) -> Segment:
        """Returns a segment.

        Raises:
            ResourceNotFound: There is no such account or segment (271).
        """
        account = await self._directory.account(account_id)
        return await self._store.read(lambda tx: segment_in(tx, account, segment_id))

    async def list(
        self, account_id: str, list_id: str | None, title: str, page: PageRequest
    ) -> Page[DescribedSegment]:
        """Lists segments by title, without counting their members; of one list unless None, of one title unless empty.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        after, limit = page.position("", ""), page.limit()

        def work(tx: Connection) -> list[DescribedSegment]:
            found = segments.select(tx, account, list_id, title, after, limit + 1)
            return described_in(tx, account, found)

        found = await self._store.read(work)
        last = found[limit - 1].segment if len(found) > limit else None
        token = encode_position(last.title.casefold(), last.segment_id) if last else ""
        return Page(tuple(found[:limit]), token)

    async def describe(self, account_id: str, segment: Segment) -> DescribedSegment:
        """Returns a segment with its rules in every form."""
        account = await self._directory.account(account_id)
        (described,) = await self._store.read(lambda tx: described_in(tx, account, [segment]))
        return described

    async def update(
        self, account_id: str, segment_id: str, change: SegmentChange, author: str, etag: str
    ) -> Segment:
        """Changes title and rules.

        Raises:
            FieldInvalid: The title is empty or too long (273).
            ResourceExists: The title is taken on the list (275).
            ResourceChanged: The etag is not the segment's.
            SegmentSystem: It is one of the engagement segments (284).
            SegueError: What `create` refuses rules with.
        """
        if change.title is not None:
            check_title(change.title)

        def changed(_: Connection, old: Segment) -> Segment:
            return dataclasses.replace(
                old,
                title=old.title if change.title is None else change.title,
                rules=old.rules if change.rules is None else change.rules,
            )

        return await self._change(account_id, segment_id, changed, author, etag)

    async def add_rule_group(
        self,
        account_id: str,
        segment_id: str,
        group: Sequence[RuleText],
        author: str,
        etag: str,
    ) -> Segment:
        """Adds a group that members must satisfy besides the rules there are, which keep their form.

        Raises:
            SegueError: As `update`.
        """

        def changed(tx: Connection, old: Segment) -> Segment:
            audiences = Audiences(tx, old_account)
            scope = audiences.scope(old.list_id, self._clock())
            rules = add_group(old.rules, audiences.saved(old).condition, (tuple(group),), scope)
            return dataclasses.replace(old, rules=rules)

        old_account = await self._directory.account(account_id)
        return await self._change(account_id, segment_id, changed, author, etag)

    async def clear_rules(
        self, account_id: str, segment_id: str, author: str, etag: str
    ) -> Segment:
        """Removes all rules.

        Raises:
            SegueError: As `update`.
        """
        return await self._change(
            account_id,
            segment_id,
            lambda _, old: dataclasses.replace(old, rules=NO_RULES),
            author,
            etag,
        )

    async def delete(self, account_id: str, segment_id: str, etag: str = "") -> None:
        """Deletes a segment with its revisions; exports that were opened on it go on.

        Raises:
            ResourceNotFound: There is no such account or segment (271).
            ResourceChanged: The etag is not the segment's.
            SegmentSystem: It is one of the engagement segments (284).
            StateForbids: A draft of a campaign names it (272), or rules of another segment or a segment group do.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> None:
            segment = own_segment_in(tx, account, segment_id, etag)
            if drafts := campaigns.drafts_of_segment(tx, account, segment_id):
                raise in_use(segment, drafts[0].name, VendorCode.SEGMENT_HAS_CAMPAIGNS)
            if users := segments.select_dependents(tx, account, segment_id):
                raise in_use(segment, users[0].name)
            if groups := segment_groups.users_of_segment(tx, account, segment_id):
                raise in_use(segment, groups[0].name)
            segments.delete(tx, account, segment_id)

        await self._store.write(work)
        self._membership.refresh(account, [segment_id])

    async def _change(
        self,
        account_id: str,
        segment_id: str,
        changed: Callable[[Connection, Segment], Segment],
        author: str,
        etag: str,
    ) -> Segment:
        """Writes what a segment is changed to as its next revision; nothing when it stays what it is."""
        account = await self._directory.account(account_id)
        touched: list[str] = []

        def work(tx: Connection, tick: int, schema: Schema) -> Segment:
            old = own_segment_in(tx, account, segment_id, etag)
            new = changed(tx, old)
            if new == old:
                return old
            if new.rules != old.rules:
                audience = Audiences(tx, account).draft(
                    new.list_id, new.rules, self._clock(), segment_id
                )
                self._check(new.rules, audience, schema)
            if new.title.casefold() != old.title.casefold():
                self._check_title_is_free(tx, account, new.list_id, new.title)
            new = dataclasses.replace(new, update_millis=tick, version=old.version + 1)
            segments.update(tx, account, SegmentRevision(new, author))
            touched.append(segment_id)
            if new.rules != old.rules:
                dependents = segments.select_dependents(tx, account, segment_id)
                _check_sizes(Audiences(tx, account), dependents)
                touched.extend(item.segment_id for item in dependents)
                check_group_sizes(
                    tx, account, segment_groups.select_dependents(tx, account, touched)
                )
            return new

        segment = await self._write(account, work)
        if touched:
            self._membership.refresh(account, touched)
        return segment

    async def _write(
        self, account: Account, work: Callable[[Connection, int, Schema], Segment]
    ) -> Segment:
        """Writes a segment at a tick of the change clock, so that every export lies clearly before or after it.

        The definitions stay as they are meanwhile, so `work` gets the schema they are of.
        """
        async with self._ledger.use(account) as live, live.order:
            schema = await self._ledger.schemas.get(account.key, live.schema_version)
            tick = live.clock.mark(self._clock())

            def marked(tx: Connection) -> Segment:
                journal.set_marked(tx, account.key, tick)
                return work(tx, tick, schema)

            return await self._store.write(marked)

    def _check(self, rules: Rules, audience: SegmentRules, schema: Schema) -> None:
        """Checks what only the whole of rules shows: their number, and that the kernel takes them.

        Raises:
            LimitExceeded: There are too many (283).
            PatternTooCostly: A regular expression is malformed or too costly.
        """
        check_rules(rules, audience.condition, self._limits)
        now = self._clock()
        guard.guarded(Plan, schema, lower_members(*audience, now), now)

    def _check_title_is_free(
        self, tx: Connection, account: Account, list_id: str | None, title: str
    ) -> None:
        if segments.select(tx, account, list_id or "", title, limit=1):
            raise ResourceExists(
                f"a segment titled {title!r} exists there; choose another title",
                {"name": title, "vendor_code": VendorCode.TITLE_DUPLICATE},
            )


def _check_sizes(audiences: Audiences, dependents: Sequence[Segment]) -> None:
    """Checks that segments have not grown too large by one that they name.

    Raises:
        ConditionTooLarge: One has.
    """
    for segment in dependents:
        condition, scope = audiences.saved(segment)
        check_size(condition, scope, LIMITS)
