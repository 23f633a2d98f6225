"""Bytes of staged parts that are too large for the database: one file for each import, to which parts are appended.

A file is written once, where a row of SQLite is written twice (log and database), and going away it costs one unlink. The rows of
`import_parts` say where in it a part lies; what no row names is what a crash or a refused write left, and goes with the file.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from segue.errors import StoreUnavailable
from segue.store.directory_sync import sync_directory

T = TypeVar("T")

WRITERS: Final = 4
"""Files that are written or synced at once."""

_MODE: Final = 0o600

FileKey = tuple[int, int]
"""Numbers of an account and of one of its imports."""


@dataclass
class _File:
    """A file that is being appended to."""

    path: Path
    end: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    syncing: threading.Lock = field(default_factory=threading.Lock)
    written: int = 0
    """Appends whose bytes have left this process."""
    synced: int = 0
    """Of these, how many are durable."""
    is_broken: bool = False
    """Whether a sync failed: the system then may call pages clean that never reached the disk."""


class PartFiles:
    """Files of parts below a directory, `ACCOUNT/IMPORT` by number."""

    def __init__(self, directory: Path) -> None:
        """Takes the directory; made when it is first needed."""
        self._directory = directory
        self._files: dict[FileKey, _File] = {}
        self._opening = threading.Lock()
        self._threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="parts")

    async def append(self, key: FileKey, data: bytes) -> int:
        """Appends bytes and returns where they begin; they are durable on return. Appends at the same time share a sync.

        Raises:
            StoreUnavailable: The disk is full or cannot be written.
        """
        return await self._run(self._append, key, data)

    async def read(self, key: FileKey, place: int, size: int) -> bytes:
        """Reads bytes that were appended; fewer, or none, where they are not there any more.

        Raises:
            StoreUnavailable: The disk cannot be read.
        """
        return await self._run(self._read, key, place, size)

    async def remove(self, keys: Iterable[FileKey]) -> None:
        """Removes the files of imports; those that are not there are no fault."""
        await self._run(self._remove, list(keys))

    async def keys(self) -> set[FileKey]:
        """Returns the imports that have a file."""
        return await self._run(self._keys)

    async def close(self) -> None:
        """Waits for what is being written."""
        await asyncio.to_thread(self._threads.shutdown)

    async def _run(self, work: Callable[..., T], *values: object) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)
        except OSError as error:
            raise StoreUnavailable(
                "the files of staged parts cannot be read or written, perhaps for lack of space; nothing was kept"
            ) from error

    def _append(self, key: FileKey, data: bytes) -> int:
        file = self._opened(key)
        with file.lock:
            place = file.end
            file.end += len(data)
        # It may have been removed since it was opened, with its import: then the row of the part is refused, and the file goes again.
        descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT, _MODE)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(descriptor, memoryview(data)[written:], place + written)
            with file.lock:
                file.written += 1
                mine = file.written
            self._sync(key, file, descriptor, mine)
            _let_go(descriptor, place, len(data))
        finally:
            os.close(descriptor)
        return place

    def _sync(self, key: FileKey, file: _File, descriptor: int, mine: int) -> None:
        """Makes the first appends of a file durable, unless another thread's sync did."""
        with file.syncing:
            if file.is_broken:
                raise OSError("an earlier sync of the file failed")
            if file.synced >= mine:
                return
            covered = file.written
            try:
                _sync(descriptor)
            except OSError:
                file.is_broken = True
                self._files.pop(key, None)
                raise
            file.synced = covered

    def _opened(self, key: FileKey) -> _File:
        """Returns the file of an import; a new one has a durable name."""
        with self._opening:
            file = self._files.get(key)
            if file is None:
                path = self._path(key)
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, _MODE)
                try:
                    file = _File(path, os.fstat(descriptor).st_size)
                finally:
                    os.close(descriptor)
                for directory in (path.parent, *path.parent.parents[:2]):
                    sync_directory(directory)
                self._files[key] = file
            return file

    def _read(self, key: FileKey, place: int, size: int) -> bytes:
        try:
            with self._path(key).open("rb") as file:
                file.seek(place)
                return file.read(size)
        except FileNotFoundError:
            return b""

    def _remove(self, keys: list[FileKey]) -> None:
        for key in keys:
            with self._opening:
                self._files.pop(key, None)
                self._path(key).unlink(missing_ok=True)

    def _keys(self) -> set[FileKey]:
        return {
            (int(path.parent.name), int(path.name))
            for path in self._directory.glob("*/*")
            if path.name.isdecimal() and path.parent.name.isdecimal()
        }

    def _path(self, key: FileKey) -> Path:
        account, of_import = key
        return self._directory / str(account) / str(of_import)


_sync: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)
"""Makes the bytes of a file durable, its size included."""


def _let_go(descriptor: int, place: int, size: int) -> None:
    """Lets go of the pages of durable bytes where the system can.

    The records wait decoded in memory, and pages that are free at once serve the next part, instead of as many as the import has.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, place, size, os.POSIX_FADV_DONTNEED)
