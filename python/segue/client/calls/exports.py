"""Calls of an export that are not streams."""

import uuid
from datetime import datetime

from segue.client.calls.call import Call
from segue.client.names import account_name, segment_name
from segue.client.times import to_text
from segue.v1 import export_service_pb2 as service
from segue.v1.block_pb2 import BlockFormat


def initiate_export(
    account: str,
    block_format: BlockFormat.ValueType,
    *,
    segment: str | None = None,
    last_datetime: str | datetime | None = None,
    include_removed: bool = False,
) -> Call[service.InitiateExportResponse]:
    """Pins a snapshot of a segment, or of the account without one.

    Args:
        account: Whose profiles.
        block_format: PROFILE_BATCH, NDJSON or ARROW_IPC.
        segment: Its id or name.
        last_datetime: Only what changed since; best is the `snapshot_time` of the export before.
        include_removed: With `last_datetime`, also ids of profiles that were erased or left.
    """
    since = to_text(last_datetime) if isinstance(last_datetime, datetime) else last_datetime
    request = service.InitiateExportRequest(
        parent=account_name(account),
        last_datetime=since or "",
        include_removed=include_removed,
        format=block_format,
        request_id=str(uuid.uuid4()),
    )
    if segment:
        request.segment = segment_name(account, segment)
    return Call(lambda stubs: stubs.exports.InitiateExport, request)


def get_export_status(token: str) -> Call[service.ExportStatus]:
    """Returns an export's state and size."""
    request = service.GetExportStatusRequest(token=token)
    return Call(lambda stubs: stubs.exports.GetExportStatus, request)
