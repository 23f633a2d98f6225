"""CSV, Parquet and compressed blocks: what exports write comes back, and hostile blocks are refused with a remedy."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue import _kernel
from segue.domain.profile import BlockFormat
from segue.errors import BlockInvalid, BlockTooLarge
from segue.v1.error_reason_pb2 import ErrorReason

SCHEMA = _kernel.Schema(
    json.dumps(
        {
            "lists": [],
            "fields": [
                {"column": 64, "key": "City", "type": "text"},
                {"column": 65, "key": "Age", "type": "number"},
                {
                    "column": 66,
                    "key": "Likes",
                    "type": "multi_select_many",
                    "options": ["Red", "a;b"],
                },
            ],
        }
    ).encode()
)

TABLE = (
    b"profile_id,email,City,Age,Likes\r\n"
    b'p1,a@b.se,"Lund, ""S""",-1.5,"[""Red"",""a;b""]"\r\n'
    b"p2,,'=1+1,,Red\r\n"
)

FLAT = (BlockFormat.ARROW_IPC, BlockFormat.CSV, BlockFormat.PARQUET)


def decode(block_format: BlockFormat, data: bytes, compression: int = 0) -> _kernel.Part:
    return _kernel.decode(
        SCHEMA, block_format, data, None, ignore_unknown_fields=False, compression=compression
    )


def exported(part: _kernel.Part, block_format: BlockFormat) -> bytes:
    """Writes an account of these records alone."""
    table = _kernel.Table()
    table.apply([part], 1, 3)
    export = table.snapshot().export(SCHEMA, None, block_format, block_bytes=1_000_000)
    data = b""
    while (block := export.read_raw(len(data))) is not None:
        data += block[0]
    return data


def parquet(**columns: pa.Array) -> bytes:
    """Writes a file as programs do that know nothing of hostility."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize("block_format", FLAT)
def test_an_export_fills_an_empty_account_with_the_same_values(block_format: BlockFormat) -> None:
    first = decode(BlockFormat.CSV, TABLE)
    assert (first.valid_count, first.exceptions) == (2, [])
    data = exported(first, block_format)
    second = decode(block_format, data)
    assert (second.valid_count, second.exceptions) == (2, [])
    assert exported(second, block_format) == data
    assert exported(second, BlockFormat.NDJSON) == exported(first, BlockFormat.NDJSON)


@pytest.mark.parametrize("compression", [0, 1, 2])
def test_blocks_may_be_compressed(compression: int) -> None:
    data = _kernel.compress(TABLE[:34], compression) + _kernel.compress(TABLE[34:], compression)
    assert decode(BlockFormat.CSV, data, compression).valid_count == 2


def test_a_compressed_block_that_is_cut_off_is_damaged() -> None:
    for compression in (1, 2):
        data = _kernel.compress(TABLE, compression)
        with pytest.raises(BlockInvalid, match="cut off"):
            decode(BlockFormat.CSV, data[:-1], compression)


def test_a_bomb_is_refused_by_what_it_holds() -> None:
    data = gzip.compress(TABLE + b"\n" * 10_000_000)
    with pytest.raises(BlockTooLarge, match="less or no compression") as caught:
        decode(BlockFormat.CSV, data, 1)
    assert caught.value.metadata["size_bytes"] == str(len(data))
    with pytest.raises(BlockTooLarge, match="smaller blocks"):
        _kernel.decode(
            SCHEMA,
            BlockFormat.CSV,
            TABLE,
            None,
            ignore_unknown_fields=False,
            max_bytes=len(TABLE) - 1,
        )


def test_a_line_of_other_cells_than_the_header_tells_how_many() -> None:
    part = decode(BlockFormat.CSV, b"profile_id,City\np1,Lund,Sweden\np2,Lund\n")
    assert part.valid_count == 1
    ((number, profile_id, path, reason, message),) = part.exceptions
    assert (number, profile_id, path) == (1, "p1", "")
    assert reason == ErrorReason.ERROR_REASON_RECORD_INVALID
    assert "3 cells where the header has 2" in message


def test_a_file_of_pyarrow_is_read() -> None:
    ids = pa.array([f"p{n}" for n in range(1_000)])
    cities = ids.take(pa.array([n % 7 for n in range(1_000)])).dictionary_encode()
    likes = pa.array([["Red", "a;b"]] * 1_000)
    part = decode(BlockFormat.PARQUET, parquet(profile_id=ids, City=cities, Likes=likes))
    assert (part.valid_count, part.exceptions) == (1_000, [])


def test_a_nested_column_is_refused_by_name() -> None:
    data = parquet(profile_id=pa.array(["p1"]), City=pa.array([{"name": "Lund"}]))
    with pytest.raises(BlockInvalid, match=r'column "City" is of type Struct.*leave it out'):
        decode(BlockFormat.PARQUET, data)


def test_a_text_that_a_dictionary_repeats_is_refused_before_it_fills_the_memory() -> None:
    ids = pa.array([f"p{n}" for n in range(100_000)])
    data = parquet(profile_id=ids, City=pa.array(["x" * 9_000]).take(pa.array([0] * 100_000)))
    with pytest.raises(BlockTooLarge):
        decode(BlockFormat.PARQUET, data)


def test_a_damaged_file_never_ends_the_process() -> None:
    data = parquet(profile_id=pa.array(["p1", "p2"]), Age=pa.array([1.0, None]))
    for at in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[at] ^= 0x55
        try:
            decode(BlockFormat.PARQUET, bytes(damaged))
        except (BlockInvalid, BlockTooLarge):
            continue
