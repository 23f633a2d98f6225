"""What an export was opened with."""

from datetime import datetime

from segue.client.times import from_timestamp
from segue.v1.export_pb2 import ExportStatus
from segue.v1.export_service_pb2 import InitiateExportResponse


class PinnedSnapshot:
    """The state an export reads, pinned on the server until it expires.

    Attributes:
        token: Names the export in later calls, also of other processes. A secret.
        name: Names it in lists and logs.
        snapshot_time: The right `last_datetime` for the next increment.
        sync_token: Instead of it, for the same profiles; known only where the export was opened, empty elsewhere.
        effective_last_datetime: From when on changes are sent; None for a full export.
        expire_time: When the server forgets it.
    """

    def __init__(self, token: str, opened: InitiateExportResponse | ExportStatus) -> None:
        """Takes what InitiateExport or GetExportStatus answered."""
        self.token = token
        self.name = opened.name
        self.snapshot_time: datetime = from_timestamp(opened.snapshot_time)
        self.sync_token = opened.sync_token if isinstance(opened, InitiateExportResponse) else ""
        self.effective_last_datetime: datetime | None = (
            from_timestamp(opened.effective_last_datetime)
            if opened.HasField("effective_last_datetime")
            else None
        )
        self.expire_time: datetime = from_timestamp(opened.expire_time)
