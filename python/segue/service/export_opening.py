"""Use case of opening exports: pins a snapshot and says what is exported of it (seeds 000, 001, 002 and 003)."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from segue import _kernel
from segue.domain.account import Account
from segue.domain.export import ExportDelivery, ExportOpened, ExportRequest, ExportState
from segue.domain.notification import JobKind, NotificationKind
from segue.domain.secret import Secret
from segue.domain.timestamp import Clock, parse_timestamp
from segue.errors import ExportsPending, TimeInvalid, TimeOutOfRange
from segue.kernel import guard
from segue.service.directory import account_in
from segue.service.export_ends import ExportEnds
from segue.service.export_rows import HeldExports, export_name
from segue.service.export_selection import PreparedRequest, prepare, select_rows
from segue.service.export_statuses import ExportStatuses
from segue.service.ledger import Ledger, Pinned
from segue.service.limits import Limits, check_limit
from segue.service.notification_targets import NotificationTargets
from segue.service.sync_tokens import SyncTokens
from segue.service.tokens import Tokens, token_invalid
from segue.store import exports, journal, notifications, requests
from segue.store.base import Connection, Store
from segue.store.exports import ExportRow

METHOD: Final = "InitiateExport"


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


class ExportOpening:
    """Opens exports."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        tokens: Tokens,
        held: HeldExports,
        ends: ExportEnds,
        statuses: ExportStatuses,
        targets: NotificationTargets,
        limits: Limits,
        clock: Clock,
    ) -> None:
        """Takes what the use case works on, and who may be told."""
        self._store = store
        self._ledger = ledger
        self._tokens = tokens
        self._sync_tokens = SyncTokens(tokens)
        self._held = held
        self._ends = ends
        self._statuses = statuses
        self._targets = targets
        self._limits = limits
        self._clock = clock

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
        account = await self._ledger.directory.account(account_id)
        asked = await guard.run(self._asked, account, request)
        fingerprint = asked.fingerprint
        token, nonce = self._tokens.new()
        async with self._ledger.pin(account) as pinned:

            def work(tx: Connection) -> tuple[Secret, ExportRow]:
                owner = account_in(tx, account_id)
                first = requests.first_answer(
                    tx, account.key, METHOD, request.request_id, fingerprint
                )
                if first is not None:
                    return self._again(tx, first)
                now = self._clock()
                self._check_limits(tx, account, request, now)
                self._insert(tx, owner, asked, pinned, token, now)
                journal.set_pinned(tx, account.key, pinned.tick_millis)
                requests.keep_answer(
                    tx, account.key, METHOD, request.request_id, fingerprint, nonce, now
                )
                return self._again(tx, nonce)

            secret, row = await self._store.write(work)
        is_open = row.state is ExportState.PROCESSING or row.state.is_made
        if is_open and row.revision == pinned.snapshot.revision:
            self._held.begin(account, row, pinned.snapshot)
        if row.delivery is ExportDelivery.STREAMS:
            await self._statuses.count(account, row)
        self._ends.changed.tell()
        return self._opened(account, asked.prepared, secret, row)

    def _asked(self, account: Account, request: ExportRequest) -> _Asked:
        """Works out what needs no reading; up to a second for a million match values, so not for the event loop."""
        prepared, last = prepare(request), None
        if not prepared.violations and request.sync_token:
            last = self._sync_tokens.read(account.key, prepared, request.sync_token)
        elif request.last_datetime:
            last = parse_timestamp(request.last_datetime)
        effective = None if last is None else _effective(last, request.last_datetime)
        return _Asked(request, prepared, last, effective, _fingerprint(prepared))

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
            notifications.insert(tx, JobKind.EXPORT, key, request.notify)

    def _again(self, tx: Connection, nonce: str) -> tuple[Secret, ExportRow]:
        secret = self._tokens.again(nonce)
        row = exports.find(tx, secret.digest())
        if row is None:
            raise token_invalid()
        return secret, row

    def _opened(
        self, account: Account, prepared: PreparedRequest, token: Secret, row: ExportRow
    ) -> ExportOpened:
        notify = prepared.request.notify
        is_called = notify is not None and notify.kind is NotificationKind.WEBHOOK
        return ExportOpened(
            token=token,
            name=export_name(account, row),
            effective_last_millis=row.changed_from_millis,
            snapshot_millis=row.snapshot_millis,
            revision=row.revision,
            expire_millis=row.expire_millis,
            sync_token=self._sync_tokens.issue(account.key, prepared, row.snapshot_millis),
            poll_uri=(
                self._statuses.poll_uri(row) if row.delivery is ExportDelivery.FILES else None
            ),
            webhook_secret=self._tokens.webhook_secret(account.key) if is_called else None,
        )


def _effective(last_millis: int, text: str) -> int:
    """Returns the tick from which changes are sent (seed 000)."""
    try:
        return _kernel.next_tick(last_millis)
    except TimeOutOfRange as error:
        raise TimeInvalid(
            f"{text!r} has no tick above it before the year 10000", {"value": text}
        ) from error


def _fingerprint(prepared: PreparedRequest) -> bytes:
    """Returns what tells two requests apart; with what their own texts leave out.

    A first answer may be of an older revision than another request asks for, so a revision asked for is part of it.
    """
    request = prepared.request
    address = request.notify.address if request.notify else ""
    told: tuple[object, ...] = (request, prepared.match_digest, address)
    if request.min_revision:
        told = (*told, request.min_revision)
    return hashlib.sha256(repr(told).encode()).digest()
