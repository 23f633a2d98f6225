"""The blocks that benchmarks import: whole documents each, and together every row."""

import gzip
import io
import json
from itertools import pairwise

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from segue.bench.audience import arrow_table, connect, make_audience
from segue.bench.import_forms import ARROW, COMPRESSED, CSV, NDJSON, PARQUET, PROTOBUF, Form
from segue.v1.block_pb2 import Compression
from segue.v1.profile_pb2 import ProfileBatch

ROWS = 7_000
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    with connect() as connection:
        make_audience(connection, ROWS)
        return arrow_table(connection)


def ids_of(block: bytes, form: Form) -> list[str]:
    """Reads a block as a program that is not ours would."""
    if form is PROTOBUF:
        return [profile.profile_id for profile in ProfileBatch.FromString(block).profiles]
    if form is NDJSON:
        return [json.loads(line)["profile_id"] for line in block.splitlines()]
    with io.BytesIO(block) as source:
        if form is CSV:
            table = pacsv.read_csv(source)
        elif form is PARQUET:
            table = pq.read_table(source)
        else:
            table = pa.ipc.open_stream(source).read_all()
    ids: list[str] = table.column("profile_id").to_pylist()
    return ids


@pytest.mark.parametrize(
    "form", [PROTOBUF, ARROW, NDJSON, CSV, PARQUET], ids=lambda form: form.title
)
def test_blocks_have_every_row_in_order(form: Form, rows: pa.Table) -> None:
    ids = [name for block in form.blocks(rows) for name in ids_of(block, form)]
    assert len(ids) == ROWS
    assert all(one < other for one, other in pairwise(ids))


@pytest.mark.parametrize("form", [PROTOBUF, ARROW, NDJSON, CSV], ids=lambda form: form.title)
def test_a_block_has_about_four_mebibytes(form: Form, rows: pa.Table) -> None:
    block = next(form.blocks(rows))
    assert 3 * MIB < len(block) / min(1, rows.num_rows / form.block_rows) < 6 * MIB


@pytest.mark.parametrize("form", COMPRESSED, ids=lambda form: form.title)
def test_a_compressed_block_is_the_plain_one(form: Form, rows: pa.Table) -> None:
    (plain,) = (each for each in (PROTOBUF, NDJSON, CSV) if each.block_format == form.block_format)
    block, expected = next(form.blocks(rows)), next(plain.blocks(rows))
    assert len(block) < len(expected)
    if form.compression == Compression.COMPRESSION_GZIP:
        assert gzip.decompress(block) == expected
    else:
        assert pa.CompressedInputStream(io.BytesIO(block), "zstd").read() == expected
