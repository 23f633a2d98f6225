"""An input's bytes, decompressed by what they begin with, and a look at them before they are read."""

import io
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa

from segue.client.files.problems import FileInvalid

LOOK_BYTES: Final = 1024 * 1024
"""As much as formats and columns are told by."""

_READ_BYTES: Final = 256 * 1024
_COMPRESSIONS: Final = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))


class InputStream:
    """Bytes that are read from front to back, once.

    Attributes:
        is_compressed: The input is gzip or zstd, of one or many members.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Takes the bytes as they are stored.

        Args:
            file: Closed with the stream.
            name: What it is called in messages.
        """
        self._name = name
        self._stored = _Seen(file)
        magic = self._stored.look(4)
        codec = next((name for begin, name in _COMPRESSIONS if magic.startswith(begin)), None)
        self.is_compressed = codec is not None
        opened: Any = pa.CompressedInputStream(self._stored, codec) if codec else self._stored
        self._seen = _Seen(opened) if codec else self._stored

    def look(self, size: int = LOOK_BYTES) -> bytes:
        """Returns what comes next, fewer bytes only at the end, and leaves it to be read."""
        return self._checked(self._seen.look, size)

    def read(self, size: int) -> bytes:
        """Reads bytes, fewer only at the end.

        Raises:
            FileInvalid: The compressed bytes are cut off or damaged.
        """
        return self._checked(self._seen.take, size)

    def skip(self, size: int) -> None:
        """Passes over bytes; those of plain files cost nothing."""
        if not self.is_compressed and self._seen.seek_on(size):
            return
        while size:
            passed = len(self.read(min(size, LOOK_BYTES)))
            if not passed:
                return
            size -= passed

    @property
    def position_bytes(self) -> int:
        """How many bytes, as they are stored, were read."""
        return self._stored.position

    def close(self) -> None:
        """Closes the input."""
        self._stored.close()

    def _checked(self, read: Any, size: int) -> bytes:  # noqa: ANN401  # a method of _Seen
        try:
            return cast("bytes", read(size))
        except (pa.ArrowException, OSError, ValueError) as error:
            if not self.is_compressed:
                raise
            raise FileInvalid(
                f"{self._name} cannot be decompressed any further: {error}"
            ) from error


class _Seen(io.RawIOBase):
    """Reads on behind bytes that were looked at."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401  # whatever has read
        self._file = file
        self._head = b""
        self.position = 0

    def readable(self) -> bool:
        return True

    def look(self, size: int) -> bytes:
        if len(self._head) < size:
            self._head += self._read_whole(size - len(self._head))
        return self._head[:size]

    def take(self, size: int) -> bytes:
        head, self._head = self._head[:size], self._head[size:]
        return head + self._read_whole(size - len(head)) if len(head) < size else head

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # any writable buffer
        data = self.take(min(len(buffer), _READ_BYTES))
        buffer[: len(data)] = data
        return len(data)

    def seek_on(self, size: int) -> bool:
        if not getattr(self._file, "seekable", bool)():
            return False
        ahead = size - len(self._head)
        self._file.seek(ahead, io.SEEK_CUR)
        self._head, self.position = b"", self.position + ahead
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def _read_whole(self, size: int) -> bytes:
        found = []
        while size:
            data = self._file.read(size)
            if not data:
                break
            found.append(data)
            size -= len(data)
            self.position += len(data)
        return b"".join(found)
