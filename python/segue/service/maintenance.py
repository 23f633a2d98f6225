"""What is done beside the calls: snapshots, compaction, memory, and the end of what has outlived its time."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from segue.domain.timestamp import Clock
from segue.service.export_ends import ExportEnds
from segue.service.ledger import Ledger
from segue.service.snapshot_directory import remove_strays
from segue.store import accounts, imports, journal, requests
from segue.store.base import Connection, Store

REQUEST_MILLIS: Final = 48 * 3_600_000
"""How long first answers are kept; clients may repeat a request for at least a day (AIP-155 leaves it open)."""

ROUND_SECONDS: Final = 1.0
SWEEP_ROUNDS: Final = 60

_log = structlog.get_logger(__name__)


class Maintenance:
    """Runs in rounds until it is closed."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        exports: ExportEnds,
        data_dir: Path,
        snapshot_journal_bytes: int,
        clock: Clock,
    ) -> None:
        """Takes what it looks after, and the size of journal that is worth a snapshot."""
        self._store = store
        self._ledger = ledger
        self._exports = exports
        self._data_dir = data_dir
        self._snapshot_journal_bytes = snapshot_journal_bytes
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Removes what a crash left, and begins the rounds."""
        known = await self._store.read(_known_directories)
        await asyncio.to_thread(remove_strays, self._data_dir / "snapshots", known)
        await self._ledger.replay.blocks.sweep(self._clock())
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Ends the rounds, and writes snapshots of accounts whose journal would make the next start slow.

        A round under way comes to its end: the thread that writes its snapshot would not stop, and be in the way of the one written here.
        """
        self._stopping.set()
        if self._task is not None:
            await self._task
        await self._ledger.retire_all()

    async def _run(self) -> None:
        rounds = 0
        while not self._stopping.is_set():
            try:
                await self.round(sweep=rounds % SWEEP_ROUNDS == 0)
            except Exception:  # noqa: BLE001 - one bad round must not end them all
                _log.exception("maintenance.failed")
            rounds += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._stopping.wait()

    async def round(self, *, sweep: bool) -> None:
        """Writes the snapshots that are due, keeps memory within its budget, and sweeps when asked to."""
        for live in self._ledger.accounts.loaded():
            if live.is_snapshot_due(self._snapshot_journal_bytes):
                await self._ledger.write_snapshot(live)
        await self._ledger.accounts.shrink()
        if sweep:
            now = self._clock()
            await self._store.write(lambda tx: imports.sweep(tx, now))
            await self._store.write(lambda tx: requests.sweep(tx, now - REQUEST_MILLIS))
            await self._ledger.replay.blocks.sweep(now)
            await self._exports.sweep()


def _known_directories(tx: Connection) -> set[str]:
    return {
        row.directory
        for key in accounts.select_numbers(tx)
        for row in journal.select_snapshots(tx, key)
    }
