"""Writes exports to files: the queue is in the store, each job under a lease, one of each account at a time."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from segue.domain.account import Account
from segue.domain.export import ExportFault, ExportState
from segue.domain.notification import JobKind
from segue.domain.timestamp import Clock
from segue.errors import (
    ExportTooLarge,
    ExportWithdrawn,
    InternalError,
    SegueError,
    StorageFull,
    StoreUnavailable,
    TokenInvalid,
)
from segue.service.export_ends import ExportEnds
from segue.service.limits import Limits
from segue.store import accounts, exports, notifications
from segue.store.base import Connection, Store
from segue.store.exports import ExportRow
from segue.worker.export_writer import LEASE_MILLIS, ExportWriter, LeaseLost, WriterTools

IDLE_SECONDS: Final = 5.0
"""How long the queue is not looked at when nothing says that it changed."""

FIRST_RETRY_MILLIS: Final = 1_000
"""Wait before the second attempt; it doubles each time."""

FINAL: Final[dict[type[BaseException], ExportState]] = {
    ExportTooLarge: ExportState.ERROR,
    StorageFull: ExportState.FAILED,
}
"""Faults that another attempt would not mend, and the state they leave."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Job:
    """A job under way."""

    account: int
    writing: asyncio.Task[None]
    """Writes the files, until it is cancelled."""
    ending: asyncio.Task[None]
    """Waits for that and leaves everything in order; nobody cancels it."""


class ExportJobs:
    """Takes jobs from the queue and does them, a bounded number at once."""

    def __init__(
        self,
        store: Store,
        ends: ExportEnds,
        tools: WriterTools,
        limits: Limits,
        job_count: int,
        clock: Clock,
    ) -> None:
        """Takes where jobs are, what they are done with, and how many at once."""
        self._store = store
        self._ends = ends
        self._tools = tools
        self._limits = limits
        self._job_count = job_count
        self._clock = clock
        self._running: dict[int, _Job] = {}
        """By number of the export."""
        self._served: set[int] = set()
        """Accounts that had a job taken since every account that waits had one."""
        self._loop: asyncio.Task[None] | None = None
        self.on_end: Callable[[], None] = lambda: None
        """Is called when a job ended, made or not."""
        ends.on_end = self._stop_job

    async def start(self) -> None:
        """Frees what a former process left, and begins to look at the queue."""
        await self._store.write(exports.release_leases)
        self._loop = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stops; jobs under way go back to the queue."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        await asyncio.gather(*map(self._stop_job, tuple(self._running)))

    async def _run(self) -> None:
        while True:
            heard = self._ends.changed.next()
            try:
                await self._begin_jobs()
                wait = await self._idle_seconds()
            except Exception:  # noqa: BLE001 - one bad look must not end them all
                _log.exception("export_jobs.failed")
                wait = IDLE_SECONDS
            # Not `wait_for`, which before Python 3.12 loses a cancellation that comes together with what it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await heard.wait()

    async def _begin_jobs(self) -> None:
        while len(self._running) < self._job_count:
            lease, now = secrets.token_hex(16), self._clock()
            busy, served = self._busy(), frozenset(self._served)

            def work(
                tx: Connection,
                lease: str = lease,
                now: int = now,
                busy: frozenset[int] = busy,
                served: frozenset[int] = served,
            ) -> tuple[Account, ExportRow] | None:
                until = now + LEASE_MILLIS
                row = exports.claim(tx, lease, now, until, busy | served) or (
                    exports.claim(tx, lease, now, until, busy) if served - busy else None
                )
                owner = None if row is None else accounts.find_by_key(tx, row.account)
                return None if row is None or owner is None else (owner, row)

            claimed = await self._store.write(work)
            if claimed is None:
                self._served.clear()
                return
            account, row = claimed
            if account.key in self._served:
                self._served.clear()
            self._served.add(account.key)
            writer = ExportWriter(self._tools, account, row, lease)
            writing = asyncio.create_task(writer.write())
            ending = asyncio.create_task(self._end(writing, writer, row, lease))
            self._running[row.key] = _Job(row.account, writing, ending)

    async def _idle_seconds(self) -> float:
        busy = self._busy()
        due = await self._store.read(lambda tx: exports.next_due(tx, busy))
        if due is None or len(self._running) >= self._job_count:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.05, (due - self._clock()) / 1000))

    def _busy(self) -> frozenset[int]:
        return frozenset(job.account for job in self._running.values())

    async def _end(
        self, writing: asyncio.Task[None], writer: ExportWriter, row: ExportRow, lease: str
    ) -> None:
        (outcome,) = await asyncio.gather(writing, return_exceptions=True)
        try:
            await self._settle(outcome, writer, row, lease)
        except Exception:  # noqa: BLE001 - its lease ends by itself
            _log.exception("export.not_settled", export=row.export_id)
        finally:
            del self._running[row.key]
            self._ends.changed.tell()
            self.on_end()

    async def _settle(
        self, outcome: BaseException | None, writer: ExportWriter, row: ExportRow, lease: str
    ) -> None:
        """Leaves a job as it is to be after its writing ended."""
        match outcome:
            case None:
                _log.info("export.written", account=row.account, export=row.export_id)
            case LeaseLost() | ExportWithdrawn() | TokenInvalid():
                await writer.discard()
            case asyncio.CancelledError():
                await self._give_back(writer, row, lease)
            case _:
                await self._failed(writer, row, lease, outcome)

    async def _give_back(self, writer: ExportWriter, row: ExportRow, lease: str) -> None:
        """Gives a job back, as if it had not been tried, and only then deletes: its end may be on its way to the store."""
        attempt = row.attempt - 1
        await self._store.write(
            lambda tx: exports.put_back(tx, row.key, lease, self._clock(), attempt)
        )
        await writer.discard()

    async def _failed(
        self, writer: ExportWriter, row: ExportRow, lease: str, error: BaseException
    ) -> None:
        await writer.discard()
        state = FINAL.get(type(error), ExportState.FAILED)
        if type(error) not in FINAL and row.attempt < self._limits.export_attempts:
            wait = FIRST_RETRY_MILLIS << (row.attempt - 1)
            _log.warning("export.retried", export=row.export_id, wait_millis=wait, exc_info=error)
            due = self._clock() + wait
            await self._store.write(
                lambda tx: exports.put_back(tx, row.key, lease, due, row.attempt)
            )
            return
        _log.error("export.failed", export=row.export_id, exc_info=error)
        fault = fault_of(error)

        def work(tx: Connection) -> None:
            if exports.fail(tx, row.key, lease, state, fault):
                notifications.set_due(tx, JobKind.EXPORT, row.key, self._clock())

        await self._store.write(work)

    async def _stop_job(self, key: int) -> None:
        if key in self._running:
            job = self._running[key]
            job.writing.cancel()
            await asyncio.wait([job.ending])


def fault_of(error: BaseException) -> ExportFault:
    """Returns what is told of a failure: an error of the caller's or the disk's in its words, a fault of ours by name alone."""
    if isinstance(error, StoreUnavailable):
        words = "what holds the files could not be reached; ask for another export"
        return ExportFault(error.reason, words, {})
    if isinstance(error, SegueError) and not isinstance(error, InternalError):
        return ExportFault(error.reason, str(error), error.metadata)
    return ExportFault(
        InternalError.reason, "the export could not be written; ask again, or tell the operator", {}
    )
