"""Use cases of segments."""

import hashlib
import secrets
from collections.abc import AsyncIterator

from segue._kernel import Plan, Schema, Snapshot
from segue.domain.account import Account
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.profile import BlockFormat
from segue.domain.segment import MemberCount, RuleGroups, Segment, check_title, encode_rule_groups
from segue.domain.timestamp import Clock
from segue.errors import ResourceExists, ResourceNotFound
from segue.kernel import guard
from segue.rules.clause import parse_rule_groups
from segue.rules.lowering import lower_candidates, lower_members
from segue.service.audience import members_in, scope_in
from segue.service.blocks import read_blocks
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_limit
from segue.store import definitions, requests
from segue.store.base import Connection, Store


class SegmentService:
    """Creates, reads, counts, streams and deletes segments."""

    def __init__(self, store: Store, ledger: Ledger, limits: Limits, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._limits = limits
        self._clock = clock

    async def create(
        self,
        account_id: str,
        list_id: str | None,
        title: str,
        rule_groups: RuleGroups,
        request_id: str = "",
    ) -> Segment:
        """Creates a segment; its members can be counted at once.

        Raises:
            FieldInvalid: The title is empty or too long.
            RulesInvalid: Rules are wrong; tells of all.
            ResourceExists: The title is taken on the list.
            LimitExceeded: The account has as many segments as it may, or the segment too many rules.
            ResourceNotFound: There is no such account or list.
        """
        check_title(title)
        check_limit(
            "rules_per_segment", sum(map(len, rule_groups)) - 1, self._limits.rules_per_segment
        )
        account = await self._directory.account(account_id)
        fingerprint = hashlib.sha256(
            f"{list_id}\n{title}\n{encode_rule_groups(rule_groups)}".encode()
        ).digest()
        now = self._clock()

        def work(tx: Connection) -> Segment:
            answer = requests.first_answer(
                tx, account.key, "CreateSegment", request_id, fingerprint
            )
            if answer is not None:
                return segment_in(tx, account, answer)
            parse_rule_groups(rule_groups, scope_in(tx, account, list_id, now))
            if definitions.select_segments(tx, account, list_id or "", title, ("", ""), 1):
                raise ResourceExists(
                    f"a segment titled {title!r} exists there; choose another title",
                    {"name": title},
                )
            check_limit(
                "segments",
                definitions.count_rows(tx, "segment", account.key),
                self._limits.segments,
            )
            segment = Segment(
                account_id, secrets.token_hex(16), list_id, title, rule_groups, now, now, 1
            )
            definitions.insert_segment(tx, account, segment)
            requests.keep_answer(
                tx, account.key, "CreateSegment", request_id, fingerprint, segment.segment_id, now
            )
            return segment

        return await self._store.write(work)

    async def get(self, account_id: str, segment_id: str) -> tuple[Segment, MemberCount]:
        """Returns a segment with its members counted.

        Raises:
            ResourceNotFound: There is no such account or segment.
        """
        account = await self._directory.account(account_id)
        segment = await self._store.read(lambda tx: segment_in(tx, account, segment_id))
        return segment, await self.count(account_id, segment_id)

    async def list(
        self, account_id: str, list_id: str | None, title: str, page: PageRequest
    ) -> Page[Segment]:
        """Lists segments by title, without counting their members; of one list unless None, of one title unless empty.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        after, limit = page.position("", ""), page.limit()
        found = await self._store.read(
            lambda tx: definitions.select_segments(tx, account, list_id, title, after, limit + 1)
        )
        last = found[limit - 1] if len(found) > limit else None
        token = encode_position(last.title.casefold(), last.segment_id) if last else ""
        return Page(tuple(found[:limit]), token)

    async def delete(self, account_id: str, segment_id: str) -> None:
        """Deletes a segment; exports that were opened on it go on.

        Raises:
            ResourceNotFound: There is no such account or segment.
        """
        account = await self._directory.account(account_id)
        if not await self._store.write(
            lambda tx: definitions.delete_segment(tx, account, segment_id)
        ):
            raise ResourceNotFound(f"{account.name}/segments/{segment_id}")

    async def count(self, account_id: str, segment_id: str) -> MemberCount:
        """Counts a segment's members.

        Raises:
            ResourceNotFound: There is no such account or segment.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> tuple[bytes, bytes]:
            segment = segment_in(tx, account, segment_id)
            scope = scope_in(tx, account, segment.list_id, None)
            condition = parse_rule_groups(segment.rule_groups, scope)
            return lower_members(condition, scope, self._clock()), lower_candidates(scope)

        return await self._count(account, *await self._store.read(work))

    async def count_draft(
        self, account_id: str, list_id: str | None, rule_groups: RuleGroups
    ) -> MemberCount:
        """Counts those who satisfy rules that are not saved.

        Raises:
            RulesInvalid: Rules are wrong; tells of all.
            ResourceNotFound: There is no such account or list.
        """
        check_limit(
            "rules_per_segment", sum(map(len, rule_groups)) - 1, self._limits.rules_per_segment
        )
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> tuple[bytes, bytes]:
            scope = scope_in(tx, account, list_id, self._clock())
            condition = parse_rule_groups(rule_groups, scope)
            return lower_members(condition, scope, self._clock()), lower_candidates(scope)

        return await self._count(account, *await self._store.read(work))

    async def stream_members(
        self, account_id: str, segment_id: str, block_format: BlockFormat
    ) -> AsyncIterator[bytes]:
        """Yields a segment's members as they are now, as serialized responses.

        Raises:
            ResourceNotFound: There is no such account or segment.
        """
        account = await self._directory.account(account_id)
        segment = await self._store.read(lambda tx: segment_in(tx, account, segment_id))
        condition = await self._store.read(
            lambda tx: members_in(tx, account, segment, self._clock())
        )
        schema, snapshot = await self._state(account)
        export = await guard.run(
            lambda: snapshot.export(
                schema,
                Plan(schema, condition, self._clock()),
                block_format,
                segment.list_id,
                changed_from_millis=None,
                plan_before=None,
                include_removed=False,
                block_bytes=self._limits.export_block_bytes,
            )
        )
        async for block in read_blocks(export, 0):
            yield block

    async def _count(self, account: Account, condition: bytes, asked: bytes) -> MemberCount:
        schema, snapshot = await self._state(account)

        def count() -> tuple[int, int]:
            members = snapshot.count(Plan(schema, condition, self._clock()))
            return members, snapshot.count(Plan(schema, asked, self._clock()))

        return MemberCount(*await guard.run(count), snapshot.revision, self._clock())

    async def _state(self, account: Account) -> tuple[Schema, Snapshot]:
        _, schema = await self._ledger.schema(account)
        return schema, await self._ledger.snapshot(account)


def segment_in(tx: Connection, account: Account, segment_id: str) -> Segment:
    """Returns a segment inside a transaction.

    Raises:
        ResourceNotFound: There is no such segment.
    """
    segment = definitions.find_segment(tx, account, segment_id)
    if segment is None:
        raise ResourceNotFound(f"{account.name}/segments/{segment_id}")
    return segment
