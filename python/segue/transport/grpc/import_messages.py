"""Imports as messages."""

from segue.domain.imports import ImportOpened, ImportStatus, RejectedRecords, StageResult
from segue.transport.grpc.messages import optional_timestamp, timestamp
from segue.transport.grpc.notification_messages import notification_status_message
from segue.v1 import block_pb2, import_service_pb2


def import_opened_message(opened: ImportOpened) -> import_service_pb2.InitiateImportResponse:
    """Returns an import's token, the one time it is shown."""
    secret = opened.webhook_secret
    return import_service_pb2.InitiateImportResponse(
        token=opened.token.reveal(),
        expire_time=timestamp(opened.expire_millis),
        webhook_secret=secret.reveal() if secret else "",
    )


def staged_message(result: StageResult) -> import_service_pb2.StageProfilesResponse:
    """Returns what became of a stream of blocks."""
    return import_service_pb2.StageProfilesResponse(
        part_count=result.part_count,
        received_count=result.received_count,
        valid_count=result.valid_count,
        invalid_count=result.invalid_count,
    )


def import_status_message(status: ImportStatus) -> import_service_pb2.ImportStatus:
    """Returns how far an import is."""
    message = import_service_pb2.ImportStatus(
        name=status.name,
        display_name=status.display_name,
        action=import_service_pb2.ImportAction.ValueType(status.action),
        state=import_service_pb2.ImportState.ValueType(status.state),
        received_count=status.received_count,
        valid_count=status.valid_count,
        invalid_count=status.invalid_count,
        processed_count=status.processed_count,
        created_count=status.created_count,
        repeated_count=status.repeated_count,
        pending_count=status.pending_count,
        exception_count=status.exception_count,
        not_honored_count=status.not_honored_count,
        erased_count=status.erased_count,
        revision=status.revision,
        create_time=timestamp(status.create_millis),
        expire_time=timestamp(status.expire_millis),
        undo_expire_time=optional_timestamp(status.undo_expire_millis),
        undo_revision=status.undo_revision,
        error_message=status.error_message,
    )
    if status.review is not None:
        message.review.CopyFrom(_review_message(status, status.review))
    if status.notification is not None:
        message.notification.CopyFrom(notification_status_message(status.notification))
    return message


def _review_message(status: ImportStatus, review: bytes) -> import_service_pb2.ImportReview:
    """Returns what the kernel found, with what it does not count."""
    message = import_service_pb2.ImportReview.FromString(review)
    message.conflict_count = status.unwritten_count
    message.rejected_count = status.invalid_count
    message.not_honored_count = status.not_honored_count
    return message


def rejected_message(
    records: RejectedRecords,
) -> import_service_pb2.RetrieveRejectedRecordsResponse:
    """Returns the records of a part that have problems."""
    return import_service_pb2.RetrieveRejectedRecordsResponse(
        part_number=records.part_number,
        format=block_pb2.BlockFormat.ValueType(records.block_format),
        data=records.data,
        crc32c=records.crc32c,
        record_count=records.record_count,
    )
