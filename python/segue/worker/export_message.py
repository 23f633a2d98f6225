"""What is told of a finished export, in the words of seed 003: status, count, link, and errormessage where there is nothing to fetch."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from segue.domain.export import ExportState, ExportStatus
from segue.domain.timestamp import format_timestamp
from segue.store.exports import ExportRow

EVENT_TYPE: Final = "export.finished"
LINKS_SHOWN: Final = 100
"""Links in a message; that keeps it near the 20 kB that Standard Webhooks advise. More files are found by `file_count`."""

_NO_REASON: Final = "the export could not be made; start it again"


@dataclass(frozen=True)
class ExportMessage:
    """A finished export as it is told, the same at every attempt."""

    message_id: str
    """By which a receiver knows a repeated message."""
    millis: int
    """When it was told first."""
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
    def status(self) -> str:
        """SUCCESS or ERROR."""
        return "ERROR" if self.error else "SUCCESS"


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


def payload(message: ExportMessage) -> str:
    """Writes a message as the JSON that webhooks get; every key is always there, null where there is nothing."""
    return json.dumps(
        {
            "type": EVENT_TYPE,
            "timestamp": format_timestamp(message.millis),
            "data": {
                "status": message.status,
                "errormessage": message.error or None,
                "export": message.name,
                "state": message.state.name,
                "count": message.row_count,
                "byte_count": message.byte_count,
                "file_count": message.file_count,
                "link": message.links[0] if message.links else None,
                "links": message.links,
                "snapshot_time": format_timestamp(message.snapshot_millis),
                "expire_time": format_timestamp(message.expire_millis),
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
