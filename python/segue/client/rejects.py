"""Records with problems as streams bring them, and how far a reader has come: streams that break begin before that."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from segue._kernel import crc32c
from segue.client.errors import BlockDamaged
from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import (
    RetrieveRejectedRecordsResponse,
    StreamImportExceptionsResponse,
)
from segue.v1.profile_service_pb2 import RecordException


@dataclass(frozen=True, slots=True)
class RejectedRecords:
    """Records of one part that have problems, checked against their checksum.

    Attributes:
        part_number: Their part.
        block_format: The format they were sent in.
        data: A whole block of that format, with the problems of each record.
        record_count: Records in it.
    """

    part_number: int
    block_format: BlockFormat.ValueType
    data: bytes = field(repr=False)
    record_count: int


class RejectedCursor:
    """Follows rejected records over streams, of which each begins behind a part.

    Attributes:
        after_part: The part behind which a stream has to begin.
    """

    def __init__(self, after_part: int = 0) -> None:
        """Starts behind a part."""
        self.after_part = after_part
        self._part = 0
        self._taken = self._passed = 0

    def begin(self) -> None:
        """Notes that a stream was opened; what came of the part it begins with is passed over."""
        self._passed = 0

    def accept(self, response: RetrieveRejectedRecordsResponse) -> Iterator[RejectedRecords]:
        """Yields what a response has, unless it came before.

        Raises:
            BlockDamaged: It does not fit its checksum; the position stays where it was.
        """
        if response.part_number == self._part and self._passed < self._taken:
            self._passed += 1
            return
        if crc32c(response.data) != response.crc32c:
            raise BlockDamaged(
                f"rejected records of part {response.part_number} do not fit their checksum"
            )
        if response.part_number != self._part:
            self.after_part = self._part or self.after_part
            self._part, self._taken = response.part_number, 0
        self._taken += 1
        self._passed = self._taken
        yield RejectedRecords(
            response.part_number, response.format, response.data, response.record_count
        )


class ExceptionCursor:
    """Follows problems of records over streams that all begin at the first part."""

    def __init__(self) -> None:
        """Starts at the first problem."""
        self._place = (0, 0)
        self._taken = self._passed = 0

    def begin(self) -> None:
        """Notes that a stream was opened; what came before is passed over."""
        self._passed = 0

    def accept(self, response: StreamImportExceptionsResponse) -> Iterator[RecordException]:
        """Yields problems that did not come before."""
        for problem in response.exceptions:
            place = (problem.part_number, problem.record_number)
            if place < self._place:
                continue
            if place == self._place and self._passed < self._taken:
                self._passed += 1
                continue
            if place > self._place:
                self._place, self._taken = place, 0
            self._taken += 1
            self._passed = self._taken
            yield problem
