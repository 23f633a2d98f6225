"""Exports and imports that are to be told, in a real store, and a notifier over it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from segue.domain.export import (
    Compression,
    ExportDelivery,
    ExportFault,
    ExportFile,
    ExportState,
    ExportStatus,
)
from segue.domain.imports import ImportState
from segue.domain.notification import (
    JobKind,
    NotificationKind,
    NotificationState,
    NotificationStatus,
    NotificationTarget,
)
from segue.domain.profile import BlockFormat
from segue.domain.secret import Secret, derive_webhook_secret
from segue.store import accounts, exports, notifications
from segue.store.base import Connection
from segue.store.exports import ExportRow, Selection
from segue.store.open import open_store
from segue.worker.export_message import ExportFacts
from segue.worker.import_message import ImportFacts
from segue.worker.job_facts import JobFacts
from segue.worker.mailer import Mailer, MailServer
from segue.worker.notifier import Facts, Notifier
from segue.worker.webhook_sender import WebhookSender
from tests.unit.use_cases import HandClock
from tests.worker.conftest import loopback

DAY_MILLIS = 24 * 3_600_000
TIMEOUT_SECONDS = 20.0
IMPORT_FAULT = "the records could not be applied (STORAGE_FULL); nothing was written"
FAULT = ExportFault("EXPORT_TOO_LARGE", "the export is too large; narrow its segment", {})


@dataclass
class Bench:
    """A data directory, and what is told from it."""

    data_dir: Path
    clock: HandClock
    mail: MailServer | None = None
    jobs: int = 8
    allow_private: bool = True
    timeout_seconds: float = TIMEOUT_SECONDS
    described: int = 0
    broken: bool = False
    job_kind: JobKind = JobKind.EXPORT
    accounts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = open_store(self.data_dir)

    def notifier(self) -> Notifier:
        return Notifier(
            self.store,
            self.facts(),
            WebhookSender(
                self.timeout_seconds, loopback, self.clock, allow_private=self.allow_private
            ),
            Mailer(self.mail, self.timeout_seconds),
            self.jobs,
            self.clock,
            jitter=lambda: 0.0,
        )

    def facts(self) -> Facts:
        told: dict[JobKind, JobFacts] = {
            JobKind.EXPORT: ExportFacts(self.describe, self.link),
            JobKind.IMPORT: ImportFacts(),
        }
        return Facts(told, self.secret)

    @asynccontextmanager
    async def running(self, grace_seconds: float = 5.0) -> AsyncIterator[Notifier]:
        notifier = self.notifier()
        notifier.start()
        try:
            yield notifier
        finally:
            await notifier.close(grace_seconds)

    async def describe(self, row: ExportRow) -> ExportStatus:
        self.described += 1
        if self.broken:
            raise RuntimeError("ada@example.com cannot be described")
        files = [ExportFile(number, 5, 50, bytes(32), "") for number in range(2)]
        return ExportStatus(
            name=f"accounts/shop/exports/{row.export_id}",
            state=row.state,
            block_format=row.block_format,
            compression=row.compression,
            delivery=row.delivery,
            stream_count=0,
            row_count=row.row_count,
            byte_count=row.byte_count,
            written_row_count=row.row_count,
            effective_last_millis=None,
            snapshot_millis=row.snapshot_millis,
            create_millis=row.create_millis,
            expire_millis=row.expire_millis,
            files=tuple(files) if row.state.is_made else (),
            fault=row.fault,
        )

    def link(self, row: ExportRow, number: int) -> str:
        return f"https://segue.example.com/{row.export_id}/link-secret?file={number}"

    def secret(self, account: int) -> Secret:
        return derive_webhook_secret(bytes(32), account)

    async def account(self, account: str) -> int:
        """Returns an account's number, and adds it where it is not there."""
        if account not in self.accounts:
            row = await self.store.write(
                lambda tx: accounts.insert(tx, account, "Shop", "UTC", 1, 64)
            )
            self.accounts[account] = row.key
        return self.accounts[account]

    async def finish(
        self,
        address: str,
        *,
        kind: NotificationKind = NotificationKind.WEBHOOK,
        state: ExportState = ExportState.COMPLETE,
        account: str = "shop",
        lifetime_millis: int = 7 * DAY_MILLIS,
        export_id: str = "e1",
    ) -> int:
        """Adds an export that has just ended and is to be told; returns its number."""
        now, owner = self.clock(), await self.account(account)
        export = ExportRow(
            key=0,
            account=owner,
            export_id=export_id,
            is_token_live=True,
            link_nonce=export_id.encode(),
            state=ExportState.PROCESSING,
            delivery=ExportDelivery.FILES,
            block_format=BlockFormat.NDJSON,
            compression=Compression.NONE,
            list_id=None,
            changed_from_millis=None,
            include_removed=False,
            revision=1,
            schema_version=1,
            snapshot_millis=now,
            stream_count=0,
            max_file_rows=None,
            max_file_bytes=None,
            row_count=0,
            byte_count=0,
            written_row_count=0,
            create_millis=now,
            expire_millis=now + lifetime_millis,
        )

        def work(tx: Connection) -> int:
            digest = export_id.encode()
            key = exports.insert(tx, export, Selection(None), digest, digest, now)
            notifications.insert(tx, JobKind.EXPORT, key, NotificationTarget(kind, address))
            busy = [other for other in self.accounts.values() if other != export.account]
            assert exports.claim(tx, "lease", now, now + 1, busy) is not None
            if state.is_made:
                exports.finish(tx, key, "lease", 10, 100)
            else:
                exports.fail(tx, key, "lease", state, FAULT)
            notifications.set_due(tx, JobKind.EXPORT, key, now)
            return key

        return await self.store.write(work)

    async def end_import(
        self,
        address: str,
        outcome: ImportState = ImportState.COMPLETED,
        *,
        kind: NotificationKind = NotificationKind.WEBHOOK,
        account: str = "shop",
        import_id: str = "i1",
        display_name: str = "Spring customers",
        validate_only: bool = False,
    ) -> int:
        """Adds an import that has just ended and is to be told; returns its number."""
        now, owner = self.clock(), await self.account(account)
        is_done = outcome is ImportState.COMPLETED
        is_written = is_done and not validate_only
        counts = (9, 7, 2, 5 if is_written else 0, 3 if is_written else 0, 4)
        found = (1, 2, 11 if is_written else 0) if is_done else (0, 0, 0)
        error = IMPORT_FAULT if outcome is ImportState.FAILED else ""

        def work(tx: Connection) -> int:
            (row,) = tx.execute(
                "INSERT INTO import (account, digest, state, display_name, list_id, ignore_unknown_fields,"
                " expire_millis, retain_millis, import_id, validate_only, received_count, valid_count, invalid_count,"
                " processed_count, created_count, exception_count, repeated_count, not_honored_count, revision,"
                " error_message) VALUES (?, ?, ?, ?, '', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key",
                (
                    *(owner, import_id.encode(), outcome, display_name, now, now, import_id),
                    *(validate_only, *counts, *found, error),
                ),
            )
            key = int(row[0])
            notifications.insert(tx, JobKind.IMPORT, key, NotificationTarget(kind, address))
            notifications.set_due(tx, JobKind.IMPORT, key, now)
            return key

        return await self.store.write(work)

    async def status(self, key: int) -> NotificationStatus:
        status = await self.store.read(lambda tx: notifications.read(tx, self.job_kind, key))
        assert status is not None
        return status

    async def attempted(self, key: int, count: int) -> NotificationStatus:
        """Waits until a job has been told, or tried to be, so often."""
        while (status := await self.status(key)).attempt_count < count:
            await asyncio.sleep(0.005)
        return status

    async def settled(self, key: int) -> NotificationStatus:
        """Waits until nothing more is to be told."""
        while (status := await self.status(key)).state is NotificationState.PENDING:
            await asyncio.sleep(0.005)
        return status
