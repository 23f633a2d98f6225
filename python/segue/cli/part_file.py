"""An export's file while it is being written: kept when interrupted, and gone on with by the next try."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class ExportIdentity:
    """What makes two exports the same: only then can one go on with the other's file."""

    target: str
    account: str
    segment: str | None
    last_datetime: str | None
    include_removed: bool
    format: str


class PartFile:
    """`F.part` with the bytes so far, and `F.part.json` with the export's token, readable by its owner only."""

    def __init__(self, output: Path, identity: ExportIdentity) -> None:
        """Takes the file to be made and what it will hold."""
        self._output = output
        self._identity = identity
        self._bytes = output.with_name(output.name + ".part")
        self._state = output.with_name(output.name + ".part.json")

    def token(self) -> str | None:
        """Returns the token of an interrupted export of the same identity."""
        try:
            state = json.loads(self._state.read_text())
        except (OSError, ValueError):
            return None
        if not self._bytes.exists() or state.get("export") != asdict(self._identity):
            return None
        return str(state["token"])

    def begin(self, token: str) -> BinaryIO:
        """Opens an empty file and remembers the token."""
        file = self._bytes.open("wb")
        with os.fdopen(
            os.open(self._state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as state:
            json.dump({"token": token, "export": asdict(self._identity)}, state)
        return file

    def resume(self) -> BinaryIO:
        """Opens the file at its end: the export's bytes and the file's are the same, so that is where to go on."""
        return self._bytes.open("ab")

    def finish(self, file: BinaryIO) -> None:
        """Makes the bytes durable and gives the file its name."""
        file.flush()
        os.fsync(file.fileno())
        self._bytes.replace(self._output)
        self._state.unlink()
