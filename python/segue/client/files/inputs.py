"""Where an import's bytes come from: files, standard input, objects in storage."""

import io
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Final, cast

from segue.client.files.input_stream import InputStream
from segue.client.files.problems import FileInvalid

if TYPE_CHECKING:
    from obstore.store import ObjectStore

STANDARD_INPUT: Final = "-"
_FETCHED_BYTES: Final = 4 * 1024 * 1024


class Input(ABC):
    """Something to import.

    Attributes:
        name: What it is called in messages.
        size_bytes: Bytes as they are stored; None when nobody knows.
        is_once: Its bytes can be read only once.
    """

    is_once: ClassVar[bool] = False

    def __init__(self, name: str, size_bytes: int | None) -> None:
        """Takes what is known before it is opened."""
        self.name = name
        self.size_bytes = size_bytes

    @property
    def file_name(self) -> str:
        """The last part of its name."""
        return self.name.rstrip("/").rsplit("/", 1)[-1]

    @property
    def path(self) -> Path | None:
        """Where it is, when it is a file."""
        return None

    @abstractmethod
    def identity(self) -> Mapping[str, object] | None:
        """Returns what changes when its bytes do; None when they can be read only once."""

    @abstractmethod
    def open(self) -> BinaryIO:
        """Opens the bytes as they are stored."""

    def stream(self) -> InputStream:
        """Opens the bytes, decompressed, at their beginning."""
        return InputStream(self.open(), self.name)


class LocalInput(Input):
    """A file."""

    def __init__(self, path: Path) -> None:
        """Takes a file that is there."""
        super().__init__(str(path), path.stat().st_size)
        self._path = path

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def identity(self) -> Mapping[str, object]:
        """Returns place, size and time of the last change."""
        found = self._path.stat()
        return {
            "path": str(self._path.resolve()),
            "size": found.st_size,
            "mtime_ns": found.st_mtime_ns,
        }

    def open(self) -> BinaryIO:
        """Opens the file."""
        return self._path.open("rb")


class StandardInput(Input):
    """Standard input: its stream is opened once, and goes on where it was read to."""

    is_once: ClassVar[bool] = True

    def __init__(self) -> None:
        """Reads nothing yet."""
        super().__init__(STANDARD_INPUT, None)
        self._stream: InputStream | None = None

    def identity(self) -> None:
        """Returns nothing: it can be read only once."""

    def open(self) -> BinaryIO:
        """Returns standard input."""
        return sys.stdin.buffer

    def stream(self) -> InputStream:
        """Returns the one stream there is."""
        if self._stream is None:
            self._stream = super().stream()
        return self._stream


class ObjectInput(Input):
    """An object in storage, read in ranges by obstore's calls that block."""

    def __init__(self, store: "ObjectStore", url: str, meta: Mapping[str, Any]) -> None:
        """Takes what a listing or a look at the object told."""
        super().__init__(url, meta["size"])
        self._store = store
        self._meta = meta

    def identity(self) -> Mapping[str, object]:
        """Returns address, size and ETag; the time of the last change where there is no ETag."""
        tag = self._meta.get("e_tag") or str(self._meta.get("last_modified"))
        return {"url": self.name, "size": self.size_bytes, "etag": tag}

    def open(self) -> BinaryIO:
        """Opens the object; nothing is fetched yet."""
        raw = _ObjectReader(self._store, self._meta["path"], self._meta["size"])
        return cast("BinaryIO", raw)


class _ObjectReader(io.RawIOBase):
    """Reads an object from front to back; the next range is fetched on a thread while the last is read."""

    def __init__(self, store: "ObjectStore", path: str, size_bytes: int) -> None:
        self._store, self._path, self._size = store, path, size_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fetch")
        self._at = self._fetched = 0
        self._range = memoryview(b"")
        self._next: Future[bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (self._at if whence == io.SEEK_CUR else 0)
        self._fetched, self._range, self._next = self._at, memoryview(b""), None
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # any writable buffer
        if not self._range:
            self._range = memoryview(self._take())
        count = min(len(buffer), len(self._range))
        buffer[:count] = self._range[:count]
        self._range = self._range[count:]
        self._at += count
        return count

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _take(self) -> bytes:
        pending = self._next or self._fetch()
        if pending is None:
            return b""
        data = pending.result()
        self._next = self._fetch()
        return data

    def _fetch(self) -> "Future[bytes] | None":
        start, end = self._fetched, min(self._size, self._fetched + _FETCHED_BYTES)
        if start >= end:
            return None
        self._fetched = end
        return self._thread.submit(_range_of, self._store, self._path, start, end)


def _range_of(store: "ObjectStore", path: str, start: int, end: int) -> bytes:
    import obstore  # noqa: PLC0415  # loads what only objects need
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        return bytes(obstore.get_range(store, path, start=start, end=end))
    except (BaseError, OSError) as error:
        problem = str(error).partition("\n")[0]
        raise FileInvalid(f"object {path} cannot be read any further: {problem}") from error
