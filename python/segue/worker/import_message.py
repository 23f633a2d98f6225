"""What is told of an import that ended: how, and its counts; nothing of its records, and nothing that opens it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from segue.domain.imports import ImportState
from segue.store import imports
from segue.store.base import Connection
from segue.store.imports import ImportRow
from segue.worker.job_facts import ToldJob
from segue.worker.message import Message

_SENTENCES: Final = {
    ImportState.COMPLETED: "is complete",
    ImportState.FAILED: "failed; none of its records was written",
    ImportState.CANCELLED: "was cancelled; none of its records was written",
}

_COUNTS: Final = {
    "received_count": "Records received",
    "valid_count": "Valid",
    "invalid_count": "Invalid",
    "processed_count": "Written",
    "repeated_count": "Repeated",
    "not_honored_count": "Not honored",
    "created_count": "Profiles created",
    "erased_count": "Profiles erased",
    "exception_count": "Exceptions",
}
"""The counts that are told, in order: names of `segue.v1.ImportStatus`, and words for people."""

_NO_REASON: Final = "the records could not be applied; open another import"


@dataclass(frozen=True)
class ImportMessage(Message):
    """An import that ended as it is told."""

    end: ImportRow

    @property
    def event_type(self) -> str:
        """`import.completed`, `import.failed` or `import.cancelled`."""
        return f"import.{self.end.state.name.lower()}"

    @property
    def error(self) -> str:
        """Why it failed; empty when it did not."""
        if self.end.state is not ImportState.FAILED:
            return ""
        return self.end.error_message or _NO_REASON

    def data(self) -> Mapping[str, object]:
        """Returns name, state, counts and revision."""
        return {
            "import": self.end.name,
            "display_name": self.end.display_name or None,
            "state": self.end.state.name,
            "errormessage": self.error or None,
            "validate_only": self.end.validate_only,
            **{count: getattr(self.end, count) for count in _COUNTS},
            "revision": self.end.revision or None,
        }

    def subject(self) -> str:
        """Returns how which import ended."""
        return f"Import {self.end.state.name.lower()}: {self.end.name}"

    def lines(self) -> Sequence[str]:
        """Returns how it ended, and its counts."""
        lines = [f"The import {self.end.name} {self._sentence()}.", ""]
        if self.end.display_name:
            lines.append(f"Display name: {self.end.display_name}")
        lines.append(f"State: {self.end.state.name}")
        if self.error:
            lines.append(f"Error: {self.error}")
        lines += [f"{words}: {getattr(self.end, count)}" for count, words in _COUNTS.items()]
        if self.end.revision:
            lines.append(f"Revision: {self.end.revision}")
        return lines

    def _sentence(self) -> str:
        if self.end.validate_only and self.end.state is ImportState.COMPLETED:
            return "was only validated; nothing was written"
        return _SENTENCES[self.end.state]


class ImportFacts:
    """What messages about imports are made of: their rows alone."""

    def find(self, tx: Connection, job: int) -> ToldJob | None:
        """Reads an import, which is told as long as its row is there."""
        row = imports.find_remaining(tx, job)
        if row is None:
            return None
        return ToldJob(None, partial(_compose, row) if row.state.has_ended else None)


async def _compose(end: ImportRow, millis: int) -> Message:
    return ImportMessage(f"msg_{end.import_id}", millis, end)
