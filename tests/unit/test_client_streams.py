"""The states of streams, without a server: what was received, and what has to be sent again."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from segue._kernel import crc32c
from segue.client import BlockDamaged, ImportFailed
from segue.client.blocks import BlockCursor
from segue.client.files.arrow_blocks import ArrowBlocks
from segue.client.files.mapping import Target
from segue.client.staging import STREAM_PARTS, is_finished, numbered_parts, part_streams
from segue.v1.block_pb2 import BlockFormat
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.field_pb2 import FieldType
from segue.v1.import_service_pb2 import ImportState, ImportStatus, StageProfilesRequest

ARROW = BlockFormat.BLOCK_FORMAT_ARROW_IPC


def _response(data: bytes, offset: int) -> RetrieveExportResponse:
    return RetrieveExportResponse(
        data=data, offset=offset, next_offset=offset + len(data), crc32c=crc32c(data), row_count=1
    )


def test_blocks_that_follow_each_other_are_accepted() -> None:
    cursor = BlockCursor(3)
    assert cursor.accept(_response(b"abc", 3)).next_offset == 6
    assert cursor.accept(_response(b"de", 6)).data == b"de"
    assert cursor.offset == 8


@pytest.mark.parametrize("offset", [2, 4])
def test_gaps_and_repeats_are_refused_and_the_position_stays(offset: int) -> None:
    cursor = BlockCursor(3)
    with pytest.raises(BlockDamaged, match="were expected"):
        cursor.accept(_response(b"abc", offset))
    assert cursor.offset == 3


def test_damaged_bytes_are_refused() -> None:
    response = _response(b"abc", 0)
    response.data = b"abd"
    with pytest.raises(BlockDamaged, match="checksum"):
        BlockCursor().accept(response)


def test_parts_are_numbered_on_over_streams_and_each_stream_names_the_token_once() -> None:
    blocks = [bytes([number]) * 60 * number for number in range(STREAM_PARTS + 2)]
    streams = list(part_streams(numbered_parts(blocks, ARROW), "token"))
    requests = [request for stream in streams for request in stream.requests]
    assert [request.head.part_number for request in requests] == list(range(1, STREAM_PARTS + 3))
    assert [request.data for request in requests] == blocks
    assert all(request.head.crc32c == crc32c(request.data) for request in requests)
    for request in requests:
        whole = StageProfilesRequest.FromString(request.serialized())
        assert whole.data == request.data
        whole.ClearField("data")
        assert whole == request.head
    for stream in streams:
        assert [request.head.token for request in stream.requests] == ["token"] + [""] * (
            len(stream.requests) - 1
        )


def test_no_more_blocks_are_pulled_than_a_stream_holds() -> None:
    pulled = 0

    def blocks() -> Iterator[bytes]:
        nonlocal pulled
        for number in range(100):
            pulled += 1
            yield bytes([number])

    next(part_streams(numbered_parts(blocks(), ARROW), "token"))
    assert pulled == STREAM_PARTS


@pytest.mark.parametrize(
    ("state", "cause", "words"),
    [
        (ImportState.IMPORT_STATE_FAILED, "disk full", "disk full"),
        (ImportState.IMPORT_STATE_CANCELLED, "", "was cancelled"),
    ],
)
def test_an_import_that_wrote_nothing_is_an_error_with_its_cause(
    state: ImportState.ValueType, cause: str, words: str
) -> None:
    with pytest.raises(ImportFailed, match=words):
        is_finished(ImportStatus(state=state, error_message=cause))


def test_blocks_know_the_rows_they_begin_with() -> None:
    batches = [
        pa.RecordBatch.from_pydict({"id": [str(n) for n in range(rows)]}) for rows in (3, 0, 2)
    ]
    blocks = ArrowBlocks(batches, {"id": Target("profile_id", FieldType.FIELD_TYPE_TEXT)})
    streams = [pa.ipc.open_stream(block).read_all() for block in blocks]
    assert [stream.column_names for stream in streams] == [["profile_id"]] * 2
    assert [blocks.first_row(block) for block in range(2)] == [0, 3]


def test_large_batches_are_halved_until_they_fit_a_block() -> None:
    batch = pa.RecordBatch.from_pydict({"id": ["x" * 1000] * 10_000})
    blocks = ArrowBlocks([batch], {"id": Target("profile_id", FieldType.FIELD_TYPE_TEXT)})
    sizes = [len(block) for block in blocks]
    assert max(sizes) < 4 * 1024 * 1024
    assert blocks.row_count == 10_000


@pytest.mark.parametrize(
    ("values", "field_type", "sent"),
    [
        (pa.array([1, 2]), FieldType.FIELD_TYPE_TEXT, ["1", "2"]),
        (pa.array([1, 2]), FieldType.FIELD_TYPE_NUMBER, [1, 2]),
        (pa.array(["a", None]).dictionary_encode(), FieldType.FIELD_TYPE_TEXT, ["a", None]),
        (pa.array([["a", "b"], None]), FieldType.FIELD_TYPE_MULTI_SELECT_MANY, ["a;b", None]),
        (pa.array([True, None]), FieldType.FIELD_TYPE_BOOLEAN, [True, None]),
    ],
)
def test_columns_are_sent_in_types_the_server_reads(
    values: pa.Array, field_type: FieldType.ValueType, sent: list[object]
) -> None:
    batch = pa.RecordBatch.from_arrays([values], ["x"])
    [block] = ArrowBlocks([batch], {"x": Target("x", field_type)})
    assert pa.ipc.open_stream(block).read_all()["x"].to_pylist() == sent
