"""Exports as callers see them."""

from typing import Final

from google.rpc import error_details_pb2, status_pb2

from segue import errors
from segue.domain.export import ExportFault, ExportOpened, ExportStatus
from segue.transport.grpc.messages import optional_timestamp, timestamp
from segue.transport.grpc.notification_messages import notification_status_message
from segue.transport.grpc.status import CODES, DOMAIN
from segue.v1 import block_pb2, export_pb2, export_service_pb2

_CODES: Final = {error.reason: code for error, code in CODES.items()}


def export_opened_message(opened: ExportOpened) -> export_service_pb2.InitiateExportResponse:
    """Returns an export's token, the one time it is shown, and what it pinned."""
    secret = opened.webhook_secret
    return export_service_pb2.InitiateExportResponse(
        token=opened.token.reveal(),
        effective_last_datetime=optional_timestamp(opened.effective_last_millis),
        snapshot_time=timestamp(opened.snapshot_millis),
        revision=opened.revision,
        expire_time=timestamp(opened.expire_millis),
        name=opened.name,
        sync_token=opened.sync_token,
        poll_uri=opened.poll_uri or "",
        webhook_secret=secret.reveal() if secret else "",
    )


def export_status_message(status: ExportStatus) -> export_pb2.ExportStatus:
    """Returns an export's state, size and progress."""
    return export_pb2.ExportStatus(
        state=export_pb2.ExportState.ValueType(status.state),
        row_count=status.row_count,
        byte_count=status.byte_count,
        effective_last_datetime=optional_timestamp(status.effective_last_millis),
        snapshot_time=timestamp(status.snapshot_millis),
        expire_time=timestamp(status.expire_millis),
        name=status.name,
        create_time=timestamp(status.create_millis),
        format=block_pb2.BlockFormat.ValueType(status.block_format),
        compression=block_pb2.Compression.ValueType(status.compression),
        delivery=export_pb2.ExportDelivery.ValueType(status.delivery),
        stream_count=status.stream_count,
        written_row_count=status.written_row_count,
        files=[
            export_pb2.ExportFile(
                row_count=file.row_count,
                byte_count=file.byte_count,
                sha256=file.sha256,
                uri=file.uri,
            )
            for file in status.files
        ],
        error=_fault_message(status.fault) if status.fault else None,
        notification=(
            notification_status_message(status.notification) if status.notification else None
        ),
    )


def _fault_message(fault: ExportFault) -> status_pb2.Status:
    code = _CODES.get(fault.reason, CODES[errors.InternalError])
    status = status_pb2.Status(code=code.value[0], message=fault.message)
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=fault.reason, domain=DOMAIN, metadata=fault.metadata)
    )
    return status
