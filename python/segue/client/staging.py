"""How an import's blocks are grouped into streams, numbered and checksummed.

A stream of parts is acknowledged as a whole, so parts are kept until their stream was: short streams bound the memory, and several
of them under way at once keep the server busy while one is being acknowledged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from segue._kernel import crc32c
from segue.client.errors import FailureDetails, ImportFailed
from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import (
    ImportState,
    ImportStatus,
    StageProfilesRequest,
    StageProfilesResponse,
)

STREAM_PARTS: Final = 8
STREAM_BYTES: Final = 8 * 1024 * 1024
STREAMS_UNDER_WAY: Final = 3

_FIRST_POLL_SECONDS: Final = 0.01
_LONGEST_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is, in parts and bytes acknowledged by the server.

    Attributes:
        part_count: Parts that are durable.
        byte_count: Bytes in them.
        record_count: Records in them.
        invalid_count: Those of them that will not be written.
    """

    part_count: int = 0
    byte_count: int = 0
    record_count: int = 0
    invalid_count: int = 0

    def after(self, stream: "PartStream", response: StageProfilesResponse) -> "ImportProgress":
        """Returns the progress with one more acknowledged stream."""
        return replace(
            self,
            part_count=self.part_count + len(stream.requests),
            byte_count=self.byte_count + stream.size_bytes,
            record_count=self.record_count + response.received_count,
            invalid_count=self.invalid_count + response.invalid_count,
        )


@dataclass(frozen=True)
class PartStream:
    """Parts that travel and are acknowledged together."""

    requests: tuple[StageProfilesRequest, ...]
    size_bytes: int


def part_streams(
    blocks: Iterable[bytes], token: str, block_format: BlockFormat.ValueType
) -> Iterator[PartStream]:
    """Groups blocks into streams, pulling no more of them than the next stream holds."""
    requests: list[StageProfilesRequest] = []
    size_bytes = 0
    for number, data in enumerate(blocks, start=1):
        requests.append(
            StageProfilesRequest(
                token=token if not requests else "",
                part_number=number,
                format=block_format,
                data=data,
                crc32c=crc32c(data),
            )
        )
        size_bytes += len(data)
        if len(requests) == STREAM_PARTS or size_bytes >= STREAM_BYTES:
            yield PartStream(tuple(requests), size_bytes)
            requests, size_bytes = [], 0
    if requests:
        yield PartStream(tuple(requests), size_bytes)


def poll_delays() -> Iterator[float]:
    """Yields seconds between looks at an import's status: short at first, a second later on."""
    delay = _FIRST_POLL_SECONDS
    while True:
        yield delay
        delay = min(_LONGEST_POLL_SECONDS, delay * 1.5)


def is_finished(status: ImportStatus) -> bool:
    """Tells whether all records are visible.

    Raises:
        ImportFailed: None of them ever will be.
    """
    if status.state == ImportState.IMPORT_STATE_FAILED:
        raise ImportFailed(
            f"none of the records was written: {status.error_message}",
            FailureDetails(code="FAILED_PRECONDITION"),
        )
    return status.state == ImportState.IMPORT_STATE_COMPLETED
