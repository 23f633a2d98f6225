"""Calls of an export that are not streams."""

from collections.abc import Iterator
from typing import Final, Unpack

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.export_request import ExportSelection, export_request
from segue.client.errors import (
    ClientError,
    DeadlineExceeded,
    ExportFailed,
    FailureDetails,
    NotImplementedYet,
    details_of,
)
from segue.client.names import account_name
from segue.client.retry import is_broken_stream
from segue.v1 import export_service_pb2 as service
from segue.v1.block_pb2 import BlockFormat
from segue.v1.export_pb2 import ExportDelivery, ExportState, ExportStatus

_FIRST_POLL_SECONDS: Final = 0.1
_LONGEST_POLL_SECONDS: Final = 5.0

_MADE: Final = frozenset({ExportState.EXPORT_STATE_COMPLETE, ExportState.EXPORT_STATE_RETRIEVED})
_REASONS: Final = {
    ExportState.EXPORT_STATE_WITHDRAWN: ("EXPORT_WITHDRAWN", "held a profile that was erased"),
    ExportState.EXPORT_STATE_CANCELLED: ("EXPORT_FAILED", "was cancelled"),
    ExportState.EXPORT_STATE_EXPIRED: ("TOKEN_INVALID", "has ended"),
}


def initiate_export(
    account: str,
    block_format: BlockFormat.ValueType,
    *,
    stream_count: int = 1,
    **selection: Unpack[ExportSelection],
) -> Call[service.InitiateExportResponse]:
    """Pins a snapshot that leaves by streams; see `StreamOptions`."""
    request = export_request(account, block_format, **selection)
    request.delivery = ExportDelivery.EXPORT_DELIVERY_STREAMS
    request.stream_count = stream_count
    return Call(lambda stubs: stubs.exports.InitiateExport, request)


def start_export(
    account: str,
    block_format: BlockFormat.ValueType,
    *,
    max_file_rows: int | None = None,
    max_file_bytes: int | None = None,
    notify_email: str | None = None,
    notify_webhook: str | None = None,
    **selection: Unpack[ExportSelection],
) -> Call[service.InitiateExportResponse]:
    """Starts a job that writes an export to files; see `FileOptions`.

    Raises:
        ValueError: Both an e-mail address and a webhook were given.
    """
    if notify_email and notify_webhook:
        raise ValueError("give one of notify_email and notify_webhook")
    request = export_request(account, block_format, **selection)
    request.delivery = ExportDelivery.EXPORT_DELIVERY_FILES
    request.max_file_rows = max_file_rows or 0
    request.max_file_bytes = max_file_bytes or 0
    if notify_email:
        request.notify.email_address = notify_email
    if notify_webhook:
        request.notify.webhook_uri = notify_webhook
    return Call(lambda stubs: stubs.exports.InitiateExport, request)


def get_export_status(token: str) -> Call[ExportStatus]:
    """Returns an export's state, size and progress."""
    request = service.GetExportStatusRequest(token=token)
    return Call(lambda stubs: stubs.exports.GetExportStatus, request)


def commit_export(token: str, *, keep_files: bool) -> Call[ExportStatus]:
    """Ends a token; its second time would find none, so it is not repeated."""
    request = service.CommitExportRequest(token=token, keep_files=keep_files)
    return Call(lambda stubs: stubs.exports.CommitExport, request, repeatable=False)


def cancel_export(token: str) -> Call[ExportStatus]:
    """Gives an export up; its second time would find none, so it is not repeated."""
    request = service.CancelExportRequest(token=token)
    return Call(lambda stubs: stubs.exports.CancelExport, request, repeatable=False)


def list_exports(account: str) -> PagedCall[ExportStatus]:
    """Yields an account's exports, the newest first, without their tokens; ended ones stay for a week."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.exports.ListExports,
            service.ListExportsRequest(parent=account_name(account), page_token=token),
        ),
        lambda page: page.exports,
    )


def is_made(status: ExportStatus) -> bool:
    """Tells whether an export's bytes can be had; False while a job waits or writes.

    Raises:
        ExportFailed: They never can, or not any more; has the reason and remedy of the status.
    """
    if status.state in _MADE:
        return True
    if status.state == ExportState.EXPORT_STATE_PROCESSING:
        return False
    if status.HasField("error"):
        raise ExportFailed(status.error.message, details_of(status.error))
    reason, words = _REASONS.get(status.state, ("EXPORT_FAILED", "could not be made"))
    raise ExportFailed(
        f"{status.name} {words}", FailureDetails(reason=reason, code="FAILED_PRECONDITION")
    )


def is_polled_instead(failure: ClientError) -> bool:
    """Tells whether an export is asked for its status when watching it failed so: streams do not get through."""
    return is_broken_stream(failure) or isinstance(failure, DeadlineExceeded | NotImplementedYet)


def poll_delays() -> Iterator[float]:
    """Yields seconds between looks at an export's status: each longer than the one before, up to five."""
    delay = _FIRST_POLL_SECONDS
    while True:
        yield delay
        delay = min(_LONGEST_POLL_SECONDS, delay * 1.5)
