"""CSV files are read in full, and bad records are found again by their lines."""

from pathlib import Path

import pytest

from segue.client.files.csv_source import CsvSource
from segue.client.files.problems import FileInvalid
from segue.client.files.source import Refusal


def _file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "customers.csv"
    path.write_bytes(content)
    return path


def _rows(source: CsvSource) -> list[dict[str, str | None]]:
    return [row for batch in source.batches(source.columns) for row in batch.to_pylist()]


def _refused(*rows: int) -> list[Refusal]:
    return [Refusal(row, ("Age",), ("NUMBER_INVALID",), ("not a number",)) for row in rows]


def test_cells_stay_as_they_are_written_and_empty_ones_are_absent(tmp_path: Path) -> None:
    source = CsvSource(_file(tmp_path, b'id,zip,note\n1,00123,"a, ""b"""\n2,,\n'))
    assert _rows(source) == [
        {"id": "1", "zip": "00123", "note": 'a, "b"'},
        {"id": "2", "zip": None, "note": None},
    ]
    assert source.rejected_count == 0


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_from_the_header(tmp_path: Path, delimiter: str) -> None:
    text = f"id{delimiter}name\n1{delimiter}Åsa\n"
    assert _rows(CsvSource(_file(tmp_path, text.encode()))) == [{"id": "1", "name": "Åsa"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    source = CsvSource(_file(tmp_path, b"\xef\xbb\xbfid,name\n1,Anna\n"))
    assert source.columns == ("id", "name")
    assert _rows(source) == [{"id": "1", "name": "Anna"}]


def test_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "id,namn\n1,Åsa\n".encode("cp1252"))
    assert _rows(CsvSource(path, encoding="cp1252")) == [{"id": "1", "namn": "Åsa"}]


def test_a_header_in_another_encoding_is_refused_with_what_to_say(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="--encoding"):
        CsvSource(_file(tmp_path, "id,förnamn\n1,Åsa\n".encode("cp1252")))


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="twice: b"):
        CsvSource(_file(tmp_path, b"a,b,b\n1,2,3\n"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="header"):
        CsvSource(_file(tmp_path, b""))


def test_refused_rows_are_found_behind_quoted_line_breaks_blank_lines_and_ragged_rows(
    tmp_path: Path,
) -> None:
    content = b'id,Age\n1,"two\nlines"\n\n2,5\n3\n4,6,7\n5,x\n\xff,1\n6,y\n'
    source = CsvSource(_file(tmp_path, content))
    assert [row["id"] for row in _rows(source)] == ["1", "2", "5", "6"]
    assert source.rejected_count == 3
    faults = list(source.faults(source.columns, iter(_refused(0, 2, 3))))
    assert [(fault.place, fault.fields, fault.reasons) for fault in faults] == [
        (2, ("Age",), ("NUMBER_INVALID",)),
        (6, (), ("RECORD_INVALID",)),
        (7, (), ("RECORD_INVALID",)),
        (8, ("Age",), ("NUMBER_INVALID",)),
        (9, (), ("RECORD_INVALID",)),
        (10, ("Age",), ("NUMBER_INVALID",)),
    ]
    assert faults[0].record == ["1", "two\nlines"]


def test_text_that_is_not_utf8_counts_only_in_columns_that_are_read(tmp_path: Path) -> None:
    source = CsvSource(_file(tmp_path, b"id,note\n1,\xff\n2,b\n"))
    rows = [row for batch in source.batches(["id"]) for row in batch.to_pylist()]
    assert rows == [{"id": "1"}, {"id": "2"}]
    assert source.rejected_count == 0


def test_reading_twice_gives_the_same_rows_and_counts(tmp_path: Path) -> None:
    source = CsvSource(_file(tmp_path, b"id,a\n1,2\n3\n4,5\n"))
    source.sample()
    first = _rows(source)
    assert (_rows(source), source.rejected_count) == (first, 1)


def test_rows_over_many_blocks_keep_their_lines(tmp_path: Path) -> None:
    lines = [f"{n},{'x' * 90}\n".encode() for n in range(40_000)]
    source = CsvSource(_file(tmp_path, b"id,text\n" + b"".join(lines)))
    assert sum(batch.num_rows for batch in source.batches(source.columns)) == 40_000
    wanted = [0, 1, 15_000, 39_999]
    faults = source.faults(source.columns, iter(_refused(*wanted)))
    assert [fault.place for fault in faults] == [row + 2 for row in wanted]


def test_a_row_that_never_ends_is_refused_by_name(tmp_path: Path) -> None:
    source = CsvSource(_file(tmp_path, b'id,text\n1,"' + b"x" * 3_000_000))
    with pytest.raises(FileInvalid, match="cannot be read any further"):
        _rows(source)
