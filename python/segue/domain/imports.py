"""Imports: what is asked for, by which rules records are written, and how far it is (seed 001)."""

import enum
import json
from dataclasses import asdict, dataclass, field

from segue.domain.export import Compression, MatchBy
from segue.domain.notification import NotificationStatus, NotificationTarget
from segue.domain.profile import BlockFormat
from segue.domain.secret import Secret


class ImportState(enum.IntEnum):
    """Where an import stands; the numbers of `segue.v1.ImportState`."""

    INITIATED = 1
    STAGING = 2
    QUEUED = 3
    PROCESSING = 4
    COMPLETED = 5
    FAILED = 6
    CANCELLED = 7

    @property
    def takes_parts(self) -> bool:
        """Whether parts can still be staged."""
        return self in {ImportState.INITIATED, ImportState.STAGING}

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self in {ImportState.COMPLETED, ImportState.FAILED, ImportState.CANCELLED}

    @property
    def is_running(self) -> bool:
        """Whether its execution was asked for and has not ended."""
        return self in {ImportState.QUEUED, ImportState.PROCESSING}


class ImportAction(enum.IntEnum):
    """What an import does with its records; the numbers of `segue.v1.ImportAction`."""

    ADD = 1
    DELETE = 2
    UNDO = 3


class WriteMode(enum.IntEnum):
    """Which profiles an import may write; the numbers of `segue.v1.WriteMode`."""

    UPSERT = 1
    CREATE_ONLY = 2
    UPDATE_ONLY = 3
    SKIP_IF_SET = 4


@dataclass(frozen=True)
class ImportRules:
    """By what records find their profiles, and what they may do to them."""

    match_by: MatchBy = MatchBy.PROFILE_ID
    match_type: str = ""
    """Type of the identifiers that are looked for; empty is any."""
    write_mode: WriteMode = WriteMode.UPSERT
    refresh: int = 0
    """Collections that records replace: 1 alternate ids, 2 contacts, 4 custom fields, 8 groups, 16 tags, added up."""
    allow_prior_consents: bool = False

    def encode(self) -> str:
        """Returns the rules as they are stored."""
        return json.dumps(asdict(self))

    @staticmethod
    def decode(text: str) -> "ImportRules":
        """Reads what `encode` wrote; what is missing has its default."""
        values = json.loads(text)
        if values:
            values["match_by"] = MatchBy(values["match_by"])
            values["write_mode"] = WriteMode(values["write_mode"])
        return ImportRules(**values)


@dataclass(frozen=True)
class ImportRequest:
    """What an import is opened with."""

    display_name: str = ""
    list_id: str | None = None
    action: ImportAction = ImportAction.ADD
    rules: ImportRules = field(default_factory=ImportRules)
    ignore_unknown_fields: bool = False
    validate_only: bool = False
    staging_retention_seconds: int = 3 * 86_400
    notify: NotificationTarget | None = None
    request_id: str = ""


@dataclass(frozen=True)
class ImportStatus:
    """How far an import is."""

    name: str
    display_name: str
    action: ImportAction
    state: ImportState
    received_count: int
    valid_count: int
    invalid_count: int
    processed_count: int
    created_count: int
    repeated_count: int
    not_honored_count: int
    unwritten_count: int
    """Valid records of which execution found that they cannot be written."""
    erased_count: int
    exception_count: int
    revision: int
    create_millis: int
    expire_millis: int
    undo_expire_millis: int | None = None
    """Until when the import can be undone; None when it cannot."""
    undo_revision: int = 0
    review: bytes | None = field(default=None, repr=False)
    """A serialized `segue.v1.ImportReview`; personal data, so never printed."""
    error_message: str = ""
    notification: NotificationStatus | None = None

    @property
    def pending_count(self) -> int:
        """Valid records not written yet."""
        return 0 if self.state.has_ended else self.valid_count


@dataclass(frozen=True)
class ImportOpened:
    """What opens an import: its token, and when it ends."""

    token: Secret
    expire_millis: int
    webhook_secret: Secret | None = None
    """None unless a webhook is to be told."""


@dataclass(frozen=True)
class StagedPart:
    """One block of records on its way in."""

    number: int
    block_format: BlockFormat
    data: bytes = field(repr=False)
    crc32c: int | None = None
    compression: Compression = Compression.NONE


@dataclass(frozen=True)
class StageResult:
    """What became of a stream of blocks."""

    part_count: int
    received_count: int
    valid_count: int
    invalid_count: int


@dataclass(frozen=True)
class RejectedRecords:
    """The records of one part that have problems, in the format they were sent in, each with its problems."""

    part_number: int
    block_format: BlockFormat
    data: bytes = field(repr=False)
    crc32c: int
    record_count: int
