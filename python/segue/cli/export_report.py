"""What export commands print."""

from typing import Any

from segue.cli.export_files import Brought
from segue.cli.output import as_record
from segue.client.errors import details_of
from segue.client.remedies import remedy_for
from segue.client.snapshot import PinnedSnapshot
from segue.client.sync.exports import FileExport
from segue.client.times import to_text
from segue.v1.export_pb2 import ExportStatus


def status_record(status: ExportStatus) -> dict[str, Any]:
    """Returns a status as plain values; an error with its reason and what to do about it."""
    record = as_record(status)
    if status.HasField("error"):
        details = details_of(status.error)
        record["error"] = {
            "message": status.error.message,
            "reason": details.reason,
            "remedy": remedy_for(details.reason, details.code),
        }
    return record


def snapshot_record(export: PinnedSnapshot, sync_token: str = "") -> dict[str, Any]:
    """Returns what an increment goes on from."""
    since = export.effective_last_datetime
    return {
        "snapshot_time": to_text(export.snapshot_time),
        "effective_last_datetime": to_text(since) if since else None,
        "sync_token": export.sync_token or sync_token or None,
    }


def started_record(export: FileExport, token: str | None) -> dict[str, Any]:
    """Returns what a job was started with; the token only where it is to be shown."""
    return {
        "name": export.name,
        "token": token,
        "poll_uri": export.poll_uri or None,
        "webhook_secret": export.webhook_secret or None,
        "expire_time": to_text(export.expire_time),
        **snapshot_record(export),
    }


def rate_record(rows: int, brought: Brought, seconds: float) -> dict[str, Any]:
    """Returns how much came, and how fast."""
    rows_per_second = rows / seconds
    bytes_per_second = brought.received_bytes / seconds
    return {
        "rows": rows,
        "bytes": brought.byte_count,
        "seconds": round(seconds, 3),
        "rate": f"{rows_per_second:,.0f} rows/s, {bytes_per_second / 1e6:,.1f} MB/s",
        "rows_per_second": round(rows_per_second),
        "bytes_per_second": round(bytes_per_second),
        "resumed_at_byte": brought.resumed_bytes or None,
        "sha256_checked": brought.checked_count or None,
    }
