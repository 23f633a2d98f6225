"""Use cases of exports: Initiate, Status, Watch, Retrieve, Commit, Cancel, List (seeds 000, 001, 002 and 003).

An export is a revision, a schema version, a selection and a format; its bytes are a pure function of these. So it resumes at any
offset, after a restart too: the revision is built again from snapshot and journal, which compaction leaves until the export expires.
Streams are encoded as they are read; files are written by the worker (`segue.worker.export_jobs`) from the same rows.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from segue import _kernel
from segue.domain.account import Account
from segue.domain.export import (
    ExportDelivery,
    ExportOpened,
    ExportRequest,
    ExportState,
    ExportStatus,
    NotificationKind,
    RowWindow,
)
from segue.domain.page import MAX_POSITION, Page, PageRequest, encode_position
from segue.domain.secret import Secret
from segue.domain.timestamp import Clock, parse_timestamp
from segue.errors import (
    ExportsPending,
    FieldInvalid,
    FieldViolation,
    ServerStopping,
    TimeInvalid,
    TimeOutOfRange,
)
from segue.service.export_ends import ExportEnds
from segue.service.export_files import ExportFiles, check_made
from segue.service.export_rows import HeldExports, export_name
from segue.service.export_selection import PreparedRequest, prepare, select_rows
from segue.service.export_statuses import ExportStatuses
from segue.service.ledger import Ledger, Pinned
from segue.service.limits import Limits, check_limit
from segue.service.notification_targets import NotificationTargets
from segue.service.sync_tokens import SyncTokens
from segue.service.tokens import Tokens, owned_job, token_invalid
from segue.store import export_notifications, exports, journal, requests
from segue.store.base import Connection, Store
from segue.store.blobs import Blobs
from segue.store.exports import ExportRow

METHOD: Final = "InitiateExport"


@dataclass(frozen=True)
class ExportParts:
    """What the use cases of exports share with the worker and with HTTP."""

    held: HeldExports
    ends: ExportEnds
    files: ExportFiles
    statuses: ExportStatuses


def open_export_parts(
    store: Store,
    ledger: Ledger,
    blobs: Blobs,
    tokens: Tokens,
    base_url: str,
    limits: Limits,
    clock: Clock,
) -> ExportParts:
    """Puts together what serves exports; `base_url` is where HTTP is reached from outside."""
    held = HeldExports(store, ledger, limits.export_block_bytes)
    return ExportParts(
        held=held,
        ends=ExportEnds(store, blobs, held, clock),
        files=ExportFiles(store, blobs, clock),
        statuses=ExportStatuses(store, held, tokens, base_url),
    )


@dataclass(frozen=True)
class _Asked:
    """A request with what can be worked out before anything is read."""

    request: ExportRequest
    prepared: PreparedRequest
    last_millis: int | None
    effective_millis: int | None
    """The tick from which changes are sent."""
    fingerprint: bytes
    """Tells the request from others of the same request id."""


class ExportService:
    """Pins snapshots and hands their rows out."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        tokens: Tokens,
        parts: ExportParts,
        targets: NotificationTargets,
        limits: Limits,
        clock: Clock,
    ) -> None:
        """Takes what the use cases work on, and who may be told."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._tokens = tokens
        self._sync_tokens = SyncTokens(tokens)
        self._parts = parts
        self._targets = targets
        self._limits = limits
        self._clock = clock
        self._is_stopping = False

    async def initiate(self, account_id: str, request: ExportRequest) -> ExportOpened:
        """Pins a snapshot.

        Raises:
            FieldInvalid: Fields are wrong, or name what is not there; tells of all.
            TimeInvalid: `last_datetime` is no time.
            LimitExceeded: The account has as many exports open as it may.
            ExportsPending: It has as many jobs unfinished as it may.
            RequestIdReused: The request id came with another request.
            ResourceNotFound: There is no such account, segment or segment group.
        """
        if request.notify is not None:
            self._targets.check(request.notify)
        account = await self._directory.account(account_id)
        asked = await asyncio.to_thread(self._asked, account_id, request)
        fingerprint = asked.fingerprint
        token, nonce = self._tokens.new()
        async with self._ledger.pin(account) as pinned:

            def work(tx: Connection) -> tuple[Secret, ExportRow]:
                first = requests.first_answer(
                    tx, account.key, METHOD, request.request_id, fingerprint
                )
                if first is not None:
                    return self._again(tx, first)
                now = self._clock()
                self._check_limits(tx, account, request, now)
                self._insert(tx, account, asked, pinned, token, now)
                journal.set_pinned(tx, account.key, pinned.tick_millis)
                requests.keep_answer(
                    tx, account.key, METHOD, request.request_id, fingerprint, nonce, now
                )
                return self._again(tx, nonce)

            secret, row = await self._store.write(work)
        if row.revision == pinned.snapshot.revision:
            self._parts.held.begin(account, row, pinned.snapshot)
        if row.delivery is ExportDelivery.STREAMS:
            await self._parts.statuses.count(account, row)
        self._parts.ends.changed.tell()
        return await self._opened(account, request, secret, row)

    async def status(self, account_id: str | None, token: str) -> ExportStatus:
        """Returns an export's state, size and progress.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        account, row = await self._find(account_id, token)
        return await self._parts.statuses.of(account, row)

    async def watch(self, account_id: str | None, token: str) -> AsyncIterator[ExportStatus]:
        """Yields an export's status, and again whenever it changed, until the export is made or cannot be made.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            ServerStopping: The server is.
        """
        account, row = await self._find(account_id, token)
        told: ExportStatus | None = None
        while True:
            heard = self._parts.ends.changed.next()
            if self._is_stopping:
                raise ServerStopping("the server is stopping; watch again later")
            status = await self._parts.statuses.of(account, row)
            if status != told:
                yield status
                told = status
            if status.state is not ExportState.PROCESSING:
                return
            await heard.wait()
            row = await self._store.read(lambda tx: exports.find_by_key(tx, row.key)) or row

    async def retrieve(
        self, account_id: str | None, token: str, part: int, offset: int, *, keep_alive: bool
    ) -> AsyncIterator[bytes]:
        """Yields a part's blocks, as serialized responses, from an offset on.

        Args:
            account_id: The caller's account; None is any.
            token: The export's.
            part: Number of the stream or file, from 0.
            offset: The byte to begin at.
            keep_alive: Whether the token counts on when all parts were retrieved to their end.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            OffsetOutOfRange: The offset lies behind the end.
            FieldInvalid: There is no such part.
            ExportNotReady: Its files are not written yet.
            ExportFailed: It could not be made.
            ExportWithdrawn: It held a profile that was erased, maybe since the stream began.
        """
        account, row = await self._find(account_id, token)
        check_made(account, row)
        if row.delivery is ExportDelivery.FILES:
            async for block in self._parts.files.frames(account, row, part, offset):
                yield block
            read_bytes: int | None = row.byte_count
            is_read = part + 1 == await self._parts.files.count(row)
        else:
            async for block in self._stream(account, row, part, offset):
                yield block
            held = await self._parts.held.get(account, row)
            read_bytes = held.read_bytes()
            is_read = read_bytes is not None
        if is_read and read_bytes is not None:
            await self._retrieved(row, read_bytes, keep_alive=keep_alive)

    async def retrieve_rows(
        self,
        account_id: str | None,
        token: str,
        rows: RowWindow,
        offset: int,
        *,
        keep_alive: bool,
    ) -> AsyncIterator[bytes]:
        """Yields some rows as a document of their own, whose offsets begin at 0 (seed 000: limit and offset).

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            OffsetOutOfRange: The offset lies behind the end.
            FieldInvalid: The window is.
            ExportNotReady: Files are not written yet.
            ExportFailed: It could not be made.
            ExportWithdrawn: It held a profile that was erased.
        """
        account, row = await self._find(account_id, token)
        check_made(account, row)
        _check_window(rows)
        held = await self._parts.held.get(account, row)
        page = held.whole.slice(rows.offset - 1, rows.limit, None)
        async for block in self._ledger.encoding.read(account.key, page, offset):
            await self._parts.held.check(account, row)
            yield block
        if rows.offset - 1 + rows.limit >= held.whole.row_count:
            await self._retrieved(row, row.byte_count, keep_alive=keep_alive)

    async def commit(self, account_id: str | None, token: str, *, keep_files: bool) -> ExportStatus:
        """Ends the token of an export that was taken over; its files stay when asked to.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            ExportNotReady: The export is being made.
        """
        account, row = await self._find(account_id, token)
        if row.state is ExportState.PROCESSING:
            check_made(account, row)
        if keep_files and row.state.is_made:
            await self._store.write(lambda tx: exports.end_token(tx, row.key))
        else:
            await self._parts.ends.end(row, ExportState.EXPIRED)
        return await self._ended(account, row)

    async def cancel(self, account_id: str | None, token: str) -> ExportStatus:
        """Gives an export up; a job stops, files are deleted, the token ends.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        account, row = await self._find(account_id, token)
        await self._parts.ends.end(row, ExportState.CANCELLED)
        return await self._ended(account, row)

    async def list(self, account_id: str, page: PageRequest) -> Page[ExportStatus]:
        """Lists an account's exports, the newest first.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        (before,), limit = page.position(MAX_POSITION), page.limit()
        rows = await self._store.read(
            lambda tx: exports.select(tx, account.key, int(before), limit + 1)
        )
        found = [await self._parts.statuses.of(account, row, counted=False) for row in rows[:limit]]
        token = encode_position(rows[limit - 1].key) if len(rows) > limit else ""
        return Page(tuple(found), token)

    def stop(self) -> None:
        """Ends what watches exports; for a server that is stopping."""
        self._is_stopping = True
        self._parts.ends.changed.tell()

    def _asked(self, account_id: str, request: ExportRequest) -> _Asked:
        """Works out what needs no reading; seconds for a million match values, so not for the event loop."""
        prepared, last = prepare(request), None
        if not prepared.violations and request.sync_token:
            last = self._sync_tokens.read(account_id, request, request.sync_token)
        elif request.last_datetime:
            last = parse_timestamp(request.last_datetime)
        effective = None if last is None else _effective(last)
        return _Asked(request, prepared, last, effective, _fingerprint(request))

    def _check_limits(
        self, tx: Connection, account: Account, request: ExportRequest, now: int
    ) -> None:
        open_count = exports.count_open(tx, account.key, now)
        check_limit("open_exports", open_count, self._limits.open_exports)
        maximum = self._limits.pending_exports
        if (
            request.delivery is ExportDelivery.FILES
            and exports.count_pending(tx, account.key) >= maximum
        ):
            raise ExportsPending(
                f"{maximum} exports of the account are not finished; wait for one, or cancel one",
                {"limit": "pending_exports", "maximum": maximum},
            )

    def _insert(
        self,
        tx: Connection,
        account: Account,
        asked: _Asked,
        pinned: Pinned,
        token: Secret,
        now: int,
    ) -> None:
        request, effective = asked.request, asked.effective_millis
        selection, list_id = select_rows(
            tx, account, request, pinned.tick_millis, asked.last_millis, asked.prepared
        )
        link, link_nonce = self._tokens.new()
        is_job = request.delivery is ExportDelivery.FILES
        export = ExportRow(
            key=0,
            account=account.key,
            export_id=secrets.token_hex(16),
            is_token_live=True,
            link_nonce=bytes.fromhex(link_nonce),
            state=ExportState.PROCESSING if is_job else ExportState.COMPLETE,
            delivery=request.delivery,
            block_format=request.block_format,
            compression=request.compression,
            list_id=list_id,
            changed_from_millis=effective,
            include_removed=request.include_removed and effective is not None,
            revision=pinned.snapshot.revision,
            schema_version=pinned.schema_version,
            snapshot_millis=pinned.tick_millis,
            stream_count=0 if is_job else request.stream_count,
            max_file_rows=request.max_file_rows,
            max_file_bytes=request.max_file_bytes,
            row_count=0,
            byte_count=0,
            written_row_count=0,
            create_millis=now,
            expire_millis=now + self._limits.export_token_seconds * 1000,
        )
        due = now if is_job else None
        key = exports.insert(tx, export, selection, token.digest(), link.digest(), due)
        if request.notify is not None:
            export_notifications.insert(tx, key, request.notify)

    def _again(self, tx: Connection, nonce: str) -> tuple[Secret, ExportRow]:
        secret = self._tokens.again(nonce)
        row = exports.find(tx, secret.digest())
        if row is None:
            raise token_invalid()
        return secret, row

    async def _opened(
        self, account: Account, request: ExportRequest, token: Secret, row: ExportRow
    ) -> ExportOpened:
        sync_token = await asyncio.to_thread(
            self._sync_tokens.issue, account.account_id, request, row.snapshot_millis
        )
        is_called = request.notify is not None and request.notify.kind is NotificationKind.WEBHOOK
        return ExportOpened(
            token=token,
            name=export_name(account, row),
            effective_last_millis=row.changed_from_millis,
            snapshot_millis=row.snapshot_millis,
            revision=row.revision,
            expire_millis=row.expire_millis,
            sync_token=sync_token,
            poll_uri=(
                self._parts.statuses.poll_uri(row) if row.delivery is ExportDelivery.FILES else None
            ),
            webhook_secret=self._tokens.webhook_secret(account.key) if is_called else None,
        )

    async def _ended(self, account: Account, row: ExportRow) -> ExportStatus:
        ended = await self._store.read(lambda tx: exports.find_by_key(tx, row.key))
        return await self._parts.statuses.of(account, ended or row)

    async def _stream(
        self, account: Account, row: ExportRow, part: int, offset: int
    ) -> AsyncIterator[bytes]:
        if not 0 <= part < row.stream_count:
            raise FieldInvalid(
                FieldViolation("part", f"must be below {row.stream_count}, the export's streams")
            )
        held = await self._parts.held.get(account, row)
        async for block in self._ledger.encoding.read(account.key, held.stream(part), offset):
            await self._parts.held.check(account, row)
            yield block

    async def _retrieved(self, row: ExportRow, byte_count: int, *, keep_alive: bool) -> None:
        if not keep_alive:
            await self._parts.ends.end(row, ExportState.EXPIRED)
        elif row.state is not ExportState.RETRIEVED or row.byte_count != byte_count:
            await self._store.write(lambda tx: exports.set_retrieved(tx, row.key, byte_count))

    async def _find(self, account_id: str | None, token: str) -> tuple[Account, ExportRow]:
        """Returns the export of a token, when the caller's account (None: any) owns it."""
        return await owned_job(self._store, exports.find, account_id, token, self._clock())


def _check_window(rows: RowWindow) -> None:
    violations = [
        FieldViolation(f"rows.{name}", "must be 1 or more")
        for name, value in (("offset", rows.offset), ("limit", rows.limit))
        if value < 1
    ]
    if violations:
        raise FieldInvalid(*violations)


def _effective(last_millis: int) -> int:
    """Returns the tick from which changes are sent (seed 000)."""
    try:
        return _kernel.next_tick(last_millis)
    except TimeOutOfRange as error:
        raise TimeInvalid(
            "last_datetime has no tick above it before the year 10000", {"value": last_millis}
        ) from error


def _fingerprint(request: ExportRequest) -> bytes:
    """Returns what tells two requests apart; with what their own texts leave out."""
    values = request.match.values if request.match else ()
    address = request.notify.address if request.notify else ""
    return hashlib.sha256(repr((request, values, address)).encode()).digest()
