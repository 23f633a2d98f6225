"""Files of an export while they are being written: kept when interrupted, and gone on with by the next try."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from segue.client.snapshot import PinnedSnapshot


@dataclass(frozen=True)
class RememberedExport:
    """An export that was begun; both are empty where its token came from elsewhere."""

    token: str
    sync_token: str


class ExportMemory:
    """A file beside an export's bytes that tells which export they are of, readable by its owner only."""

    def __init__(self, path: Path, identity: Mapping[str, object]) -> None:
        """Takes the file, and what makes two exports the same."""
        self._path = path
        self._identity = json.loads(json.dumps(identity))

    def recall(self) -> RememberedExport | None:
        """Returns the export that was interrupted, if it is the same."""
        try:
            state = json.loads(self._path.read_text(encoding="utf-8"))
            if state["export"] != self._identity:
                return None
            return RememberedExport(str(state["token"]), str(state["sync_token"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, export: PinnedSnapshot | None = None) -> None:
        """Remembers an export; none where its token is somebody else's to keep."""
        found = RememberedExport(export.token, export.sync_token) if export else _ELSEWHERE
        write_private(self._path, json.dumps({**asdict(found), "export": self._identity}))

    def forget(self) -> None:
        """Deletes the file."""
        self._path.unlink(missing_ok=True)


_ELSEWHERE = RememberedExport("", "")


class PartFile:
    """`F.part`, which becomes `F` when all bytes are there.

    Attributes:
        output: The file to be made.
    """

    def __init__(self, output: Path) -> None:
        """Takes the file to be made."""
        self.output = output
        self.path = output.with_name(output.name + ".part")

    def begin(self) -> BinaryIO:
        """Opens an empty file."""
        return self.path.open("w+b")

    def resume(self) -> BinaryIO:
        """Opens the file at its end, where to go on: the export's bytes and the file's are the same. Empty when there is none."""
        file = self.path.open("a+b")
        file.seek(0, os.SEEK_END)
        return file

    def finish(self, file: BinaryIO) -> None:
        """Makes the bytes durable and gives the file its name."""
        file.flush()
        os.fsync(file.fileno())
        self.path.replace(self.output)

    def drop(self) -> None:
        """Deletes the bytes so far."""
        self.path.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Writes a file that its owner alone can read, whole or not at all."""
    written = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
