"""One server for one data directory: a locked file that names its holder."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from segue.process import StartRefused


class InstanceLock:
    """A lock that the system lets go when its holder dies, however it dies.

    Raises:
        StartRefused: Another process holds it; names that process.
    """

    def __init__(self, data_dir: Path) -> None:
        """Takes the lock, and makes the directory when it is missing."""
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = data_dir / "lock"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise StartRefused(
                f"{data_dir} is served by process {holder or 'unknown'}; stop it, or choose another data directory"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Lets go of the lock. The file stays: removing it would let two holders lock different files."""
        os.close(self._file)

    def __enter__(self) -> Self:
        """Returns the lock, which is held already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Lets go of the lock."""
        self.release()
