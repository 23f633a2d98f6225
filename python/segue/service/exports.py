"""Use cases of exports: Initiate, Status, Retrieve (seeds 000 and 001).

An export is a revision, a schema version, a condition and a format; its bytes are a pure function of these. So it resumes at any
offset, after a restart too: the revision is built again from snapshot and journal, which compaction leaves until the export expires.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from segue import _kernel
from segue._kernel import Export, Plan, Schema, Snapshot
from segue.domain.account import Account
from segue.domain.job import ExportOpened, ExportRequest, ExportState, ExportStatus
from segue.domain.secret import Secret
from segue.domain.segment import Segment
from segue.domain.timestamp import Clock, parse_timestamp
from segue.errors import SegueError, TimeInvalid, TimeOutOfRange
from segue.kernel import guard
from segue.rules.lowering import lower_members
from segue.service.audience import Audiences
from segue.service.blocks import read_blocks
from segue.service.ledger import Ledger, Pinned
from segue.service.limits import Limits, check_limit
from segue.service.segment_rows import segment_in
from segue.service.tokens import Tokens, owned_job, token_invalid
from segue.store import exports, journal, requests, segments
from segue.store.base import Connection, Store
from segue.store.exports import ExportRow

SNAPSHOTS_HELD: Final = 64
"""Exports whose snapshot stays in memory; others are built again when they are asked for."""


class ExportService:
    """Pins snapshots and streams them."""

    def __init__(
        self, store: Store, ledger: Ledger, tokens: Tokens, limits: Limits, clock: Clock
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._tokens = tokens
        self._limits = limits
        self._clock = clock
        self._held: OrderedDict[int, asyncio.Task[Export]] = OrderedDict()

    async def initiate(self, account_id: str, request: ExportRequest) -> ExportOpened:
        """Pins a snapshot.

        Raises:
            TimeInvalid: `last_datetime` is no time.
            LimitExceeded: The account has as many exports open as it may.
            RequestIdReused: The request id came with another request.
            ResourceNotFound: There is no such account or segment.
        """
        effective = _effective(request.last_datetime) if request.last_datetime else None
        account = await self._directory.account(account_id)
        fingerprint = hashlib.sha256(repr(request).encode()).digest()
        token, nonce = self._tokens.new()
        async with self._ledger.pin(account) as pinned:

            def work(tx: Connection) -> tuple[Secret, ExportRow]:
                first = requests.first_answer(
                    tx, account.key, "InitiateExport", request.request_id, fingerprint
                )
                if first is not None:
                    return self._again(tx, first)
                now = self._clock()
                open_count = exports.count_open(tx, account.key, now)
                check_limit("open_exports", open_count, self._limits.open_exports)
                row = self._row(tx, account, request, effective, pinned, now)
                exports.insert(tx, token.digest(), row)
                journal.set_pinned(tx, account.key, pinned.tick_millis)
                requests.keep_answer(
                    tx, account.key, "InitiateExport", request.request_id, fingerprint, nonce, now
                )
                return self._again(tx, nonce)

            secret, row = await self._store.write(work)
        if row.revision == pinned.snapshot.revision:
            await self._hold(account, row, pinned.snapshot)
        return ExportOpened(
            secret, row.changed_from_millis, row.snapshot_millis, row.revision, row.expire_millis
        )

    async def status(self, account_id: str | None, token: str) -> ExportStatus:
        """Returns an export's state and size.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        account, row = await self._find(account_id, token)
        export = await self._hold(account, row)
        state = ExportState.RETRIEVED if row.byte_count else ExportState.COMPLETE
        return ExportStatus(
            state,
            export.row_count,
            row.byte_count,
            row.changed_from_millis,
            row.snapshot_millis,
            row.expire_millis,
        )

    async def retrieve(
        self, account_id: str | None, token: str, offset: int
    ) -> AsyncIterator[bytes]:
        """Yields an export's blocks, as serialized responses, from an offset on.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            OffsetOutOfRange: The offset lies behind the end.
        """
        account, row = await self._find(account_id, token)
        export = await self._hold(account, row)
        async for block in read_blocks(export, offset):
            yield block
        size = export.size_bytes
        if size and not row.byte_count:
            await self._store.write(lambda tx: exports.set_byte_count(tx, row.key, size))

    async def sweep(self) -> None:
        """Ends exports whose time is over and lets go of their snapshots."""
        for key in await self._store.write(lambda tx: exports.sweep(tx, self._clock())):
            self._held.pop(key, None)

    def _again(self, tx: Connection, nonce: str) -> tuple[Secret, ExportRow]:
        secret = self._tokens.again(nonce)
        row = exports.find(tx, secret.digest())
        if row is None:
            raise token_invalid()
        return secret, row

    def _row(
        self,
        tx: Connection,
        account: Account,
        request: ExportRequest,
        effective: int | None,
        pinned: Pinned,
        now: int,
    ) -> ExportRow:
        segment = (
            None if request.segment_id is None else segment_in(tx, account, request.segment_id)
        )
        selected = _Selected()
        if segment is not None:
            last = parse_timestamp(request.last_datetime) if request.last_datetime else None
            selected = _selected(tx, account, segment, pinned.tick_millis, last)
        return ExportRow(
            key=0,
            account=account.key,
            block_format=request.block_format,
            list_id=segment.list_id if segment else None,
            condition=selected.condition,
            changed_from_millis=effective,
            include_removed=request.include_removed and effective is not None,
            revision=pinned.snapshot.revision,
            schema_version=pinned.schema_version,
            snapshot_millis=pinned.tick_millis,
            byte_count=0,
            expire_millis=now + self._limits.export_token_seconds * 1000,
            condition_before=selected.before,
            before_millis=selected.before_millis,
        )

    async def _find(self, account_id: str | None, token: str) -> tuple[Account, ExportRow]:
        """Returns the export of a token, when the caller's account (None: any) owns it."""
        return await owned_job(self._store, exports.find, account_id, token, self._clock())

    async def _hold(
        self, account: Account, row: ExportRow, snapshot: Snapshot | None = None
    ) -> Export:
        """Returns an export's rows, kept in memory since the last call or selected anew."""
        task = self._held.get(row.key)
        if task is None or (task.done() and task.exception()):
            task = self._held[row.key] = asyncio.create_task(self._select(account, row, snapshot))
            while len(self._held) > SNAPSHOTS_HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(row.key)
        return await asyncio.shield(task)

    async def _select(self, account: Account, row: ExportRow, snapshot: Snapshot | None) -> Export:
        state = snapshot or await self._ledger.state_at(account, row.revision)
        schema = await self._ledger.schemas.get(account.key, row.schema_version)
        return await guard.run(_export, state, schema, row, self._limits.export_block_bytes)


