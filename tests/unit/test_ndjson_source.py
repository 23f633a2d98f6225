"""NDJSON files are read in blocks, or line by line where a block is not uniform, with the same rows and places."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.client.files.ndjson_source import NdjsonSource
from segue.client.files.problems import FileInvalid
from segue.client.files.source import Refusal


def _file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "customers.ndjson"
    path.write_bytes(content)
    return path


def _rows(source: NdjsonSource) -> list[dict[str, object]]:
    return [row for batch in source.batches(source.columns) for row in batch.to_pylist()]


def _refused(*rows: int) -> list[Refusal]:
    return [Refusal(row, ("Age",), ("NUMBER_INVALID",), ("not a number",)) for row in rows]


def test_values_keep_their_types_and_texts_like_times_stay_texts(tmp_path: Path) -> None:
    line = (
        b'{"id": 7, "when": "2024-01-31T12:00:00Z", "good": true, "x": 1.5, "many": ["a", "b"]}\n'
    )
    assert _rows(NdjsonSource(_file(tmp_path, line))) == [
        {"id": 7, "when": "2024-01-31T12:00:00Z", "good": True, "x": 1.5, "many": ["a", "b"]}
    ]


def test_bad_lines_are_left_out_and_found_again(tmp_path: Path) -> None:
    content = b'{"id": "1"}\n\n{"id": \n{"id": "2"}\n[1]\n{"id": "3", "a": {"b": 1}}\n{"id": "\xff"}\n{"id": "4"}\n'
    source = NdjsonSource(_file(tmp_path, content))
    assert [row["id"] for row in _rows(source)] == ["1", "2", "4"]
    assert source.rejected_count == 4
    faults = list(source.faults(source.columns, iter(_refused(0, 2))))
    assert [(fault.place, fault.reasons[0]) for fault in faults] == [
        (1, "NUMBER_INVALID"),
        (3, "RECORD_INVALID"),
        (5, "RECORD_INVALID"),
        (6, "RECORD_INVALID"),
        (7, "RECORD_INVALID"),
        (8, "NUMBER_INVALID"),
    ]


def test_nested_columns_may_be_left_out(tmp_path: Path) -> None:
    source = NdjsonSource(_file(tmp_path, b'{"id": "1", "a": {"b": 1}}\n{"id": "2"}\n'))
    assert [row for batch in source.batches(["id"]) for row in batch.to_pylist()] == [
        {"id": "1"},
        {"id": "2"},
    ]
    assert source.rejected_count == 0


def test_columns_that_come_late_are_kept(tmp_path: Path) -> None:
    lines = [b'{"id": "1"}\n'] * 20_000 + [b'{"id": "2", "late": "x"}\n']
    source = NdjsonSource(_file(tmp_path, b"".join(lines)))
    assert source.columns == ("id",)
    assert _rows(source)[-1] == {"id": "2", "late": "x"}


def test_two_objects_on_a_line_are_one_bad_line(tmp_path: Path) -> None:
    source = NdjsonSource(_file(tmp_path, b'{"id": "1"}{"id": "2"}\n{"id": "3"}\n'))
    assert [row["id"] for row in _rows(source)] == ["3"]


def test_a_file_without_objects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="no JSON object"):
        NdjsonSource(_file(tmp_path, b"id,name\n1,Anna\n"))


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), _VALUES, min_size=1), min_size=1))
def test_every_line_gives_a_row_with_its_values(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("ndjson") / "customers.ndjson"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    source = NdjsonSource(path)
    rows = _rows(source)
    assert len(rows) == len(records)
    assert source.rejected_count == 0
    for row, record in zip(rows, records, strict=True):
        for name, value in record.items():
            assert _same(row.get(name), value)


def _same(found: object, given_value: object) -> bool:
    """A block that is not uniform is read as text; either way the value is the one written."""
    if isinstance(found, str) and not isinstance(given_value, str):
        return bool(json.loads(found) == given_value)
    return found == given_value
