"""Executing imports: one task each, which a restart begins anew, and which makes all of an import visible or nothing."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from segue.domain.account import Account
from segue.domain.audit import SERVER, AuditEntry
from segue.domain.imports import ImportAction, ImportState
from segue.domain.notification import JobKind
from segue.domain.timestamp import Clock
from segue.errors import SegueError, StoreUnavailable
from segue.kernel.notice import Notice
from segue.service.export_ends import ExportEnds
from segue.service.ledger import Ledger
from segue.service.replay import AppliedRecords
from segue.store import accounts, audit, import_exceptions, imports, notifications
from segue.store.base import Connection, Store
from segue.store.imports import Execution, ImportRow
from segue.store.journal import Entry

SAMPLES: Final = 100
"""Profiles whose differences a review shows."""

RETRY_SECONDS: Final = 1.0
"""After which an execution is tried again that the database could not take, as when the disk is full."""

_log = structlog.get_logger(__name__)


class _Cancelled(Exception):
    """The import was given up while it was executed."""


class ImportExecution:
    """Executes imports whose execution was asked for."""

    def __init__(self, store: Store, ledger: Ledger, ends: ExportEnds, clock: Clock) -> None:
        """Takes what executions work on, and by what exports end that hold erased profiles."""
        self._store = store
        self._ledger = ledger
        self._ends = ends
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancelled: set[int] = set()
        self._is_closed = False
        self.ended = Notice()
        """Told when an import has ended, and when everything is being stopped."""
        self.on_end: Callable[[], None] = lambda: None
        """Is called when an import has ended."""

    def start(self, account: Account, key: int) -> None:
        """Begins an execution unless it is under way, has ended, or everything is being stopped."""
        if key not in self._tasks and not self._is_closed:
            task = self._tasks[key] = asyncio.create_task(self._execute(account, key))
            task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def resume(self) -> None:
        """Goes on with executions that a stop or a crash interrupted."""
        for account, key in await self._store.read(_unfinished):
            self.start(account, key)

    async def stop(self, key: int) -> None:
        """Waits until an execution that was given up has noticed that; at once where none is under way."""
        task = self._tasks.get(key)
        if task is not None:
            self._cancelled.add(key)
            await asyncio.wait([task])
            self._cancelled.discard(key)

    async def close(self) -> None:
        """Stops executions; they go on at the next start."""
        self._is_closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _execute(self, account: Account, key: int) -> None:
        """Executes an import to its end. A database that cannot be written is waited for: what was acknowledged is not given up."""
        while True:
            try:
                await self._try(account, key)
                break
            except StoreUnavailable:
                _log.warning("import.delayed", import_key=key)
                await asyncio.sleep(RETRY_SECONDS)
        self.tell_end()

    def tell_end(self) -> None:
        """Tells everybody that an import has ended."""
        self.ended.tell()
        self.on_end()

    async def _try(self, account: Account, key: int) -> None:
        row = await self._store.read(lambda tx: imports.find_by_key(tx, key))
        if not row.state.is_running:
            return
        try:
            await self._run(account, row)
        except _Cancelled:
            _log.info("import.cancelled", import_key=key)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - nobody awaits it: the import itself must tell
            _log.exception("import.failed", import_key=key, error=type(error).__name__)
            reason = error.reason if isinstance(error, SegueError) else "INTERNAL"
            await self._fail(
                row, f"the records could not be applied ({reason}); nothing was written"
            )

    async def _run(self, account: Account, row: ImportRow) -> None:
        if row.received_count and not row.valid_count:
            await self._fail(row, "no staged record is valid; see the exceptions")
            return
        await self._store.write(lambda tx: self._set_processing(tx, row))

        def go_on() -> None:
            if row.key in self._cancelled:
                raise _Cancelled

        if row.validate_only:
            records, review = await self._ledger.review_import(account, row, go_on, SAMPLES)
            await self._store.write(lambda tx: self._reviewed(tx, row, records, review))
            return
        withdrawn: list[int] = []

        def together(tx: Connection, entry: Entry, records: AppliedRecords, profiles: int) -> None:
            self._written(tx, row, entry, records, profiles)
            if row.action is ImportAction.DELETE and profiles:
                withdrawn.extend(self._ends.withdraw_in(tx, account, (), 0))

        await self._ledger.run_import(account, row, go_on, together)
        await self._ends.clean(withdrawn)

    def _set_processing(self, tx: Connection, row: ImportRow) -> None:
        if not imports.find_by_key(tx, row.key).state.is_running:
            raise _Cancelled
        imports.set_state(tx, row.key, ImportState.PROCESSING)

    def _written(
        self, tx: Connection, row: ImportRow, entry: Entry, records: AppliedRecords, profiles: int
    ) -> None:
        """Ends an import in the transaction that makes it durable."""
        is_delete = row.action is ImportAction.DELETE
        done = Execution(
            revision=entry.revision,
            tick_millis=entry.tick_millis,
            processed_count=records.applied,
            created_count=records.created,
            repeated_count=records.applied - profiles,
            not_honored_count=records.not_honored,
            unwritten_count=len(records.exceptions),
            erased_count=profiles if is_delete else 0,
        )
        self._end(tx, row, done, records)
        if row.undoes is not None:
            imports.set_undone(tx, row.undoes, entry.revision)

    def _reviewed(
        self, tx: Connection, row: ImportRow, records: AppliedRecords, review: bytes
    ) -> None:
        """Ends an import that only told what would happen."""
        done = Execution(
            revision=0,
            tick_millis=0,
            processed_count=0,
            created_count=0,
            repeated_count=0,
            not_honored_count=records.not_honored,
            unwritten_count=len(records.exceptions),
            erased_count=0,
            review=review,
        )
        self._end(tx, row, done, records)

    def _end(
        self, tx: Connection, row: ImportRow, done: Execution, records: AppliedRecords
    ) -> None:
        if not imports.complete(tx, row.key, done, len(records.exceptions)):
            raise _Cancelled
        import_exceptions.insert(tx, row.key, records.exceptions, of_execution=True)
        counts = {
            "processed": done.processed_count,
            "created": done.created_count,
            "repeated": done.repeated_count,
            "not_honored": done.not_honored_count,
            "erased": done.erased_count,
            "exceptions": row.exception_count + len(records.exceptions),
        }
        self._note(tx, row, "import.complete", done.revision, counts)

    async def _fail(self, row: ImportRow, message: str) -> None:
        def work(tx: Connection) -> None:
            if imports.fail(tx, row.key, message):
                self._note(tx, row, "import.fail", 0, {})

        await self._store.write(work)

    def _note(
        self, tx: Connection, row: ImportRow, action: str, revision: int, counts: dict[str, int]
    ) -> None:
        """Writes the end of an import into the audit log, and lets it be told."""
        now = self._clock()
        audit.insert(tx, row.account, AuditEntry(now, SERVER, action, row.name, revision, counts))
        notifications.set_due(tx, JobKind.IMPORT, row.key, now)


def _unfinished(tx: Connection) -> list[tuple[Account, int]]:
    """Reads imports whose execution was asked for and has not ended, with their owners."""
    found = ((accounts.find_by_key(tx, row.account), row.key) for row in imports.unfinished(tx))
    return [(account, key) for account, key in found if account is not None]
