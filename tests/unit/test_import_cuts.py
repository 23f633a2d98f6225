"""Inputs are cut into parts at ends of records, at the same places however they are read, and nothing of them is lost."""

import csv
import gzip
import io
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.client.files.batch_cut import BatchCut
from segue.client.files.csv_records import first_end, last_end, record_spans
from segue.client.files.cut import Cut, Refusals
from segue.client.files.inputs import Input
from segue.client.files.problems import FileInvalid
from segue.client.files.text_cuts import CsvCut, NdjsonCut
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import FieldValue, Profile, ProfileBatch
from segue.v1.profile_service_pb2 import RecordException
from tests.kernel.marks import decoded

CELLS = st.text(st.sampled_from('ab,"\r\n å'), max_size=6)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=25)
SIZES = st.integers(1, 9)
MARKS = st.sampled_from([b"", b"\xef\xbb\xbf"])
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}


class Bytes(Input):
    """An input in memory, which is read a few bytes at a time."""

    def __init__(self, data: bytes, read_bytes: int = 1 << 20) -> None:
        super().__init__("bytes", len(data))
        self._data, self._read_bytes = data, read_bytes

    def identity(self) -> Mapping[str, object]:
        return {}

    def open(self) -> BinaryIO:
        return cast("BinaryIO", _Slow(self._data, self._read_bytes))


class _Slow(io.BytesIO):
    def __init__(self, data: bytes, read_bytes: int) -> None:
        super().__init__(data)
        self._read_bytes = read_bytes

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, self._read_bytes))

    def seekable(self) -> bool:
        return self._read_bytes % 2 == 0


def blocks(cut: Cut, after: int = 0) -> list[bytes]:
    return [piece.data for piece in cut.pieces(after)]


def csv_rows(data: bytes) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]


@settings(max_examples=60, deadline=None)
@given(ROWS, SIZES, st.integers(8, 40), st.sampled_from(sorted(PACKED)), MARKS)
def test_blocks_of_csv_are_the_rows_of_the_file(
    rows: list[tuple[str, ...]], read_bytes: int, block_bytes: int, packed: str, mark: bytes
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("id", 'the "name"', "a\nnote"), *rows])
    plain = text.getvalue().encode()
    stored = PACKED[packed](mark + plain)
    cut = CsvCut(Bytes(stored, read_bytes), block_bytes)
    found = blocks(cut)
    header, *expected = csv_rows(plain)
    assert [csv_rows(block)[0] for block in found] == [header] * len(found)
    assert [row for block in found for row in csv_rows(block)[1:]] == expected
    assert found == blocks(CsvCut(Bytes(stored), block_bytes))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=12), max_size=25), SIZES, st.integers(1, 40))
def test_blocks_of_ndjson_are_the_bytes_of_the_file_cut_at_line_ends(
    lines: list[bytes], read_bytes: int, block_bytes: int
) -> None:
    data = b"\n".join(lines)
    data = b"{" + data  # so that no random bytes are taken for a compressed file
    found = blocks(NdjsonCut(Bytes(data, read_bytes), block_bytes))
    assert b"".join(found) == data
    assert all(block.endswith(b"\n") for block in found[:-1])
    assert found == blocks(NdjsonCut(Bytes(data), block_bytes))


@settings(max_examples=40, deadline=None)
@given(ROWS, SIZES, st.data())
def test_pieces_behind_any_piece_are_the_rest(
    rows: list[tuple[str, ...]], read_bytes: int, data: st.DataObject
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("a", "b", "c"), *rows])
    cut = CsvCut(Bytes(text.getvalue().encode(), read_bytes), 16)
    pieces = list(cut.pieces())
    done = data.draw(st.integers(0, len(pieces)))
    after = pieces[done - 1].end if done else 0
    assert list(cut.pieces(after)) == pieces[done:]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a"]), max_size=14).map(b"".join))
