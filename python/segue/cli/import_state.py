"""How far an import is, in a file of its owner's: after a break the same command goes on with it."""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from segue.cli.failures import CommandFailed
from segue.cli.part_file import write_private

_KEPT_SECONDS: Final = 0.2
"""Between two writings: what was staged since the last is sent again, and counts once."""


@dataclass(frozen=True)
class ImportProgressKept:
    """What the file has.

    Attributes:
        request_id: Of InitiateImport: sent again, it gets the same import.
        execution_id: Of ExecuteImport.
        token: The import's; empty until it is open.
        part: Number of the next part.
        file: Number of the input it comes from, from 0.
        offset: Where in that input it begins.
        staged: First part and unreadable records of each input so far.
    """

    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    execution_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    token: str = field(default="", repr=False)
    part: int = 1
    file: int = 0
    offset: int = 0
    staged: tuple[tuple[int, int], ...] = ()


class ImportState:
    """The file, which its owner alone can read; none is kept without a path."""

    def __init__(self, path: Path | None, subject: Mapping[str, Any]) -> None:
        """Takes the file, and what makes two imports the same: options, and the inputs' identities."""
        self._path = path
        self._subject = json.loads(json.dumps(subject))
        self._written = 0.0

    @property
    def is_kept(self) -> bool:
        """Whether a later command can go on."""
        return self._path is not None

    def recall(self) -> ImportProgressKept | None:
        """Returns how far a broken run came; None when there was none.

        Raises:
            CommandFailed: The file is of another import, or its inputs have changed.
        """
        try:
            found = json.loads(self._path.read_text(encoding="utf-8")) if self._path else None
        except FileNotFoundError:
            return None
        except ValueError:
            found = {}
        if found is None:
            return None
        try:
            subject, kept = found["of"], found["kept"]
            staged = tuple((int(first), int(rejected)) for first, rejected in kept.pop("staged"))
            progress = ImportProgressKept(**kept, staged=staged)
        except (KeyError, TypeError, ValueError):
            raise CommandFailed(
                f"{self._path} is not a state file; give another, or delete it"
            ) from None
        if subject != self._subject:
            raise CommandFailed(
                f"{self._path} is of another import: {_difference(subject, self._subject)}; delete it to begin anew"
            )
        return progress

    def keep(self, progress: ImportProgressKept, *, now: bool = True) -> None:
        """Writes the file; unless it must be now, only when the last time is a while ago."""
        if self._path is None or not (now or time.monotonic() - self._written > _KEPT_SECONDS):
            return
        write_private(self._path, json.dumps({"of": self._subject, "kept": asdict(progress)}))
        self._written = time.monotonic()

    def forget(self) -> None:
        """Deletes the file."""
        if self._path:
            self._path.unlink(missing_ok=True)


def _difference(before: object, after: Mapping[str, Any]) -> str:
    if not isinstance(before, dict):
        return "its options differ"
    names = [name for name in after if before.get(name) != after[name]]
    return "its files have changed" if names == ["inputs"] else f"{', '.join(names)} differ"
