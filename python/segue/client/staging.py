"""How an import's parts are grouped into streams and checksummed, and when an import has ended.

A stream of parts is acknowledged as a whole, so parts are kept until their stream was: short streams bound the memory, and several
of them under way at once keep the server busy while one is being acknowledged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from segue._kernel import crc32c
from segue.client.errors import FailureDetails, ImportFailed
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.import_service_pb2 import (
    ImportState,
    ImportStatus,
    StageProfilesRequest,
    StageProfilesResponse,
)

STREAM_PARTS: Final = 8
STREAM_BYTES: Final = 16 * 1024 * 1024
STREAMS_UNDER_WAY: Final = 3

_LENGTH_DELIMITED: Final = 2
_SEVEN_BITS: Final = 0x7F
_DATA_TAG: Final = bytes([StageProfilesRequest.DATA_FIELD_NUMBER << 3 | _LENGTH_DELIMITED])

WAIT_SECONDS: Final = 1
"""For which a look at an import's status waits for its end."""

_NOTHING_WRITTEN: Final = {
    ImportState.IMPORT_STATE_FAILED: "none of the records was written",
    ImportState.IMPORT_STATE_CANCELLED: "the import was cancelled, none of its records was written",
}


@dataclass(frozen=True)
class Part:
    """One block of an import.

    Attributes:
        number: From 1, unique in the import; also the order in which records are applied.
        data: The block, whole.
        block_format: PROFILE_BATCH, ARROW_IPC, NDJSON, CSV or PARQUET.
        compression: How `data` is compressed.
    """

    number: int
    data: bytes = field(repr=False)
    block_format: BlockFormat.ValueType
    compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is, in parts and bytes acknowledged by the server.

    Attributes:
        part_count: Parts that are durable.
        byte_count: Bytes in them.
        record_count: Records in them.
        invalid_count: Those of them that will not be written.
        last_part: Number of the last one.
    """

    part_count: int = 0
    byte_count: int = 0
    record_count: int = 0
    invalid_count: int = 0
    last_part: int = 0

    def after(self, stream: "PartStream", response: StageProfilesResponse) -> "ImportProgress":
        """Returns the progress with one more acknowledged stream."""
        return replace(
            self,
            part_count=self.part_count + len(stream.requests),
            byte_count=self.byte_count + stream.size_bytes,
            record_count=self.record_count + response.received_count,
            invalid_count=self.invalid_count + response.invalid_count,
            last_part=stream.requests[-1].head.part_number,
        )


@dataclass(frozen=True)
class StageMessage:
    """A `StageProfilesRequest` whose block joins the rest when it is sent: in one message it would be copied once more.

    Attributes:
        head: All but the block.
        data: The block.
    """

    head: StageProfilesRequest
    data: bytes = field(repr=False)

    def serialized(self) -> bytes:
        """Returns the message as it travels."""
        return b"".join(
            (self.head.SerializeToString(), _DATA_TAG, _varint(len(self.data)), self.data)
        )


@dataclass(frozen=True)
class PartStream:
    """Parts that travel and are acknowledged together."""

    requests: tuple[StageMessage, ...]
    size_bytes: int


def _varint(number: int) -> bytes:
    """Returns a number as protobuf writes it: seven bits a byte, the lowest first, all but the last marked by the eighth."""
    low = bytearray()
    while number > _SEVEN_BITS:
        low.append(number & _SEVEN_BITS | _SEVEN_BITS + 1)
        number >>= 7
    return bytes([*low, number])


def numbered_parts(
    blocks: Iterable[bytes],
    block_format: BlockFormat.ValueType,
    compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED,
    first_part: int = 1,
) -> Iterator[Part]:
    """Numbers blocks of one format, in order."""
    for number, data in enumerate(blocks, start=first_part):
        yield Part(number, data, block_format, compression)


def part_streams(parts: Iterable[Part], token: str) -> Iterator[PartStream]:
    """Groups parts into streams, pulling no more of them than the next stream holds."""
    requests: list[StageMessage] = []
    size_bytes = 0
    for part in parts:
        head = StageProfilesRequest(
            token=token if not requests else "",
            part_number=part.number,
            format=part.block_format,
            compression=part.compression,
            crc32c=crc32c(part.data),
        )
        requests.append(StageMessage(head, part.data))
        size_bytes += len(part.data)
        if len(requests) == STREAM_PARTS or size_bytes >= STREAM_BYTES:
            yield PartStream(tuple(requests), size_bytes)
            requests, size_bytes = [], 0
    if requests:
        yield PartStream(tuple(requests), size_bytes)


def is_finished(status: ImportStatus) -> bool:
    """Tells whether an import has done what it was executed for.

    Raises:
        ImportFailed: It never will.
    """
    words = _NOTHING_WRITTEN.get(status.state)
    if words:
        message = f"{words}: {status.error_message}" if status.error_message else words
        raise ImportFailed(message, FailureDetails(code="FAILED_PRECONDITION"))
    return status.state == ImportState.IMPORT_STATE_COMPLETED
