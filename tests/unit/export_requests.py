"""Requests for exports, as tests of what is wrong with them fill them in."""

from collections.abc import Iterable

from segue.domain.export import (
    EventWindow,
    ExportDelivery,
    ExportRequest,
    MatchBy,
    MatchCriteria,
)
from segue.domain.profile import BlockFormat
from segue.domain.timestamp import parse_timestamp
from segue.errors import FieldViolation
from segue.service.export_selection import prepare

DAY = 86_400_000
START = parse_timestamp("2024-01-31T12:00:00Z")


def batch(**changes: object) -> ExportRequest:
    """Returns a request for profile batches."""
    return ExportRequest(block_format=BlockFormat.PROFILE_BATCH, **changes)  # type: ignore[arg-type]


def files(**changes: object) -> ExportRequest:
    """Returns a request for files."""
    return batch(delivery=ExportDelivery.FILES, **changes)


def document(*paths: str, **changes: object) -> ExportRequest:
    """Returns a request for the document of seed 002."""
    return ExportRequest(block_format=BlockFormat.JSON, read_mask=paths, **changes)  # type: ignore[arg-type]


def with_events(start: int | None = START, end: int | None = None) -> ExportRequest:
    """Returns a request for a document with clicks."""
    return document("fields.Age", events=EventWindow(("clicked",), start, end))


def matching(match_by: MatchBy, *values: str, match_type: str = "") -> ExportRequest:
    """Returns a request for some profiles."""
    return batch(match=MatchCriteria(match_by, match_type, values))


def problems(request: ExportRequest) -> dict[str, str]:
    """Returns what is wrong with a request, by field."""
    return by_field(prepare(request).violations)


def by_field(violations: Iterable[FieldViolation]) -> dict[str, str]:
    """Returns problems by field; several of one field one behind the other."""
    found: dict[str, str] = {}
    for violation in violations:
        found[violation.field] = f"{found.get(violation.field, '')}{violation.description}. "
    return found
