"""What the server can read goes as it is; what has to be converted goes as Arrow, from wherever it comes."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.client.files.batch_cut import BatchCut
from segue.client.files.column_cuts import MappedCut, WholeParquetCut
from segue.client.files.cut import Cut, Refusals
from segue.client.files.inputs import LocalInput
from segue.client.files.mapping import NewField
from segue.client.files.planning import FileOptions, Planner
from segue.client.files.problems import MappingInvalid
from segue.client.files.rejected_file import write_rejected
from segue.client.files.text_cuts import CsvCut, NdjsonCut
from segue.client.rejects import RejectedRecords
from segue.v1.block_pb2 import BlockFormat
from segue.v1.field_pb2 import Field, FieldType
from segue.v1.profile_pb2 import FieldValue, Membership, Profile, ProfileBatch
from segue.v1.profile_service_pb2 import RecordException

FIELDS = [Field(key="Age", type=FieldType.FIELD_TYPE_NUMBER)]
OWN = b'{"profile_id": "1", "emails": [{"value": "a@b.se"}], "fields": {"Age": 3}}\n'
TABLE = pa.table({"profile_id": ["1", "2"], "Age": [3, 4]})


@pytest.fixture
def created() -> list[NewField]:
    return []


@pytest.fixture
def planner(created: list[NewField]) -> Iterator[Planner]:
    with Planner(FileOptions(), lambda: FIELDS, created.append) as planner:
        yield planner


def plan(planner: Planner, tmp_path: Path, name: str, data: bytes) -> Cut:
    path = tmp_path / name
    path.write_bytes(data)
    return planner.plan(LocalInput(path))


def parquet(table: pa.Table, path: Path) -> bytes:
    pq.write_table(table, path)
    return path.read_bytes()


def arrow(table: pa.Table, *, file: bool) -> bytes:
    sink = pa.BufferOutputStream()
    with (pa.ipc.new_file if file else pa.ipc.new_stream)(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@pytest.mark.parametrize(
    ("name", "data", "cut"),
    [
        ("a.csv", b"profile_id,Age\n1,2\n", CsvCut),
        ("a.csv", b"profile_id,newsletter/state,tag:vip,emails,changed_at\n1,,,,\n", CsvCut),
        ("a.csv", b"\xef\xbb\xbfprofile_id\n1\n", CsvCut),
        ("a.csv", b"profile_id,age\n1,2\n", MappedCut),
        ("a.csv", b"id,Age\n1,2\n", MappedCut),
        ("a.csv", b"profile_id;Age\n1;2\n", MappedCut),
        ("a.ndjson", OWN, NdjsonCut),
        ("a.ndjson", b'{"profile_id": "1", "Age": 3}\n', MappedCut),
        ("a.ndjson", b'{"id": "1", "name": "Ada"}\n', MappedCut),
        ("a.binpb", ProfileBatch(profiles=[Profile(profile_id="1")]).SerializeToString(), BatchCut),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_each_input_is_cut_as_the_server_can_read_it(
    planner: Planner, tmp_path: Path, name: str, data: bytes, cut: type[Cut], *, packed: bool
) -> None:
    stored = gzip.compress(data) if packed else data
    found = plan(planner, tmp_path, name + ".gz" * packed, stored)
    assert type(found) is cut
    assert len(list(found.pieces())) == 1


def test_small_parquet_goes_whole_and_other_columns_as_arrow(
    planner: Planner, tmp_path: Path
) -> None:
    data = parquet(TABLE, tmp_path / "made")
    whole = plan(planner, tmp_path, "a.parquet", data)
    assert isinstance(whole, WholeParquetCut)
    assert [piece.data for piece in whole.pieces()] == [data]
    renamed = parquet(TABLE.rename_columns(["id", "Age"]), tmp_path / "made")
    assert type(plan(planner, tmp_path, "b.parquet", renamed)) is MappedCut


@pytest.mark.parametrize("is_file", [True, False], ids=["file", "stream"])
def test_arrow_is_framed_anew(planner: Planner, tmp_path: Path, *, is_file: bool) -> None:
    table = pa.table({"id": [str(n) for n in range(7000)], "Age": list(range(7000))})
    cut = plan(planner, tmp_path, "a.arrow", arrow(table, file=is_file))
    sent = [pa.ipc.open_stream(piece.data).read_all() for piece in cut.pieces()]
    assert pa.concat_tables(sent).equals(table.rename_columns(["profile_id", "Age"]))
    refused = Refusals(1, 2, (RecordException(field_path="profile_id"),))
    [fault] = cut.faults([refused])
    assert (fault.place, fault.fields) == (6002, ("id",))


def test_columns_that_mean_nothing_are_refused_created_or_left_out(tmp_path: Path) -> None:
    data = b"profile_id,Plan\n1,Pro\n"
    created: list[NewField] = []
    with (
        Planner(FileOptions(), lambda: FIELDS, created.append) as planner,
        pytest.raises(MappingInvalid, match="--create-fields"),
    ):
        plan(planner, tmp_path, "a.csv", data)
    with Planner(FileOptions(create_fields=True), lambda: FIELDS, created.append) as planner:
        assert type(plan(planner, tmp_path, "a.csv", data)) is CsvCut
    assert [new.key for new in created] == ["Plan"]
    with Planner(FileOptions(ignore_unknown=True), lambda: FIELDS, created.append) as planner:
        [piece] = plan(planner, tmp_path, "a.csv", data).pieces()
    assert pa.ipc.open_stream(piece.data).read_all().column_names == ["profile_id"]


def test_the_profile_id_is_needed_unless_records_are_found_otherwise(tmp_path: Path) -> None:
    data = b"email,Age\na@b.se,3\n"
    with (
        Planner(FileOptions(), lambda: FIELDS, list[NewField]().append) as planner,
        pytest.raises(MappingInvalid, match="profile id"),
    ):
        plan(planner, tmp_path, "a.csv", data)
    options = FileOptions(needs_profile_id=False)
    with Planner(options, lambda: FIELDS, list[NewField]().append) as planner:
        assert type(plan(planner, tmp_path, "a.csv", data)) is CsvCut


def _rejected(block_format: BlockFormat.ValueType, *blocks: bytes) -> list[RejectedRecords]:
    return [RejectedRecords(n, block_format, data, 1) for n, data in enumerate(blocks, start=1)]


def test_rejected_blocks_of_csv_have_one_header_and_other_headers_a_file_of_their_own(
    tmp_path: Path,
) -> None:
    blocks = (b"a,import_exceptions\n1,x\n", b"a,import_exceptions\n2,y\n", b"b\n3\n")
    blocks_of_csv = _rejected(BlockFormat.BLOCK_FORMAT_CSV, *blocks)
    written = write_rejected(blocks_of_csv, tmp_path / "bad.csv")
    assert written == [(tmp_path / "bad.csv", 2), (tmp_path / "bad-2.csv", 1)]
    assert (tmp_path / "bad.csv").read_bytes() == b"a,import_exceptions\n1,x\n2,y\n"
    assert (tmp_path / "bad-2.csv").read_bytes() == b"b\n3\n"


def test_rejected_batches_are_one_batch_though_their_keys_differ(tmp_path: Path) -> None:
    blocks = []
    for keys in (["Age"], ["Plan", "Age"]):
        age = FieldValue(key_index=len(keys), number=3)
        member = Membership(list="news", fields=[age])
        profile = Profile(profile_id=keys[0], fields=[age], memberships=[member])
        batch = ProfileBatch(field_keys=keys, profiles=[profile], exceptions=["wrong"])
        blocks.append(batch.SerializeToString())
    path = tmp_path / "bad.binpb"
    write_rejected(_rejected(BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, *blocks), path)
    found = ProfileBatch.FromString(path.read_bytes())
    assert list(found.exceptions) == ["wrong", "wrong"]
    assert [p.fields[0].key for p in found.profiles] == ["Age", "Age"]
    assert [p.memberships[0].fields[0].key for p in found.profiles] == ["Age", "Age"]


def test_rejected_arrow_parquet_and_lines_are_files_of_their_formats(tmp_path: Path) -> None:
    stream, whole = arrow(TABLE, file=False), parquet(TABLE, tmp_path / "made")
    write_rejected(_rejected(BlockFormat.BLOCK_FORMAT_ARROW_IPC, stream, stream), tmp_path / "a")
    write_rejected(_rejected(BlockFormat.BLOCK_FORMAT_PARQUET, whole, whole), tmp_path / "p")
    write_rejected(_rejected(BlockFormat.BLOCK_FORMAT_NDJSON, OWN, OWN), tmp_path / "n")
    twice = pa.concat_tables([TABLE, TABLE])
    assert pa.ipc.open_stream((tmp_path / "a").read_bytes()).read_all().equals(twice)
    assert pq.read_table(tmp_path / "p").equals(twice)
    assert len([json.loads(line) for line in (tmp_path / "n").read_text().splitlines()]) == 2
    assert write_rejected([], tmp_path / "none") == []
