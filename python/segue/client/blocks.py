"""Blocks of an export, and how far a reader has come."""

from dataclasses import dataclass, field

from segue._kernel import crc32c
from segue.client.errors import BlockDamaged
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.segment_service_pb2 import StreamMembersResponse


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of an export that were checked against their offset and checksum.

    Attributes:
        data: About 1 MiB.
        offset: Position of the first byte in the export.
        next_offset: Position after the last: where to resume.
        row_count: Rows that end in this block.
    """

    data: bytes = field(repr=False)
    offset: int
    next_offset: int
    row_count: int


class BlockCursor:
    """Follows a stream of blocks and refuses gaps, repeats and damage."""

    def __init__(self, offset: int = 0) -> None:
        """Starts at an offset."""
        self.offset = offset

    def accept(self, response: RetrieveExportResponse | StreamMembersResponse) -> Block:
        """Checks a block and moves behind it.

        Raises:
            BlockDamaged: Its offset or checksum is wrong; the position stays where it was.
        """
        data = response.data
        if response.offset != self.offset or response.next_offset != self.offset + len(data):
            raise BlockDamaged(
                f"a block covers bytes {response.offset} to {response.next_offset}, "
                f"{len(data)} bytes from {self.offset} on were expected"
            )
        if crc32c(data) != response.crc32c:
            raise BlockDamaged(f"the block at byte {self.offset} does not fit its checksum")
        self.offset = response.next_offset
        return Block(data, response.offset, response.next_offset, response.row_count)
