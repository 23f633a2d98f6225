"""Exports as Python sees them: compressed, cut into slices, stored and framed again."""

import gzip
import json

import pytest

from segue import errors
from segue._kernel import (
    Export,
    MatchValues,
    Plan,
    Snapshot,
    Table,
    compress,
    crc32c,
    frame_block,
)
from segue.v1.block_pb2 import BlockFormat
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.profile_pb2 import ProfileBatch
from tests.kernel.definitions import SCHEMA, aged, part_of

GZIP = 1
ZSTD = 2
ZSTD_MAGIC = bytes.fromhex("28b52ffd")
PROFILES = 50


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """Fifty profiles, the first of them erased."""
    table = Table()
    table.apply([part_of(*(aged(f"p{number:02}", number) for number in range(PROFILES)))], 1, 3)
    table.erase(["p00"], 2, 7)
    return table.snapshot()


def export_of(snapshot: Snapshot, compression: int = 0) -> Export:
    """Exports everybody in blocks of some profiles."""
    return snapshot.export(
        SCHEMA,
        None,
        BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        compression=compression,
        block_bytes=100,
    )


def data_of(export: Export) -> bytes:
    data = b""
    while (block := export.read_raw(len(data))) is not None:
        data += block[0]
    return data


def ids_in(data: bytes) -> list[str]:
    return [profile.profile_id for profile in ProfileBatch.FromString(data).profiles]


def test_members_of_gzip_are_the_export_that_is_not_compressed(snapshot: Snapshot) -> None:
    plain = data_of(export_of(snapshot))
    assert gzip.decompress(data_of(export_of(snapshot, GZIP))) == plain
    assert data_of(export_of(snapshot, ZSTD)).startswith(ZSTD_MAGIC)


def test_data_are_compressed_as_blocks_are(snapshot: Snapshot) -> None:
    plain = export_of(snapshot).read_raw(0)
    assert plain is not None
    for compression in (0, GZIP, ZSTD):
        block = export_of(snapshot, compression).read_raw(0)
        assert block is not None
        assert compress(plain[0], compression) == block[0]


@pytest.mark.parametrize("compression", [-1, 3])
def test_a_compression_that_is_none_is_refused(snapshot: Snapshot, compression: int) -> None:
    with pytest.raises(errors.DefinitionInvalid, match="compression"):
        export_of(snapshot, compression)
    with pytest.raises(errors.DefinitionInvalid, match="compression"):
        compress(b"", compression)


def test_a_stored_block_is_framed_as_the_response_it_was(snapshot: Snapshot) -> None:
    export = export_of(snapshot)
    offset = 0
    while (raw := export.read_raw(offset)) is not None:
        data, next_offset, row_count, checksum = raw
        assert checksum == crc32c(data)
        framed = frame_block(data, offset, row_count)
        assert export.read(offset) == (framed, next_offset)
        response = RetrieveExportResponse.FromString(framed)
        assert (response.data, response.crc32c) == (data, checksum)
        assert (response.offset, response.next_offset) == (offset, next_offset)
        assert response.row_count == row_count
        offset = next_offset
    assert export.size_bytes == offset


def test_slices_by_rows_and_by_bytes_are_the_whole(snapshot: Snapshot) -> None:
    export = export_of(snapshot)
    assert export.end_row == export.row_count == PROFILES - 1
    head = export.slice(0, 10, None)
    assert head.end_row == 10
    middle = export.slice(10, None, 250)
    assert middle.end_row is None
    parts = [ids_in(data_of(head)), ids_in(data_of(middle))]
    assert middle.end_row is not None
    assert middle.row_count == middle.end_row - 10 == len(parts[1])
    parts.append(ids_in(data_of(export.slice(middle.end_row, None, None))))
    assert [one for part in parts for one in part] == ids_in(data_of(export))
    assert data_of(export.slice(1_000, None, None)) == b""


def test_an_export_tells_whose_rows_it_has(snapshot: Snapshot) -> None:
    export = export_of(snapshot)
    assert [export.contains(one) for one in ("p00", "p01", "p49", "p50")] == [
        False,
        True,
        True,
        False,
    ]
    assert not export.slice(1, None, None).contains("p01")


def test_an_increment_is_limited_by_ids_with_its_removals(snapshot: Snapshot) -> None:
    leaf = {"identified": {"by": "profile_id", "type": None}}
    told, others = (MatchValues(1, ids) for ids in (("p00", "p07", "p99"), ("p07",)))
    increment = snapshot.export(
        SCHEMA,
        Plan(SCHEMA, json.dumps({"not": leaf}).encode(), 0, others),
        BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        changed_from_millis=0,
        only=Plan(SCHEMA, json.dumps(leaf).encode(), 0, told),
        include_removed=True,
        block_bytes=100,
    )
    profiles = ProfileBatch.FromString(data_of(increment)).profiles
    assert [(one.profile_id, one.removed) for one in profiles] == [("p00", True), ("p07", True)]
    assert increment.contains("p00")
    assert not increment.contains("p08")
