"""Events on their way in, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LISTED_EXCEPTIONS: Final = 1_000
"""Problems that an answer tells one by one; of the rest it tells the number."""

FoundProblem = tuple[int, str, str, int, str]
"""A problem as the kernel tells it: record number, event id, field path, reason, message."""


@dataclass(frozen=True)
class EventBlock:
    """One block of events."""

    data: bytes
    crc32c: int | None = None


@dataclass(frozen=True)
class EventException:
    """A problem of one event; no personal data besides its own id."""

    block_number: int
    record_number: int
    event_id: str
    field_path: str
    reason: int
    """Number in `segue.v1.ErrorReason`."""
    message: str


@dataclass(frozen=True)
class BlockOutcome:
    """What became of one block."""

    block_number: int
    received_count: int
    recorded_count: int
    duplicate_count: int
    unknown_profile_count: int
    problems: Sequence[FoundProblem]
    revision: int


class RecordSummary:
    """What became of a stream of blocks; grows with every one of them."""

    def __init__(self, revision: int) -> None:
        """Starts at nothing, with the account's revision."""
        self.block_count = 0
        self.received_count = 0
        self.recorded_count = 0
        self.duplicate_count = 0
        self.unknown_profile_count = 0
        self.exception_count = 0
        self.exceptions: list[EventException] = []
        """The first of them, in order of blocks and events."""
        self.revision = revision

    def add(self, outcome: BlockOutcome) -> None:
        """Adds the next block."""
        self.block_count += 1
        self.received_count += outcome.received_count
        self.recorded_count += outcome.recorded_count
        self.duplicate_count += outcome.duplicate_count
        self.unknown_profile_count += outcome.unknown_profile_count
        self.exception_count += len(outcome.problems)
        self.revision = max(self.revision, outcome.revision)
        room = LISTED_EXCEPTIONS - len(self.exceptions)
        self.exceptions.extend(
            EventException(outcome.block_number, *problem)
            for problem in sorted(outcome.problems, key=lambda problem: problem[0])[:room]
        )
