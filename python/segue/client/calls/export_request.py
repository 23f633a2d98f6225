"""What is asked of an export: every protocol of the seeds is a way of filling it in."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from google.protobuf.field_mask_pb2 import FieldMask

from segue.client.names import account_name, segment_group_name, segment_name
from segue.client.times import to_text, to_timestamp
from segue.v1 import export_service_pb2 as service
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.match_criteria_pb2 import MatchBy, MatchCriteria
from segue.v1.profile_pb2 import MembershipState


class ExportSelection(TypedDict, total=False):
    """Which profiles are exported, and what of them; everything may be left out.

    Attributes:
        segment: Id or name of a segment. Without a segment, segments or a group it is the whole account.
        segments: Ids or names of up to 100 segments: profiles of any of them, each once.
        segment_group: Id or name of a group.
        last_datetime: Only what changed since; best is the `snapshot_time` of the export before.
        sync_token: Instead of it, that of the export before, which asked for the same profiles.
        include_removed: With one of these two, also ids of profiles that were erased or left.
        compression: None, GZIP or ZSTD.
        match_by: What `match_values` are: only those of the source's profiles are exported.
        match_type: Type of the values; required for alternate ids. For profile ids it is the customer type.
        match_values: Up to 1,000,000 identifiers.
        states: Members in these states instead of active ones.
        read_mask: Paths of the parts wanted, as `emails` or `memberships.newsletter.fields.Age`.
        event_types: With JSON, ids of the types of events that are exported too.
        events_start: The first moment of their source time; must be given with `event_types`.
        events_end: The moment behind the last; a week after the first without it.
        min_revision: The snapshot is of this revision of the account or a later one.
    """

    segment: str | None
    segments: Sequence[str]
    segment_group: str | None
    last_datetime: str | datetime | None
    sync_token: str
    include_removed: bool
    compression: Compression.ValueType
    match_by: MatchBy.ValueType | None
    match_type: str
    match_values: Sequence[str]
    states: Sequence[MembershipState.ValueType]
    read_mask: Sequence[str] | None
    event_types: Sequence[str]
    events_start: datetime | None
    events_end: datetime | None
    min_revision: int


class StreamOptions(ExportSelection, total=False):
    """A selection that leaves by streams.

    Attributes:
        stream_count: 1-64 streams of disjoint rows, which may be read side by side.
    """

    stream_count: int


class FileOptions(ExportSelection, total=False):
    """A selection that a job writes to files.

    Attributes:
        max_file_rows: A file ends after so many rows.
        max_file_bytes: A file ends with the block that brings it to so many bytes.
        notify_email: Address that is written to when the export is made, or cannot be made.
        notify_webhook: https address that is called instead, signed as Standard Webhooks say.
    """

    max_file_rows: int | None
    max_file_bytes: int | None
    notify_email: str | None
    notify_webhook: str | None


def export_request(
    account: str,
    block_format: BlockFormat.ValueType,
    *,
    segment: str | None = None,
    segments: Sequence[str] = (),
    segment_group: str | None = None,
    last_datetime: str | datetime | None = None,
    sync_token: str = "",
    include_removed: bool = False,
    compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED,
    match_by: MatchBy.ValueType | None = None,
    match_type: str = "",
    match_values: Sequence[str] = (),
    states: Sequence[MembershipState.ValueType] = (),
    read_mask: Sequence[str] | None = None,
    event_types: Sequence[str] = (),
    events_start: datetime | None = None,
    events_end: datetime | None = None,
    min_revision: int = 0,
) -> service.InitiateExportRequest:
    """Returns the request of a selection, see `ExportSelection`.

    Raises:
        ValueError: Two of `segment`, `segments` and `segment_group` were given.
    """
    since = to_text(last_datetime) if isinstance(last_datetime, datetime) else last_datetime
    request = service.InitiateExportRequest(
        parent=account_name(account),
        last_datetime=since or "",
        sync_token=sync_token,
        include_removed=include_removed,
        format=block_format,
        compression=compression,
        states=states,
        request_id=str(uuid.uuid4()),
        min_revision=min_revision,
    )
    _add_source(request, account, segment, segments, segment_group)
    if match_by is not None or match_values or match_type:
        criteria = MatchCriteria(match_type=match_type, values=match_values)
        criteria.match_by = match_by or MatchBy.MATCH_BY_UNSPECIFIED
        request.match_criteria.CopyFrom(criteria)
    if read_mask is not None:
        request.read_mask.CopyFrom(FieldMask(paths=read_mask))
    if event_types or events_start or events_end:
        request.events.CopyFrom(_event_window(event_types, events_start, events_end))
    return request


def _add_source(
    request: service.InitiateExportRequest,
    account: str,
    segment: str | None,
    segments: Sequence[str],
    segment_group: str | None,
) -> None:
    if bool(segment) + bool(segments) + bool(segment_group) > 1:
        raise ValueError("give one of segment, segments and segment_group")
    if segment:
        request.segment = segment_name(account, segment)
    elif segments:
        request.segments.segments.extend(segment_name(account, each) for each in segments)
    elif segment_group:
        request.segment_group = segment_group_name(account, segment_group)


def _event_window(
    event_types: Sequence[str], start: datetime | None, end: datetime | None
) -> service.EventWindow:
    window = service.EventWindow(event_types=event_types)
    if start is not None:
        window.start_time.CopyFrom(to_timestamp(start))
    if end is not None:
        window.end_time.CopyFrom(to_timestamp(end))
    return window
