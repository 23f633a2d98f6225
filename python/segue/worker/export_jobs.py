"""Writes exports to files: the queue is in the store, each job under a lease, one of each account at a time."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from segue.domain.account import Account
from segue.domain.export import ExportFault, ExportState
from segue.domain.timestamp import Clock
from segue.errors import (
    ExportTooLarge,
    ExportWithdrawn,
    InternalError,
    SegueError,
    StorageFull,
    TokenInvalid,
)
from segue.service.export_ends import ExportEnds
from segue.service.limits import Limits
from segue.store import accounts, export_notifications, exports
from segue.store.base import Connection, Store
from segue.store.exports import ExportRow
from segue.worker.export_writer import ExportWriter, LeaseLost, WriterTools

LEASE_MILLIS: Final = 60_000
"""How long a lease counts; it is renewed with every note of progress."""

IDLE_SECONDS: Final = 5.0
"""How long the queue is not looked at when nothing says that it changed."""

FIRST_RETRY_MILLIS: Final = 1_000
"""Wait before the second attempt; it doubles each time."""

FINAL: Final[dict[type[Exception], ExportState]] = {
    ExportTooLarge: ExportState.ERROR,
    StorageFull: ExportState.FAILED,
}
"""Faults that another attempt would not mend, and the state they leave."""

_log = structlog.get_logger(__name__)


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
        self._running: dict[int, tuple[int, asyncio.Task[None]]] = {}
        """Account and task by number of the export."""
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
        tasks = [task for _, task in self._running.values()]
        if self._loop is not None:
            tasks.append(self._loop)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            heard = self._ends.changed.next()
            try:
                await self._begin_jobs()
                wait = await self._idle_seconds()
            except Exception:  # noqa: BLE001 - one bad look must not end them all
                _log.exception("export_jobs.failed")
                wait = IDLE_SECONDS
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
            task = asyncio.create_task(self._do(account, row, lease))
            self._running[row.key] = (row.account, task)

    async def _idle_seconds(self) -> float:
        busy = self._busy()
        due = await self._store.read(lambda tx: exports.next_due(tx, busy))
        if due is None or len(self._running) >= self._job_count:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.05, (due - self._clock()) / 1000))

    def _busy(self) -> frozenset[int]:
        return frozenset(account for account, _ in self._running.values())

    async def _do(self, account: Account, row: ExportRow, lease: str) -> None:
        writer = ExportWriter(self._tools, account, row, lease)
        try:
            await writer.write()
            _log.info("export.written", account=account.account_id, export=row.export_id)
        except (LeaseLost, ExportWithdrawn, TokenInvalid):
            await writer.discard()
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(writer, row, lease))
            raise
        except Exception as error:  # noqa: BLE001 - a job that fails must not end the others
            await self._failed(writer, row, lease, error)
        finally:
            self._running.pop(row.key, None)
            self._ends.changed.tell()
            self.on_end()

    async def _give_back(self, writer: ExportWriter, row: ExportRow, lease: str) -> None:
        """Gives a job back, as if it had not been tried, and only then deletes: its end may be on its way to the store."""
        attempt = row.attempt - 1
        await self._store.write(
            lambda tx: exports.put_back(tx, row.key, lease, self._clock(), attempt)
        )
        await writer.discard()

    async def _failed(
        self, writer: ExportWriter, row: ExportRow, lease: str, error: Exception
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
                export_notifications.set_due(tx, row.key, self._clock())

        await self._store.write(work)

    async def _stop_job(self, key: int) -> None:
        if key in self._running:
            _, task = self._running[key]
            if not task.cancelling():
                task.cancel()
            await asyncio.wait([task])


def fault_of(error: Exception) -> ExportFault:
    """Returns what is told of a failure: an error of the caller's or the disk's in its words, a fault of ours by name alone."""
    if isinstance(error, SegueError) and not isinstance(error, InternalError):
        return ExportFault(error.reason, str(error), error.metadata)
    return ExportFault(
        InternalError.reason, "the export could not be written; ask again, or tell the operator", {}
    )