@dataclass(frozen=True)
class _Selected:
    """The conditions of an export: its own, and for an increment that of the one before."""

    condition: bytes | None = None
    before: bytes | None = None
    before_millis: int | None = None


def _selected(
    tx: Connection, account: Account, segment: Segment, now: int, last: int | None
) -> _Selected:
    """Lowers a segment's rules as of a snapshot's tick, and those that were in force at the last one's.

    Where what was in force cannot be told any more, as after a change of the time zone, everybody is taken to have been on the other
    side: an increment may repeat, it may not lose.
    """
    rules = Audiences(tx, account).saved(segment)
    condition = lower_members(*rules, now)
    if last is None:
        return _Selected(condition)
    everybody_else = _Selected(condition, b'{"not":%b}' % condition, now)
    if account.update_millis > last:
        return everybody_else
    try:
        then = segments.find_in_force(tx, account, segment, last)
        former = segment if then is None else then.segment
        before = lower_members(*Audiences(tx, account, as_of_millis=last).saved(former), last)
    except SegueError:
        return everybody_else
    return _Selected(condition, before, last)


def _export(snapshot: Snapshot, schema: Schema, row: ExportRow, block_bytes: int) -> Export:
    plan = None if row.condition is None else Plan(schema, row.condition, row.snapshot_millis)
    return snapshot.export(
        schema,
        plan,
        row.block_format,
        list_id=row.list_id,
        changed_from_millis=row.changed_from_millis,
        plan_before=_plan_before(schema, row, plan),
        include_removed=row.include_removed,
        block_bytes=block_bytes,
    )


def _plan_before(schema: Schema, row: ExportRow, plan: Plan | None) -> Plan | None:
    """Compiles what an increment's members were; None when it cannot have been another condition."""
    if plan is None or row.condition_before is None or row.before_millis is None:
        return None
    if row.condition_before == row.condition and not plan.is_timed:
        return None
    return Plan(schema, row.condition_before, row.before_millis)


def _effective(last_datetime: str) -> int:
    """Returns the tick from which changes are sent (seed 000)."""
    try:
        return _kernel.next_tick(parse_timestamp(last_datetime))
    except TimeOutOfRange as error:
        raise TimeInvalid(
            f"{last_datetime!r} has no tick above it before the year 10000",
            {"value": last_datetime},
        ) from error
