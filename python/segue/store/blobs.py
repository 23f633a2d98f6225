"""Blobs: the files of exports, in a directory or in object storage. There whole, or not at all."""

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, ParamSpec, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import from_url

from segue.errors import StorageFull, StoreUnavailable
from segue.store.blob_bucket import BlobBucket
from segue.store.blob_directory import BlobDirectory

P = ParamSpec("P")
R = TypeVar("R")

EXPORTS_DIRECTORY: Final = "exports"
"""Directory of blobs in the data directory."""

THREADS: Final = 8
"""Calls to the place at once."""

ORPHAN_SECONDS: Final = 24 * 3600
"""Age at which a blob of this process that no row knows is nobody's: no export is written as long."""

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class _Draft(Protocol):
    """A blob that is being written."""

    def write(self, data: bytes | memoryview) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


class _Place(Protocol):
    """Where blobs are; calls block."""

    def begin(self, path: str) -> _Draft: ...
    def read(self, path: str, start: int, end: int) -> bytes | None: ...
    def delete(self, path: str) -> None: ...
    def paths(self) -> Iterator[str]: ...
    def sweep_drafts(self) -> None: ...


class Blobs:
    """Writes, reads and deletes blobs by their paths, as `2f6c/0`. No call blocks the event loop.

    The directory or prefix belongs to one server: `sweep` deletes what its rows do not know.
    """

    def __init__(self, place: _Place) -> None:
        """Takes the place; `open` finds it."""
        self._place = place
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")
        self._written: dict[str, float] = {}

    @classmethod
    def open(cls, blob_url: str | None, data_dir: Path) -> "Blobs":
        """Opens object storage by its URL, as `s3://bucket/prefix`; `file:///directory` and None, `exports` in the data directory, are directories.

        Raises:
            StoreUnavailable: The URL is of no kind that is known, or the directory cannot be made.
        """
        if blob_url is None:
            return cls(_directory(data_dir / EXPORTS_DIRECTORY))
        if urlsplit(blob_url).scheme == "file":
            return cls(_directory(Path(unquote(urlsplit(blob_url).path))))
        try:
            return cls(BlobBucket(from_url(blob_url)))
        except (BaseError, ValueError) as error:
            raise StoreUnavailable(
                "blob_url is no object storage that is known; set it as s3://bucket/prefix, gs://… or az://…"
            ) from error

    async def close(self) -> None:
        """Waits for calls under way."""
        await asyncio.to_thread(self._threads.shutdown)

    @asynccontextmanager
    async def writer(self, path: str) -> AsyncIterator["BlobWriter"]:
        """Writes a blob, which appears when the block ends without an exception; otherwise nothing of it remains.

        A blob that had the path before is replaced.

        Raises:
            StorageFull: There is no room left.
            StoreUnavailable: It cannot be written.
        """
        draft = self._place.begin(path)
        try:
            yield BlobWriter(lambda data: self._run(draft.write, data))
            self._written[path] = time.monotonic()
            await self._run(draft.finish)
        except BaseException:
            self._written.pop(path, None)
            await asyncio.shield(self._run(draft.abandon))
            raise

    async def read(
        self, path: str, start: int, end: int, made: Callable[[bytes], bytes] = bytes
    ) -> bytes:
        """Reads the bytes of a blob from `start` until before `end`.

        Args:
            path: The blob.
            start: Its first byte that is wanted.
            end: The one behind the last.
            made: What is to become of the bytes: light work that the reading thread does, so that they change threads once.

        Raises:
            FileNotFoundError: There is no such blob, any more.
            StoreUnavailable: It cannot be read, or ends before.
        """
        if start == end:
            return made(b"")

        def read() -> bytes | None:
            data = self._place.read(path, start, end)
            if data is not None and len(data) != end - start:
                raise StoreUnavailable("a file of an export is shorter than it was written")
            return None if data is None else made(data)

        result = await self._run(read)
        if result is None:
            raise FileNotFoundError(errno.ENOENT, "no such blob")
        return result

    async def delete(self, paths: Iterable[str]) -> None:
        """Deletes blobs; those that are not there are passed over.

        Raises:
            StoreUnavailable: One cannot be deleted; those before it are.
        """
        for path in paths:
            await self._run(self._place.delete, path)
            self._written.pop(path, None)

    async def sweep(self, known: Collection[str]) -> None:
        """Deletes what a crash or a lost answer left behind: drafts of earlier processes, and blobs that no row knows.

        Blobs of this process are spared for a day: their row may be about to be written.

        Args:
            known: Paths of all rows, read before the call.

        Raises:
            StoreUnavailable: The place cannot be listed, or a blob not deleted.
        """
        await self._run(self._place.sweep_drafts)
        since = time.monotonic() - ORPHAN_SECONDS
        paths = await self._run(lambda: list(self._place.paths()))
        await self.delete(
            path for path in paths if path not in known and self._written.get(path, since) <= since
        )

    async def _run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        with _told():
            return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))


class BlobWriter:
    """Appends to a blob. One call at a time."""

    def __init__(self, write: Callable[[bytes | memoryview], Awaitable[None]]) -> None:
        """Takes what writes, off the event loop."""
        self._write = write

    async def write(self, data: bytes | memoryview) -> None:
        """Appends bytes, which must stay as they are until it returns.

        Raises:
            StorageFull: There is no room left.
            StoreUnavailable: They cannot be written.
        """
        await self._write(data)


def _directory(root: Path) -> BlobDirectory:
    with _told():
        return BlobDirectory(root)


@contextmanager
def _told() -> Iterator[None]:
    """Turns failures of the place into ours, which name no paths of the machine."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                "there is no room left for files of exports; free space where the server keeps them, or set blob_url to a larger place, and"
                " export again",
                {"limit": "export_storage"},
            ) from error
        raise _unavailable() from error
    except BaseError as error:
        raise _unavailable() from error


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("the place for files of exports cannot be reached; try again")
