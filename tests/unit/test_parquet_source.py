"""Parquet files are read in the types they have, and refused rows are found by their numbers."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.client.files.parquet_source import ParquetSource
from segue.client.files.problems import FileInvalid
from segue.client.files.source import Refusal


def test_rows_are_found_by_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    pq.write_table(pa.table({"id": range(20_000), "Age": range(20_000)}), path)
    source = ParquetSource(path)
    assert sum(batch.num_rows for batch in source.batches(["id"])) == 20_000
    refusals = [Refusal(row, ("Age",), ("NUMBER_INVALID",), ("",)) for row in (0, 6_000, 19_999)]
    faults = list(source.faults(["id"], iter(refusals)))
    assert [fault.place for fault in faults] == [1, 6_001, 20_000]
    assert [fault.record.to_pylist()[0]["id"] for fault in faults] == [0, 6_000, 19_999]  # type: ignore[attr-defined]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    path.write_bytes(b"id\n1\n")
    with pytest.raises(FileInvalid, match="not a Parquet file"):
        ParquetSource(path)
