"""Formats that other programs read: as those programs see them."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from segue import _kernel
from segue.domain.profile import BlockFormat
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.profile_pb2 import MEMBERSHIP_STATE_ACTIVE, ProfileBatch

JSON, CSV, PARQUET, SUBSCRIBERS_JSON = 4, 5, 6, 8
BLOCK_BYTES = 1 << 20
SCHEMA = json.dumps(
    {
        "lists": [{"id": "news", "column": 64}],
        "fields": [
            {"column": 68, "list": None, "key": "Score", "type": "number", "options": []},
            {
                "column": 69,
                "list": "news",
                "key": "Plan",
                "type": "multi_select_one",
                "options": ["Free", "Pro"],
            },
            {
                "column": 70,
                "list": None,
                "key": "Likes",
                "type": "multi_select_many",
                "options": ["a", "b"],
            },
        ],
        "marks": [{"kind": "tag", "id": "vip", "column": 72}],
    }
).encode()


def table_of(count: int) -> tuple[_kernel.Table, _kernel.Schema]:
    schema = _kernel.Schema(SCHEMA)
    batch = ProfileBatch()
    for number in range(count):
        profile = batch.profiles.add(profile_id=f"p{number}")
        profile.emails.add(value=f"p{number}@example.com")
        profile.phones.add(value=f"+46700{number:06}")
        profile.name.given_name = ["=1+1", 'Å "q", x', "two\nlines"][number % 3]
        profile.fields.add(key="Score", number=number / 4)
        if number % 2:
            profile.fields.add(key="Likes").options.options.extend(["a", "b"])
            profile.tags.append("vip")
            member = profile.memberships.add(list="news", state=MEMBERSHIP_STATE_ACTIVE)
            member.fields.add(key="Plan", text="Pro")
    part = _kernel.decode(
        schema,
        BlockFormat.PROFILE_BATCH,
        batch.SerializeToString(),
        None,
        ignore_unknown_fields=False,
    )
    table = _kernel.Table()
    table.apply([part], 1, 1_700_000_000_003)
    return table, schema


def exported(count: int, block_format: int, *, compression: int = 0) -> bytes:
    table, schema = table_of(count)
    export = table.snapshot().export(
        schema, None, block_format, compression=compression, block_bytes=BLOCK_BYTES
    )
    return whole(export)


def whole(export: _kernel.Export) -> bytes:
    data, offset = b"", 0
    while (read := export.read(offset)) is not None:
        message, offset = read
        data += RetrieveExportResponse.FromString(message).data
    return data


def arrow_table(count: int) -> pa.Table:
    return pa.ipc.open_stream(exported(count, BlockFormat.ARROW_IPC)).read_all()


@pytest.mark.parametrize("compression", [0, 1, 2])
@pytest.mark.parametrize("count", [0, 1, 40_000])
def test_a_parquet_file_is_the_table_of_the_arrow_stream(count: int, compression: int) -> None:
    file = pa.parquet.ParquetFile(io.BytesIO(exported(count, PARQUET, compression=compression)))
    read = file.read().unify_dictionaries()
    assert read.num_rows == count
    assert read.column_names == arrow_table(count).column_names
    assert read.to_pylist() == arrow_table(count).to_pylist()
    assert file.metadata.num_row_groups == -(-count // 16_384)
    codecs = {
        file.metadata.row_group(group).column(0).compression
        for group in range(file.metadata.num_row_groups)
    }
    assert codecs <= {["UNCOMPRESSED", "GZIP", "ZSTD"][compression]}


def test_slices_of_a_parquet_export_are_files() -> None:
    table, schema = table_of(3_000)
    export = table.snapshot().export(schema, None, PARQUET, block_bytes=BLOCK_BYTES)
    ids: list[object] = []
    for first in range(0, 3_000, 1_000):
        data = whole(export.slice(first, 1_000, None))
        ids += pa.parquet.read_table(io.BytesIO(data))["profile_id"].to_pylist()
    assert ids == [f"p{number}" for number in range(3_000)]


def test_csv_is_read_alike_by_the_standard_library_and_by_arrow() -> None:
    data = exported(300, CSV)
    lines = list(csv.reader(io.StringIO(data.decode(), newline="")))
    options = pa.csv.ParseOptions(newlines_in_values=True)
    read = pa.csv.read_csv(io.BytesIO(data), parse_options=options)
    assert lines[0] == read.column_names == arrow_table(300).column_names
    given = ["'=1+1", 'Å "q", x', "two\nlines"] * 100
    at = lines[0].index
    assert [line[at("given_name")] for line in lines[1:]] == read["given_name"].to_pylist() == given
    phones = [f"+46700{number:06}" for number in range(300)]
    assert [line[at("phone")] for line in lines[1:]] == phones
    assert [line[at("Likes")] for line in lines[1:]] == ["", "a;b"] * 150


def test_documents_are_json_of_every_profile() -> None:
    document = json.loads(exported(5_000, JSON))
    assert list(document["profiles"]) == [f"p{number}" for number in range(5_000)]
    assert document["profiles"]["p1"]["sections"]["news"] == {
        "attributes": {"state": {"value": "Active"}, "Plan": {"value": "Pro"}}
    }
    answer = json.loads(exported(5_000, SUBSCRIBERS_JSON))
    assert answer["status"] == "SUCCESS"
    assert answer["data"]["count"] == len(answer["data"]["subscribers"]) == 5_000
    assert answer["data"]["subscribers"][7]["email"] == "p7@example.com"
