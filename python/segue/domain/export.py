"""Exports: what is asked for, what was opened, and how far it is (seeds 000, 001, 002 and 003)."""

import enum
from dataclasses import dataclass, field
from typing import Final

from segue.domain.notification import NotificationStatus, NotificationTarget
from segue.domain.profile import BlockFormat
from segue.domain.secret import Secret


class ExportState(enum.IntEnum):
    """Where an export stands; the numbers of `segue.v1.ExportState`."""

    PROCESSING = 1
    COMPLETE = 2
    RETRIEVED = 3
    EXPIRED = 4
    FAILED = 5
    ERROR = 6
    CANCELLED = 7
    WITHDRAWN = 8

    @property
    def is_made(self) -> bool:
        """Whether its bytes can be had."""
        return self in {ExportState.COMPLETE, ExportState.RETRIEVED}


class ExportDelivery(enum.IntEnum):
    """By which way an export leaves; the numbers of `segue.v1.ExportDelivery`."""

    STREAMS = 1
    FILES = 2


class Compression(enum.IntEnum):
    """How blocks are compressed; the numbers of `segue.v1.Compression`, and the kernel's."""

    NONE = 0
    GZIP = 1
    ZSTD = 2


class MatchBy(enum.IntEnum):
    """A kind of identifier; the numbers of `segue.v1.MatchBy`."""

    PROFILE_ID = 1
    ALTERNATE_ID = 2
    EMAIL_ADDRESS = 3
    PHONE_NUMBER = 4


@dataclass(frozen=True)
class MatchCriteria:
    """Identifiers to which an export is restricted (seed 000)."""

    match_by: MatchBy
    match_type: str
    values: tuple[str, ...] = field(repr=False)
    """Up to 1,000,000; personal data, so never printed."""


DEFAULT_WINDOW_MILLIS: Final = 7 * 86_400_000
"""One week: how long a window of events is without an end (seed 002)."""


@dataclass(frozen=True)
class EventWindow:
    """Events that are exported with their profiles (seed 002)."""

    event_types: tuple[str, ...]
    start_millis: int | None
    """None where the caller sent none, which is refused."""
    end_millis: int | None = None
    """Not included; None is a week after the start."""

    def bounds(self) -> tuple[int, int]:
        """Returns the first moment and the one behind the last, of a window that was checked."""
        start = self.start_millis or 0
        return start, start + DEFAULT_WINDOW_MILLIS if self.end_millis is None else self.end_millis


@dataclass(frozen=True)
class ExportRequest:
    """What an export is opened with; every protocol of the seeds is a way of filling this in."""

    block_format: BlockFormat
    segment_ids: tuple[str, ...] = ()
    """Profiles of any of these segments; empty with no group is the whole account."""
    group_id: str | None = None
    """The segment group instead of segments."""
    last_datetime: str = ""
    sync_token: str = ""
    include_removed: bool = False
    compression: Compression = Compression.NONE
    match: MatchCriteria | None = None
    states: tuple[int, ...] = ()
    """Positions in `MEMBERSHIP_STATES`, ascending; empty is active members."""
    read_mask: tuple[str, ...] | None = None
    delivery: ExportDelivery = ExportDelivery.STREAMS
    stream_count: int = 1
    max_file_rows: int | None = None
    max_file_bytes: int | None = None
    events: EventWindow | None = None
    notify: NotificationTarget | None = None
    request_id: str = ""
    min_revision: int = field(default=0, repr=False)
    """The snapshot is of this revision or a later one; 0 is any."""


@dataclass(frozen=True)
class ExportOpened:
    """What an export was opened with, as the server took it."""

    token: Secret
    name: str
    effective_last_millis: int | None
    snapshot_millis: int
    revision: int
    expire_millis: int
    sync_token: str
    poll_uri: str | None
    """None for streams."""
    webhook_secret: Secret | None
    """None unless a webhook is to be told."""


@dataclass(frozen=True)
class ExportFile:
    """A finished file of an export."""

    number: int
    row_count: int
    byte_count: int
    sha256: bytes
    uri: str


@dataclass(frozen=True)
class ExportFault:
    """Why an export could not be made: an error of ours, kept to be told later."""

    reason: str
    message: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class ExportStatus:
    """An export's state, size and progress."""

    name: str
    state: ExportState
    block_format: BlockFormat
    compression: Compression
    delivery: ExportDelivery
    stream_count: int
    """0 with files."""
    row_count: int
    byte_count: int
    written_row_count: int
    effective_last_millis: int | None
    snapshot_millis: int
    create_millis: int
    expire_millis: int
    files: tuple[ExportFile, ...] = ()
    fault: ExportFault | None = None
    notification: NotificationStatus | None = None


@dataclass(frozen=True)
class RowWindow:
    """Some rows of an export (seed 000: offset from 1, and limit)."""

    offset: int = 1
    limit: int = 1000


MEDIA_TYPES: Final = {
    BlockFormat.PROFILE_BATCH: "application/x-protobuf",
    BlockFormat.ARROW_IPC: "application/vnd.apache.arrow.stream",
    BlockFormat.NDJSON: "application/x-ndjson",
    BlockFormat.JSON: "application/json",
    BlockFormat.CSV: "text/csv; charset=utf-8; header=present",
    BlockFormat.PARQUET: "application/vnd.apache.parquet",
    BlockFormat.SUBSCRIBERS_JSON: "application/json",
}
"""Media types of whole exports."""

EXTENSIONS: Final = {
    BlockFormat.PROFILE_BATCH: "pb",
    BlockFormat.ARROW_IPC: "arrows",
    BlockFormat.NDJSON: "ndjson",
    BlockFormat.JSON: "json",
    BlockFormat.CSV: "csv",
    BlockFormat.PARQUET: "parquet",
    BlockFormat.SUBSCRIBERS_JSON: "json",
}
"""How names of export files end."""
