"""Records with problems come back in the format they were sent in: corrected, they are taken, and the reasons are passed over."""

import io
import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue import _kernel
from segue._kernel import Part, Schema
from segue.domain.schema import EMPTY_SCHEMA
from segue.v1.profile_pb2 import Identifier, Profile, ProfileBatch

BATCH, ARROW, NDJSON, CSV, PARQUET = 1, 2, 3, 5, 6
IDS = ["a", "b", "c", "d"]
EMAILS = ["a@example.com", "nobody", "c@example.com", "x"]
COLUMNS = {"profile_id": IDS, "email": EMAILS}
REASONS = "import_exceptions"


def as_batch() -> bytes:
    profiles = [
        Profile(profile_id=profile_id, emails=[Identifier(value=email)])
        for profile_id, email in zip(IDS, EMAILS, strict=True)
    ]
    return ProfileBatch(profiles=profiles).SerializeToString()


def as_arrow() -> bytes:
    sink, table = io.BytesIO(), pa.table(COLUMNS)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    return sink.getvalue()


def as_parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(COLUMNS), sink, row_group_size=3)
    return sink.getvalue()


def as_lines() -> bytes:
    rows = zip(IDS, EMAILS, strict=True)
    lines = [{"profile_id": key, "emails": [{"value": email}]} for key, email in rows]
    return "\n".join(map(json.dumps, lines)).encode()


def as_csv() -> bytes:
    rows = zip(IDS, EMAILS, strict=True)
    return ("profile_id,email\n" + "".join(f"{key},{email}\n" for key, email in rows)).encode()


def rows_of_csv(data: bytes) -> list[list[str]]:
    return [line.split(",", 2) for line in data.decode().splitlines()]


FORMATS: dict[int, Callable[[], bytes]] = {
    BATCH: as_batch,
    ARROW: as_arrow,
    NDJSON: as_lines,
    CSV: as_csv,
    PARQUET: as_parquet,
}


def decoded(block_format: int, data: bytes) -> Part:
    schema = Schema(EMPTY_SCHEMA)
    return _kernel.decode(schema, block_format, data, None, ignore_unknown_fields=False)


def rejected_of(block_format: int, data: bytes) -> bytes:
    part = decoded(block_format, data)
    problems = [(number, path, message) for number, _, path, _, message in part.exceptions]
    return _kernel.rejected(block_format, 0, data, problems)


@pytest.mark.parametrize("block_format", list(FORMATS))
def test_only_records_with_problems_come_back_and_stay_so_until_they_are_corrected(
    block_format: int,
) -> None:
    data = rejected_of(block_format, FORMATS[block_format]())
    part = decoded(block_format, data)
    assert (part.record_count, part.valid_count) == (2, 0)
    assert [profile_id for _, profile_id, *_ in part.exceptions] == ["b", "d"]
    again = decoded(block_format, rejected_of(block_format, data))
    assert (again.record_count, again.exceptions) == (2, part.exceptions)


def test_the_reasons_stand_beside_the_records() -> None:
    batch = ProfileBatch.FromString(rejected_of(BATCH, as_batch()))
    assert [profile.profile_id for profile in batch.profiles] == ["b", "d"]
    assert all(text.startswith("emails[0].value: not an e-mail") for text in batch.exceptions)
    table = pa.ipc.open_stream(rejected_of(ARROW, as_arrow())).read_all()
    assert table.column_names == ["profile_id", "email", REASONS]
    assert table["profile_id"].to_pylist() == ["b", "d"]
    table = pq.read_table(io.BytesIO(rejected_of(PARQUET, as_parquet())))
    assert table[REASONS][0].as_py().startswith("email")
    lines = [json.loads(line) for line in rejected_of(NDJSON, as_lines()).splitlines()]
    assert [line["profile_id"] for line in lines] == ["b", "d"]
    assert "not an e-mail" in lines[0][REASONS]
    rows = rows_of_csv(rejected_of(CSV, as_csv()))
    assert [row[:2] for row in rows] == [["profile_id", "email"], ["b", "nobody"], ["d", "x"]]
    assert rows[0][2] == f'"{REASONS}"'


def test_lines_that_cannot_be_parsed_stand_as_they_were_sent() -> None:
    lines = [
        json.loads(line)
        for line in rejected_of(NDJSON, b'{"profile_id": "a"}\nnot "json\n[1]\n').splitlines()
    ]
    assert [line["import_line"] for line in lines] == ['not "json', "[1]"]
    data = rejected_of(CSV, b'profile_id,email\r\n\r\na,b,c\r\nx"y,\r\nz\r\nok,\r\n')
    body = data.decode().split("\r\n")
    assert [line.split(',"')[0] for line in body[1:4]] == ["a,b,c", 'x"y,', "z"]


def test_corrected_records_are_taken_with_their_reasons_beside_them() -> None:
    for block_format in (NDJSON, CSV):
        data = rejected_of(block_format, FORMATS[block_format]())
        corrected = data.replace(b"nobody", b"b@example.com").replace(b'"x"', b'"d@example.com"')
        corrected = corrected.replace(b"d,x,", b"d,d@example.com,")
        part = decoded(block_format, corrected)
        assert (part.record_count, part.valid_count, part.exceptions) == (2, 2, [])
