"""Refused rows are written in their file's own format, so that they can be put right and sent again."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from segue.client.files.fault_file import write_faults
from segue.client.files.opening import open_file
from segue.client.files.source import Refusal, RowSource

REFUSALS = (Refusal(1, ("Age", "Plan"), ("NUMBER_INVALID", "OPTION_UNKNOWN"), ("no", "none")),)
REASON = "NUMBER_INVALID: no; OPTION_UNKNOWN: none"


def _write(source: RowSource, path: Path) -> int:
    for _ in source.batches(source.columns):
        pass
    return write_faults(source, source.faults(source.columns, iter(REFUSALS)), path)


def test_csv_rows_keep_their_cells_and_delimiter(tmp_path: Path) -> None:
    source_path, faults_path = tmp_path / "a.csv", tmp_path / "faults.csv"
    source_path.write_text('id;Age\n1;2\n"2\n3";x\n4\n', encoding="utf-8")
    assert _write(open_file(source_path), faults_path) == 2
    with faults_path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file, delimiter=";")) == [
            ["id", "Age", "line", "field", "reason"],
            ["2\n3", "x", "3", "Age; Plan", REASON],
            ["4", "", "5", "", "RECORD_INVALID: 1 cells; the header has 2"],
        ]


def test_ndjson_rows_are_objects_again(tmp_path: Path) -> None:
    source_path, faults_path = tmp_path / "a.ndjson", tmp_path / "faults.ndjson"
    source_path.write_text('{"id": "1"}\n{"id": "2"}\n{bad\n', encoding="utf-8")
    assert _write(open_file(source_path), faults_path) == 2
    found = [json.loads(line) for line in faults_path.read_text(encoding="utf-8").splitlines()]
    assert found == [
        {"id": "2", "line": 2, "field": "Age; Plan", "reason": REASON},
        {
            "text": "{bad",
            "line": 3,
            "field": "",
            "reason": "RECORD_INVALID: not a flat JSON object",
        },
    ]


def test_parquet_rows_keep_their_types(tmp_path: Path) -> None:
    source_path, faults_path = tmp_path / "a.parquet", tmp_path / "faults.parquet"
    pq.write_table(pa.table({"id": [1, 2]}), source_path)
    assert _write(open_file(source_path), faults_path) == 1
    assert pq.read_table(faults_path).to_pylist() == [
        {"id": 2, "row": 2, "field": "Age; Plan", "reason": REASON}
    ]
