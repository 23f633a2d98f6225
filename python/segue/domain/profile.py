"""Records, blocks of them, and what can be wrong with a record."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class BlockFormat(enum.IntEnum):
    """How rows are written; the numbers of `segue.v1.BlockFormat`, and the kernel's."""

    PROFILE_BATCH = 1
    ARROW_IPC = 2
    NDJSON = 3
    JSON = 4
    CSV = 5
    PARQUET = 6
    EVENT_BATCH = 7
    SUBSCRIBERS_JSON = 8


@dataclass(frozen=True)
class RecordException:
    """A problem of one record; no personal data besides its own id."""

    part_number: int
    record_number: int
    profile_id: str
    field_path: str
    reason: int
    """Number in `segue.v1.ErrorReason`."""
    message: str


def exceptions_of_part(
    part_number: int, found: Sequence[tuple[int, str, str, int, str]]
) -> tuple[RecordException, ...]:
    """Puts a part's number to the problems that the kernel found in it."""
    return tuple(RecordException(part_number, *problem) for problem in found)


@dataclass(frozen=True)
class UpsertResult:
    """What became of a small write."""

    revision: int
    written_count: int
    created_count: int
    exceptions: tuple[RecordException, ...]
