"""Imports: what was asked for, and how far it is."""

import enum
from dataclasses import dataclass

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

    @property
    def takes_parts(self) -> bool:
        """Whether parts can still be staged."""
        return self in {ImportState.INITIATED, ImportState.STAGING}


@dataclass(frozen=True)
class ImportRequest:
    """What an import was opened with."""

    display_name: str = ""
    list_id: str | None = None
    ignore_unknown_fields: bool = False
    staging_retention_seconds: int = 3 * 86_400
    request_id: str = ""


@dataclass(frozen=True)
class ImportStatus:
    """How far an import is."""

    state: ImportState
    received_count: int
    valid_count: int
    invalid_count: int
    processed_count: int
    created_count: int
    exception_count: int
    revision: int
    expire_millis: int
    error_message: str = ""

    @property
    def pending_count(self) -> int:
        """Valid records not written yet."""
        return 0 if self.state is ImportState.FAILED else self.valid_count - self.processed_count


@dataclass(frozen=True)
class JobOpened:
    """What opens an import: its token, and when it ends."""

    token: Secret
    expire_millis: int


@dataclass(frozen=True)
class StagedPart:
    """One block of records on its way in."""

    number: int
    block_format: BlockFormat
    data: bytes
    crc32c: int | None = None


@dataclass(frozen=True)
class StageResult:
    """What became of a stream of blocks."""

    part_count: int
    received_count: int
    valid_count: int
    invalid_count: int