def test_wrong_quotes_spoil_their_own_line_only(data: bytes) -> None:
    ends = []
    at = 0
    while at < len(data):
        at += first_end(data[at:])
        ends.append(at)
    whole = [end for end in ends if data[end - 1 : end] == b"\n" and _is_closed(data, ends, end)]
    assert last_end(data) == (whole[-1] if whole else 0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a"]), max_size=16).map(b"".join))
def test_records_are_counted_as_the_server_counts_them(body: bytes) -> None:
    block = b"profile_id,locale\n" + body
    served = decoded(block, BlockFormat.BLOCK_FORMAT_CSV)
    assert len(list(record_spans(block))) == 1 + served.record_count


def _is_closed(data: bytes, ends: list[int], end: int) -> bool:
    """Tells whether a record ends there by its line, and not because the bytes do."""
    start = max((other for other in ends if other < end), default=0)
    return first_end(data[start:end] + b"x\n") == end - start


def test_a_record_without_end_is_told_of() -> None:
    data = b"id,name\n1," + b'"' + b"x\n" * (9 << 20)
    with pytest.raises(FileInvalid, match="quote is probably not closed"):
        blocks(CsvCut(Bytes(data)))


def test_a_compressed_file_that_is_cut_off_is_told_of() -> None:
    packed = gzip.compress(b'{"profile_id": "1"}\n' * 1000)
    with pytest.raises(FileInvalid, match="decompressed"):
        blocks(NdjsonCut(Bytes(packed[:-9])))


def _batch(count: int) -> ProfileBatch:
    batch = ProfileBatch(field_keys=["Age", "Plan"])
    for number in range(count):
        fields = [FieldValue(key_index=1, number=number)]
        batch.profiles.append(Profile(profile_id=f"p{number}", fields=fields))
    return batch


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), SIZES, st.integers(1, 200))
def test_pieces_of_a_batch_are_its_profiles_with_all_its_keys(
    count: int, read_bytes: int, block_bytes: int
) -> None:
    whole = _batch(count)
    cut = BatchCut(Bytes(whole.SerializeToString(), read_bytes), block_bytes)
    pieces = list(cut.pieces())
    batches = [ProfileBatch.FromString(piece.data) for piece in pieces]
    assert [p for batch in batches for p in batch.profiles] == list(whole.profiles)
    assert all(batch.field_keys == whole.field_keys for batch in batches)
    if pieces:
        assert list(cut.pieces(pieces[0].end)) == pieces[1:]


@pytest.mark.parametrize("data", [b"\x12\x05ab", b"\x12\xff\xff\xff\xff\x7f", b"\x22\x01a"])
def test_what_is_no_batch_is_told_of(data: bytes) -> None:
    with pytest.raises(FileInvalid, match="no ProfileBatch"):
        blocks(BatchCut(Bytes(data)))


def _refusals(*places: tuple[int, int]) -> list[Refusals]:
    problem = RecordException(field_path="emails[0]")
    return [Refusals(piece, record, (problem,)) for piece, record in places]


def _found(cut: Cut, *places: tuple[int, int]) -> list[tuple[int, Any]]:
    return [(fault.place, fault.record) for fault in cut.faults(_refusals(*places))]


def test_refused_records_are_found_by_their_lines() -> None:
    text = b'id,note\n1,"a\nb"\n\n2,x\n3,y\n4,z\n5,\n'
    cut = CsvCut(Bytes(text), 12)
    assert blocks(cut) == [b'id,note\n1,"a\nb"\n\n', b"id,note\n2,x\n3,y\n4,z\n", b"id,note\n5,\n"]
    places = ((0, 1), (1, 1), (1, 3), (2, 1))
    assert _found(cut, *places) == [(2, b'1,"a\nb"'), (5, b"2,x"), (7, b"4,z"), (8, b"5,")]
    lines = NdjsonCut(Bytes(b'{"a":1}\n\n{"a":2}\n{"a":3}\n'), 20)
    assert _found(lines, (0, 2), (1, 1)) == [(3, b'{"a":2}'), (4, b'{"a":3}')]
    batch = BatchCut(Bytes(_batch(9).SerializeToString()), 60)
    first, *_ = batch.pieces()
    assert _found(batch, (0, 1), (1, 2)) == [(1, None), (first.end + 2, None)]
