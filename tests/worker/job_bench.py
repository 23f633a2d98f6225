"""Jobs that write exports, over a real store, on a disk whose faults tests choose."""

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from segue.domain.export import (
    ExportDelivery,
    ExportOpened,
    ExportRequest,
    ExportState,
    ExportStatus,
)
from segue.domain.profile import BlockFormat
from segue.process import configure_logs
from segue.service.limits import Limits
from segue.store import export_files, exports
from segue.store.blob_directory import BlobDirectory, FileDraft
from segue.store.blobs import EXPORTS_DIRECTORY, Blobs
from segue.store.exports import ExportRow
from segue.v1 import export_service_pb2, profile_pb2
from segue.worker.export_jobs import ExportJobs
from segue.worker.export_writer import LEASE_MILLIS, WriterTools
from tests.unit.use_cases import HandClock, OpenUseCases

BLOCK_BYTES = 4096
GATE_SECONDS = 20


@dataclass
class Faults:
    """What is wrong with a disk.

    Attributes:
        gate: Writes wait for it.
        write: Number of the error that writes end with; None for none.
        delete: Number of the error that deletions end with.
        free: Writes that pass before the gate counts.
        begun: Paths in the order in which they were begun.
    """

    gate: threading.Event = field(default_factory=threading.Event)
    write: int | None = None
    delete: int | None = None
    free: int = 0
    begun: list[str] = field(default_factory=list)


class Disk:
    """A directory with faults."""

    def __init__(self, root: Path, faults: Faults) -> None:
        self._directory = BlobDirectory(root)
        self._faults = faults

    def begin(self, path: str) -> "Draft":
        self._faults.begun.append(path)
        return Draft(self._directory.begin(path), self._faults)

    def read(self, path: str, start: int, end: int) -> bytes | None:
        return self._directory.read(path, start, end)

    def delete(self, path: str) -> None:
        _fail(self._faults.delete)
        self._directory.delete(path)

    def paths(self) -> Iterator[str]:
        return self._directory.paths()

    def sweep_drafts(self) -> None:
        self._directory.sweep_drafts()


class Draft:
    """A file that is being written there."""

    def __init__(self, draft: FileDraft, faults: Faults) -> None:
        self._draft, self._faults = draft, faults

    def write(self, data: bytes | memoryview) -> None:
        if self._faults.free:
            self._faults.free -= 1
        else:
            assert self._faults.gate.wait(GATE_SECONDS), "nobody opened the gate"
        _fail(self._faults.write)
        self._draft.write(data)

    def finish(self) -> None:
        self._draft.finish()

    def abandon(self) -> None:
        self._draft.abandon()


def _fail(number: int | None) -> None:
    if number is not None:
        raise OSError(number, os.strerror(number))


