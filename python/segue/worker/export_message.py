"""What is told of a finished export, in the words of seed 003: status, count, link, and errormessage where there is nothing to fetch."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from segue.domain.export import ExportState, ExportStatus
from segue.domain.timestamp import format_timestamp
from segue.store import exports
from segue.store.base import Connection
from segue.store.exports import ExportRow
from segue.worker.job_facts import ToldJob
from segue.worker.message import Message

LINKS_SHOWN: Final = 100
"""Links in a message; that keeps it near the 20 kB that Standard Webhooks advise. More files are found by `file_count`."""

_NO_REASON: Final = "the export could not be made; start it again"


@dataclass(frozen=True)
class ExportMessage(Message):
    """A finished export as it is told."""

    name: str
    state: ExportState
    """COMPLETE, FAILED or ERROR; whether somebody fetched it meanwhile is no matter."""
    row_count: int
    byte_count: int
    file_count: int
    links: tuple[str, ...] = field(repr=False)
    """Of the first files, in order; secrets are in them."""
    error: str
    """Why there is nothing to fetch, and what to do; empty when there is."""
    snapshot_millis: int
    expire_millis: int

    @property
    def event_type(self) -> str:
        """The same for every end."""
        return "export.finished"

    @property
    def status(self) -> str:
        """SUCCESS or ERROR."""
        return "ERROR" if self.error else "SUCCESS"

    def data(self) -> Mapping[str, object]:
        """Returns status, counts, links and times."""
        return {
            "status": self.status,
            "errormessage": self.error or None,
            "export": self.name,
            "state": self.state.name,
            "count": self.row_count,
            "byte_count": self.byte_count,
            "file_count": self.file_count,
            "link": self.links[0] if self.links else None,
            "links": self.links,
            "snapshot_time": format_timestamp(self.snapshot_millis),
            "expire_time": format_timestamp(self.expire_millis),
        }

    def subject(self) -> str:
        """Returns whether it is ready, which one, and how large."""
        if self.error:
            return f"Export failed: {self.name}"
        return f"Export ready: {self.name}, {self.row_count} profiles"

    def lines(self) -> Sequence[str]:
        """Returns what there is to fetch and until when, or why there is nothing."""
        return self._failed() if self.error else self._ready()

    def _ready(self) -> list[str]:
        lines = [
            f"The export {self.name} is ready.",
            "",
            f"Status: {self.status}",
            f"Count: {self.row_count}",
            f"Size: {self.byte_count} bytes",
            f"As of: {format_timestamp(self.snapshot_millis)}",
            f"To be fetched until: {format_timestamp(self.expire_millis)}",
            "",
            "Link:" if self.file_count == 1 else f"Links to {self.file_count} files:",
            *self.links,
        ]
        if self.file_count > len(self.links):
            lines.append("The others are listed in the status of the export.")
        return lines

    def _failed(self) -> list[str]:
        return [
            f"The export {self.name} could not be made.",
            "",
            f"Status: {self.status}",
            f"Error: {self.error}",
        ]


@dataclass(frozen=True)
class ExportFacts:
    """What messages about exports are made of."""

    describe: Callable[[ExportRow], Awaitable[ExportStatus]]
    """The export as callers see it."""
    links: Callable[[ExportRow, int], str]
    """Where the file of a number can be fetched."""

    def find(self, tx: Connection, job: int) -> ToldJob | None:
        """Reads an export, which is told until it expires."""
        row = exports.find_by_key(tx, job)
        if row is None:
            return None
        compose_told = partial(self._compose, row) if is_told(row.state) else None
        return ToldJob(row.expire_millis, compose_told)

    async def _compose(self, row: ExportRow, millis: int) -> Message:
        return compose(row, await self.describe(row), self.links, millis)


def is_told(state: ExportState) -> bool:
    """Tells whether an export in a state has anything to tell; one that was cancelled, withdrawn or has expired has not."""
    return state.is_made or state in {ExportState.FAILED, ExportState.ERROR}


def compose(
    row: ExportRow, status: ExportStatus, links: Callable[[ExportRow, int], str], millis: int
) -> ExportMessage:
    """Makes the message of an export that is made or could not be made.

    Args:
        row: The export as it is stored.
        status: The export as callers see it.
        links: Where the file of a number can be fetched.
        millis: When it was told first.
    """
    is_made = status.state.is_made
    fault = status.fault.message if status.fault else _NO_REASON
    return ExportMessage(
        message_id=f"msg_{row.export_id}",
        millis=millis,
        name=status.name,
        state=ExportState.COMPLETE if is_made else status.state,
        row_count=status.row_count if is_made else 0,
        byte_count=status.byte_count if is_made else 0,
        file_count=len(status.files) if is_made else 0,
        links=tuple(links(row, file.number) for file in status.files[:LINKS_SHOWN])
        if is_made
        else (),
        error="" if is_made else fault,
        snapshot_millis=status.snapshot_millis,
        expire_millis=status.expire_millis,
    )
