"""Writes one export's files: kernel → blob store, block by block, with an index by which they are read."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from segue._kernel import Export
from segue.domain.account import Account
from segue.domain.export import EXTENSIONS
from segue.domain.notification import JobKind
from segue.domain.timestamp import Clock
from segue.errors import ExportTooLarge, StoreUnavailable
from segue.service.blocks import Encoding
from segue.service.export_rows import HeldExports
from segue.store import export_files, exports, notifications
from segue.store.base import Connection, Store
from segue.store.blobs import Blobs
from segue.store.export_files import FileRow
from segue.store.exports import ExportRow

PROGRESS_BYTES: Final = 32 << 20
"""Bytes between two notes of progress, each of which renews the lease."""

MAX_FILES: Final = 10_000
"""Files that one export may have: all of them stand in its status, which must stay a message that clients take."""

LEASE_MILLIS: Final = 60_000
"""How long a lease counts; it is renewed with every note of progress."""

_log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """The job is no longer this process's: it was cancelled, withdrawn, or taken over."""


@dataclass(frozen=True)
class WriterTools:
    """What all jobs work with."""

    store: Store
    blobs: Blobs
    held: HeldExports
    encoding: Encoding
    max_bytes: int
    clock: Clock
    told: Callable[[], None]
    """Is called when there is progress to be seen."""


@dataclass
class _Written:
    """How far the export is."""

    rows: int = 0
    size_bytes: int = 0
    noted_bytes: int = 0
    paths: list[str] = field(default_factory=list)


class ExportWriter:
    """One attempt at one job."""

    def __init__(self, tools: WriterTools, account: Account, row: ExportRow, lease: str) -> None:
        """Takes the job and the lease it is held by."""
        self._tools = tools
        self._account = account
        self._row = row
        self._lease = lease
        self._written = _Written()

    async def write(self) -> None:
        """Writes all files and ends the job.

        Raises:
            LeaseLost: The job is no longer this process's.
            ExportTooLarge: It is larger than the server makes, or would have too many files.
            StorageFull: There is no room for the files.
            StoreUnavailable: The store or the blob store cannot be written.
        """
        await self._delete_earlier()
        held = await self._tools.held.get(self._account, self._row)
        whole = held.whole
        await self._note(whole.row_count)
        number, first = 0, 0
        while number == 0 or first < whole.row_count:
            part = self._part(whole, first)
            file = await self._write_file(part, number, whole.row_count)
            await self._note(whole.row_count, file)
            number, first = number + 1, first + file.row_count
        await self._finish(whole.row_count)

    async def discard(self) -> None:
        """Deletes what this attempt wrote, so that the space is given back; nothing of an export that it made after all.

        What cannot be deleted now stays known, and is deleted by the next attempt or when the export ends.
        """
        paths = await self._tools.store.write(self._unneeded)
        try:
            await self._tools.blobs.delete(paths)
        except StoreUnavailable as error:
            _log.warning("export.not_discarded", export=self._row.export_id, exc_info=error)
            return
        await self._tools.store.write(lambda tx: export_files.delete(tx, self._row.key, paths))

    def _unneeded(self, tx: Connection) -> list[str]:
        """Returns the paths that this attempt wrote, without those that a made export has: its end may have been on its way."""
        row = exports.find_by_key(tx, self._row.key)
        is_made = row is not None and row.state.is_made
        needed = set(export_files.paths(tx, self._row.key)) if is_made else set()
        return [path for path in self._written.paths if path not in needed]

    async def _delete_earlier(self) -> None:
        """Deletes files of attempts before this one, as a crash leaves them: nobody adds to them while this lease counts."""
        paths = await self._tools.store.read(lambda tx: export_files.paths(tx, self._row.key))
        if paths:
            await self._tools.blobs.delete(paths)
            await self._tools.store.write(lambda tx: export_files.delete(tx, self._row.key, paths))

    def _part(self, whole: Export, first: int) -> Export:
        if self._row.max_file_rows is None and self._row.max_file_bytes is None:
            return whole
        return whole.slice(first, self._row.max_file_rows, self._row.max_file_bytes)

    async def _write_file(self, part: Export, number: int, row_count: int) -> FileRow:
        if number == MAX_FILES:
            raise ExportTooLarge(
                f"the export would have more than {MAX_FILES} files; ask for larger ones by max_file_rows or max_file_bytes",
                {"limit": "export_files", "maximum": MAX_FILES},
            )
        path = f"{self._account.key}/{self._row.export_id}/{self._lease}-{number}.{EXTENSIONS[self._row.block_format]}"
        self._written.paths.append(path)
        digest, index, rows, size = hashlib.sha256(), bytearray(), 0, 0
        async with self._tools.blobs.writer(path) as writer:
            async for data, block_rows in self._blocks(part, digest):
                await writer.write(data)
                rows, size = rows + block_rows, size + len(data)
                index += export_files.BLOCK_ENTRY.pack(size, block_rows)
                self._count(len(data), block_rows)
                if self._written.size_bytes - self._written.noted_bytes >= PROGRESS_BYTES:
                    await self._note(row_count)
        return FileRow(number, path, rows, size, digest.digest(), bytes(index))

    async def _blocks(
        self, part: Export, digest: "hashlib._Hash"
    ) -> AsyncIterator[tuple[bytes, int]]:
        """Yields the blocks of a file with their rows; each waits for its account's turn on the cores."""

        def encode(offset: int) -> tuple[bytes, int, int] | None:
            block = part.read_raw(offset)
            if block is None:
                return None
            data, next_offset, rows, _ = block
            digest.update(data)
            return data, next_offset, rows

        offset = 0
        while True:
            block = await self._tools.encoding.run(self._account.key, partial(encode, offset))
            if block is None:
                return
            data, offset, rows = block
            yield data, rows

    def _count(self, size: int, rows: int) -> None:
        self._written.rows += rows
        self._written.size_bytes += size
        if self._written.size_bytes > self._tools.max_bytes:
            maximum = self._tools.max_bytes
            raise ExportTooLarge(
                f"the export is larger than {maximum} bytes; ask for fewer fields, tags or event types, a shorter window,"
                " or a smaller segment",
                {"limit": "export_bytes", "maximum": maximum},
            )

    async def _note(self, row_count: int, file: FileRow | None = None) -> None:
        """Notes progress and a file that is whole, and renews the lease."""
        written = self._written
        written.noted_bytes = written.size_bytes

        def work(tx: Connection) -> bool:
            until = self._tools.clock() + LEASE_MILLIS
            is_held = exports.progress(
                tx, self._row.key, self._lease, until, row_count, written.rows, written.size_bytes
            )
            if is_held and file is not None:
                export_files.insert(tx, self._row.key, file)
            return is_held

        await self._in_lease(work)

    async def _finish(self, row_count: int) -> None:
        size = self._written.size_bytes

        def work(tx: Connection) -> bool:
            is_held = exports.finish(tx, self._row.key, self._lease, row_count, size)
            if is_held:
                notifications.set_due(tx, JobKind.EXPORT, self._row.key, self._tools.clock())
            return is_held

        await self._in_lease(work)

    async def _in_lease(self, work: Callable[[Connection], bool]) -> None:
        if not await self._tools.store.write(work):
            raise LeaseLost
        self._tools.told()