class JobBench:
    """A server's use cases and its jobs; `close` and `open` again is a restart."""

    def __init__(
        self,
        data_dir: Path,
        clock: HandClock,
        *,
        jobs: int = 2,
        root: Path | None = None,
        **limits: int,
    ) -> None:
        self.clock = clock
        self.faults = Faults()
        self.faults.gate.set()
        self._data_dir, self._root = data_dir, root or data_dir / EXPORTS_DIRECTORY
        self._job_count = jobs
        self._limits = Limits(export_block_bytes=BLOCK_BYTES, **limits)

    async def open(self) -> None:
        """Starts as a server does."""
        if not structlog.is_configured():
            configure_logs("error")
        blobs = Blobs(Disk(self._root, self.faults))
        self.use_cases = OpenUseCases(self._data_dir, self.clock, self._limits, blobs=blobs)
        self.exports, self.store = self.use_cases.exports, self.use_cases.store
        await self.exports.ends.start()
        self.tools = WriterTools(
            self.store,
            blobs,
            self.exports.held,
            self.use_cases.ledger.encoding,
            self._limits.export_bytes,
            self.clock,
            self.exports.ends.changed.tell,
        )
        self.jobs = ExportJobs(
            self.store, self.exports.ends, self.tools, self._limits, self._job_count, self.clock
        )
        await self.jobs.start()

    async def close(self) -> None:
        """Stops as a server does."""
        await self.jobs.close()
        await self.use_cases.close()

    def move(self, millis: int) -> None:
        """Moves the clock, and lets jobs look at it."""
        self.clock.millis += millis
        self.exports.ends.changed.tell()

    async def fill(self, account: str, count: int, texts: int = 1) -> None:
        """Opens an account with profiles, each with some texts of 64 letters."""
        await self.use_cases.accounts.create(account)
        for first in range(0, count, 1000):
            batch = profile_pb2.ProfileBatch()
            for number in range(first, min(first + 1000, count)):
                noise = hashlib.sha256(b"%d" % number).hexdigest()
                profile = batch.profiles.add(profile_id=f"p{number:05}", customer_type=noise)
                for kind in range(1, texts):
                    profile.alternate_ids.add(type=f"kind{kind}", value=noise)
            answer = await self.use_cases.profiles.upsert(account, batch.SerializeToString())
            assert not answer.exceptions

    async def ask(
        self,
        account: str = "shop",
        block_format: BlockFormat = BlockFormat.NDJSON,
        delivery: ExportDelivery = ExportDelivery.FILES,
        **changes: object,
    ) -> ExportOpened:
        """Initiates an export, to files if nothing else is said."""
        request = ExportRequest(block_format, delivery=delivery, **changes)  # type: ignore[arg-type]
        return await self.exports.opening.initiate(account, request)

    async def row(self, opened: ExportOpened) -> ExportRow:
        """Reads what is stored of an export."""
        export_id = opened.name.rpartition("/")[2]
        row = await self.store.read(lambda tx: exports.find_by_id(tx, export_id))
        assert row is not None
        return row

    async def settled(self, opened: ExportOpened) -> ExportRow:
        """Waits until a job ended, whatever became of it."""
        await until(partial(self._is_settled, opened))
        return await self.row(opened)

    async def _is_settled(self, opened: ExportOpened) -> bool:
        return (await self.row(opened)).state is not ExportState.PROCESSING

    async def attempted(self, opened: ExportOpened, count: int) -> None:
        """Waits until so many attempts failed, and the job is in the queue again."""

        async def is_waiting() -> bool:
            row = await self.row(opened)
            due = await self.store.read(exports.next_due)
            if row.attempt != count or due is None:
                return False
            return self.clock() < due < self.clock() + LEASE_MILLIS

        await until(is_waiting)

    async def status(self, opened: ExportOpened, account: str = "shop") -> ExportStatus:
        return await self.exports.service.status(account, opened.token.reveal())

    async def read(self, opened: ExportOpened, part: int = 0, account: str = "shop") -> bytes:
        """Retrieves a part."""
        data = b""
        token = opened.token.reveal()
        async for block in self.exports.reading.retrieve(account, token, 0, part):
            response = export_service_pb2.RetrieveExportResponse.FromString(block)
            assert response.offset == len(data)
            data += response.data
        return data

    async def streamed(self, **changes: object) -> bytes:
        """Returns what a stream of the same would send now."""
        opened = await self.ask(delivery=ExportDelivery.STREAMS, **changes)  # type: ignore[arg-type]
        return await self.read(opened)

    async def blocks(self, row: ExportRow, number: int) -> list[tuple[int, int]]:
        """Returns where the blocks of a file end, and how many rows end in each."""
        file = await self.store.read(lambda tx: export_files.find(tx, row.key, number))
        assert file is not None
        return list(export_files.BLOCK_ENTRY.iter_unpack(file.blocks))

    async def known_paths(self) -> list[str]:
        """Returns the paths of all files that rows know."""
        return sorted(await self.store.read(export_files.select_paths))

    def on_disk(self) -> list[str]:
        """Returns what is on the disk, drafts included."""
        files = (path for path in self._root.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self._root)) for path in files)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Waits for something to become so; a test that waits in vain ends by its timeout."""
    while not await is_so():
        await asyncio.sleep(0.005)


@asynccontextmanager
async def job_bench(bench: JobBench) -> AsyncIterator[JobBench]:
    """Runs a bench."""
    await bench.open()
    try:
        yield bench
    finally:
        bench.faults.gate.set()
        await bench.close()
