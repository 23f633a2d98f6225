"""What may be asked for in the JSON document of seed 002: named attributes, tags and events, so many and of such a time."""

import calendar
import datetime
from collections.abc import Iterator
from typing import Final

from segue.domain.export import EventWindow, ExportRequest
from segue.domain.mask_path import (
    CONSENTS,
    PROFILE_ID,
    TAGS,
    TOPICS,
    Path,
    PathInvalid,
    atoms,
    is_named,
    split_path,
)
from segue.domain.profile import BlockFormat
from segue.errors import FieldViolation

MAX_ATTRIBUTES: Final = 75
"""Seed 002: "The export file can include up to 75 attributes and 25 tags. Validated when requesting an export."."""

MAX_TAGS: Final = 25
"""Seed 002, the same sentence."""

MAX_EVENT_MONTHS: Final = 3
"""Seed 002: "Maximum export time window for events is three months. Validated when requesting an export."."""

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MILLI: Final = datetime.timedelta(milliseconds=1)


def check_document(request: ExportRequest) -> Iterator[FieldViolation]:
    """Finds what the read mask of a JSON document lacks or has too much of; nothing for other formats.

    Attributes are fields, built-in parts of a profile and parts of memberships; a whole name counts as its six parts, and the profile id,
    which always comes, as none. Topics and consents are neither attributes nor tags.
    """
    if request.block_format is not BlockFormat.JSON:
        return
    named: set[tuple[str, ...]] = set()
    for position, text in enumerate(request.read_mask or ()):
        path = _path(text)
        if path is not None and is_named(path):
            named |= atoms(path)
        elif path is not None:
            yield FieldViolation(
                f"read_mask.paths[{position}]",
                "stands for all of a collection; JSON has only what is named one by one, as fields.Age or tags.vip",
            )
    yield from _check_numbers(request, named)


def _path(text: str) -> Path | None:
    """Splits a path; what is wrong with one is told where paths are looked up, for every format."""
    try:
        return split_path(text)
    except PathInvalid:
        return None


def _check_numbers(request: ExportRequest, named: set[tuple[str, ...]]) -> Iterator[FieldViolation]:
    tags = sum(1 for atom in named if atom[0] == TAGS)
    neither = {TAGS, TOPICS, CONSENTS, PROFILE_ID}
    attributes = sum(1 for atom in named if atom[0] not in neither)
    if not request.read_mask:
        yield FieldViolation(
            "read_mask", "is missing; JSON needs it to name the attributes and tags to export"
        )
    elif not attributes and not tags:
        yield FieldViolation(
            "read_mask",
            "names no attribute and no tag; JSON needs at least one for profiles to show",
        )
    if attributes > MAX_ATTRIBUTES:
        yield FieldViolation(
            "read_mask",
            f"names {attributes} attributes; JSON can have {MAX_ATTRIBUTES}, so leave some out or choose NDJSON",
        )
    if tags > MAX_TAGS:
        yield FieldViolation(
            "read_mask",
            f"names {tags} tags; JSON can have {MAX_TAGS}, so leave some out or choose NDJSON",
        )


def check_events(request: ExportRequest) -> Iterator[FieldViolation]:
    """Finds what is wrong with the events that are asked for."""
    events = request.events
    if events is None:
        return
    if request.block_format is not BlockFormat.JSON:
        yield FieldViolation(
            "events", "come with JSON only; choose that format, or leave the events out"
        )
    if not events.event_types:
        yield FieldViolation("events.event_types", "is empty; name 1 event type or more")
    yield from _check_window(events)


def _check_window(events: EventWindow) -> Iterator[FieldViolation]:
    if events.start_millis is None:
        yield FieldViolation(
            "events.start_time", "is missing; events are exported from some time on"
        )
        return
    start, end = events.bounds()
    if end <= start:
        yield FieldViolation("events.end_time", "must lie behind start_time")
    elif end > months_later(start, MAX_EVENT_MONTHS):
        yield FieldViolation(
            "events.end_time",
            f"lies more than {MAX_EVENT_MONTHS} months behind start_time; ask for a shorter time, or in several exports",
        )


def months_later(millis: int, months: int) -> int:
    """Returns the same time of day so many calendar months later, in UTC; the month's last day where it has no such day.

    Args:
        millis: Milliseconds since 1970 UTC, in years 1 to 9999.
        months: 0 or more; behind year 9999 the answer is its end.
    """
    moment = _EPOCH + millis * _MILLI
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if year > datetime.MAXYEAR:
        return (datetime.datetime.max.replace(tzinfo=datetime.UTC) - _EPOCH) // _MILLI
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return (moment.replace(year=year, month=month + 1, day=day) - _EPOCH) // _MILLI
