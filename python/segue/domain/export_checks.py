"""What can be told of a request for an export before anything is read: every problem, with its field."""

from collections.abc import Iterator
from typing import Final

from segue.domain.document_checks import check_document, check_events
from segue.domain.export import MEDIA_TYPES, ExportDelivery, ExportRequest
from segue.domain.list import MEMBERSHIP_STATES
from segue.domain.mask_path import ENTRIES
from segue.domain.match_values import CheckedValues, check_match
from segue.domain.profile import BlockFormat
from segue.errors import FieldViolation

MAX_SEGMENTS: Final = 100
"""Segments that one export may unite."""

MAX_PATHS: Final = 5_000
"""Paths of a read mask: more than an account may have fields, lists and marks by the default settings."""

MAX_STREAMS: Final = 64

_WHOLE_FORMATS: Final = frozenset(
    {BlockFormat.PROFILE_BATCH, BlockFormat.NDJSON, BlockFormat.SUBSCRIBERS_JSON}
)

MIN_FILE_BYTES: Final = 64 << 10
"""Smallest size at which a file may be ended; blocks are larger as a rule, so smaller ones would split nothing."""


def check_export_request(
    request: ExportRequest, values: CheckedValues | None
) -> list[FieldViolation]:
    """Returns what is wrong with a request, of all its fields at once.

    Args:
        request: What was sent.
        values: What the kernel found of the values of its match criteria; None where it did not look.
    """
    return [
        *(violation for check in _OF_CONTENT for violation in check(request)),
        *check_match(request.match, values),
        *(violation for check in _OF_DELIVERY for violation in check(request)),
    ]


def segment_field(request: ExportRequest, position: int) -> str:
    """Returns the path of the field that names a segment."""
    return "segment" if len(request.segment_ids) == 1 else f"segments.segments[{position}]"


def _check_format(request: ExportRequest) -> Iterator[FieldViolation]:
    if request.block_format not in MEDIA_TYPES:
        known = ", ".join(block_format.name for block_format in MEDIA_TYPES)
        yield FieldViolation("format", f"is none of exports; choose one of {known}")


def _check_source(request: ExportRequest) -> Iterator[FieldViolation]:
    ids = request.segment_ids
    if len(ids) > MAX_SEGMENTS:
        yield FieldViolation(
            "segments.segments", f"has {len(ids)} entries; name 1 to {MAX_SEGMENTS}"
        )
        return
    for position, segment_id in enumerate(ids):
        first = ids.index(segment_id)
        if first != position:
            yield FieldViolation(
                f"segments.segments[{position}]", f"is the same as entry {first}; name it once"
            )


def _check_since(request: ExportRequest) -> Iterator[FieldViolation]:
    if request.last_datetime and request.sync_token:
        yield FieldViolation(
            "sync_token", "comes with last_datetime; send one of the two, best the token"
        )
    if request.include_removed and not (request.last_datetime or request.sync_token):
        yield FieldViolation(
            "include_removed", "needs last_datetime or sync_token; a full export has no removals"
        )


def _check_states(request: ExportRequest) -> Iterator[FieldViolation]:
    for position, state in enumerate(request.states):
        if not 0 <= state < len(MEMBERSHIP_STATES):
            known = ", ".join(name.upper() for name in MEMBERSHIP_STATES)
            yield FieldViolation(f"states[{position}]", f"is unknown; choose of {known}")


def _check_paths(request: ExportRequest) -> Iterator[FieldViolation]:
    count = len(request.read_mask or ())
    if count > MAX_PATHS:
        yield FieldViolation(
            "read_mask", f"has {count} paths; {MAX_PATHS} fit, so name whole collections"
        )


def _check_entries(request: ExportRequest) -> Iterator[FieldViolation]:
    """Finds paths of what flat formats and the JSON document do not hold."""
    if request.block_format in _WHOLE_FORMATS:
        return
    for position, path in enumerate(request.read_mask or ()):
        if path.strip("`") in ENTRIES:
            yield FieldViolation(
                f"read_mask.paths[{position}]",
                "is held by PROFILE_BATCH, NDJSON and SUBSCRIBERS_JSON; choose one of them, or leave it out",
            )


def _check_streams(request: ExportRequest) -> Iterator[FieldViolation]:
    if not 1 <= request.stream_count <= MAX_STREAMS:
        yield FieldViolation("stream_count", f"must be 1 to {MAX_STREAMS}")
    elif request.stream_count > 1 and request.delivery is not ExportDelivery.STREAMS:
        yield FieldViolation(
            "stream_count", "is for STREAMS; files are split by max_file_rows and max_file_bytes"
        )


def _check_files(request: ExportRequest) -> Iterator[FieldViolation]:
    rows, size = request.max_file_rows, request.max_file_bytes
    is_given = {
        "max_file_rows": rows is not None,
        "max_file_bytes": size is not None,
        "notify": request.notify is not None,
    }
    if request.delivery is not ExportDelivery.FILES:
        for field in (field for field, given in is_given.items() if given):
            yield FieldViolation(field, "is for FILES; choose that delivery, or leave it out")
    if rows is not None and rows < 1:
        yield FieldViolation("max_file_rows", "must be 1 or more")
    if size is not None and size < MIN_FILE_BYTES:
        yield FieldViolation("max_file_bytes", f"must be {MIN_FILE_BYTES} or more, which is 64 KiB")


_OF_CONTENT: Final = (
    _check_format,
    _check_source,
    _check_since,
    _check_states,
    _check_paths,
    _check_entries,
    check_document,
    check_events,
)
"""Checks of what is exported, in the order in which their problems are told; match criteria come next."""

_OF_DELIVERY: Final = (_check_streams, _check_files)
"""Checks of how it leaves, which come last."""
