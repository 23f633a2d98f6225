"""What callers of exports ask for, as domain values."""

import asyncio
from collections.abc import Sequence
from typing import Final

from segue.domain.export import (
    Compression,
    EventWindow,
    ExportDelivery,
    ExportRequest,
    MatchBy,
    MatchCriteria,
    RowWindow,
)
from segue.errors import FieldInvalid, FieldViolation
from segue.transport.grpc import names
from segue.transport.grpc.notification_messages import notification_target_of
from segue.transport.grpc.requests import EXPORT_FORMATS, block_format_of, enum_of, millis_of
from segue.v1 import export_service_pb2

TEXTS_AT_ONCE: Final = 16_384
"""Match values that are copied before the event loop has its turn: about a millisecond's work."""


async def export_request_of(
    account: str, request: export_service_pb2.InitiateExportRequest
) -> ExportRequest:
    """Returns what an export is opened with; lets the event loop go on while it copies many match values.

    Raises:
        FieldInvalid: A name or a choice is malformed.
    """
    source = request.WhichOneof("source")
    delivery = enum_of(ExportDelivery, request.delivery, "delivery") or ExportDelivery.STREAMS
    return ExportRequest(
        block_format=block_format_of(request.format, EXPORT_FORMATS),
        segment_ids=_segments_of(account, request, source),
        group_id=(
            names.segment_group_within(account, request.segment_group, "segment_group")
            if source == "segment_group"
            else None
        ),
        last_datetime=request.last_datetime,
        sync_token=request.sync_token,
        include_removed=request.include_removed,
        compression=enum_of(Compression, request.compression, "compression") or Compression.NONE,
        match=await _match_of(request),
        states=_states_of(request),
        read_mask=tuple(request.read_mask.paths) if request.HasField("read_mask") else None,
        delivery=delivery,
        stream_count=request.stream_count or 1,
        max_file_rows=request.max_file_rows or None,
        max_file_bytes=request.max_file_bytes or None,
        events=_events_of(request),
        notify=notification_target_of(request.notify) if request.HasField("notify") else None,
        request_id=request.request_id,
        min_revision=request.min_revision,
    )


def row_window_of(request: export_service_pb2.RetrieveExportRequest) -> RowWindow | None:
    """Returns which rows are asked for; None where none are named.

    Raises:
        FieldInvalid: A part is named too.
    """
    if not request.HasField("rows"):
        return None
    if request.part:
        raise FieldInvalid(FieldViolation("rows", "are of the whole export; leave `part` out"))
    default = RowWindow()
    return RowWindow(request.rows.offset or default.offset, request.rows.limit or default.limit)


def _segments_of(
    account: str, request: export_service_pb2.InitiateExportRequest, source: str | None
) -> tuple[str, ...]:
    if source == "segment":
        return (names.segment_within(account, request.segment, "segment"),)
    if source != "segments":
        return ()
    segments = request.segments.segments
    if not segments:
        raise FieldInvalid(FieldViolation("segments.segments", "is empty; name 1 to 100 segments"))
    return tuple(
        names.segment_within(account, name, f"segments.segments[{position}]")
        for position, name in enumerate(segments)
    )


async def _match_of(request: export_service_pb2.InitiateExportRequest) -> MatchCriteria | None:
    if not request.HasField("match_criteria"):
        return None
    criteria = request.match_criteria
    match_by = enum_of(MatchBy, criteria.match_by, "match_criteria.match_by")
    if match_by is None:
        raise FieldInvalid(
            FieldViolation("match_criteria.match_by", "is missing; choose what the values are")
        )
    return MatchCriteria(match_by, criteria.match_type, await _copied(criteria.values))


async def _copied(texts: Sequence[str]) -> tuple[str, ...]:
    copied: list[str] = []
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        if start:
            await asyncio.sleep(0)
        copied += texts[start : start + TEXTS_AT_ONCE]
    return tuple(copied)


def _states_of(request: export_service_pb2.InitiateExportRequest) -> tuple[int, ...]:
    return tuple(sorted({int(state) - 1 for state in request.states}))


def _events_of(request: export_service_pb2.InitiateExportRequest) -> EventWindow | None:
    if not request.HasField("events"):
        return None
    window = request.events
    return EventWindow(
        tuple(window.event_types), millis_of(window, "start_time"), millis_of(window, "end_time")
    )
