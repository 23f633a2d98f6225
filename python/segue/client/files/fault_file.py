"""Writes the records that were not imported in their file's own format, with place, field and reason added."""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from segue.client.files.columnar_source import ColumnarSource
from segue.client.files.csv_source import CsvSource
from segue.client.files.parquet_source import ParquetSource
from segue.client.files.source import Fault, RowSource

_JOINT = "; "


def write_faults(source: RowSource, faults: Iterable[Fault], path: Path) -> int:
    """Writes faults to a file and returns how many there were.

    Besides the columns of the source there are `line` (in Parquet and Arrow `row`), `field` and `reason`, at the end; where several things
    are wrong with a record, the last two list them in one order.
    """
    count = 0
    with _writer(source, path) as writer:
        for fault in faults:
            writer.write(fault)
            count += 1
    return count


class _Writer(ABC):
    @abstractmethod
    def write(self, fault: Fault) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _writer(source: RowSource, path: Path) -> _Writer:
    if isinstance(source, CsvSource):
        return _CsvWriter(source, path)
    if isinstance(source, ColumnarSource):
        return _ColumnarWriter(source, path)
    return _NdjsonWriter(path)


class _CsvWriter(_Writer):
    def __init__(self, source: CsvSource, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._writer = csv.writer(self._file, delimiter=source.delimiter)
        self._width = len(source.columns)
        self._writer.writerow([*source.columns, source.place_word, "field", "reason"])

    def write(self, fault: Fault) -> None:
        cells: Any = fault.record
        padding = [""] * (self._width - len(cells))
        self._writer.writerow([*cells, *padding, fault.place, *_words(fault)])

    def close(self) -> None:
        self._file.close()


class _NdjsonWriter(_Writer):
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, fault: Fault) -> None:
        record = fault.record if isinstance(fault.record, dict) else {"text": fault.record}
        field, reason = _words(fault)
        line = {**record, "line": fault.place, "field": field, "reason": reason}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


class _ColumnarWriter(_Writer):
    def __init__(self, source: ColumnarSource, path: Path) -> None:
        self._schema = source.schema
        for name, arrow_type in (
            (source.place_word, pa.int64()),
            ("field", pa.string()),
            ("reason", pa.string()),
        ):
            self._schema = self._schema.append(pa.field(name, arrow_type))
        is_parquet = isinstance(source, ParquetSource)
        writer = pq.ParquetWriter if is_parquet else pa.ipc.new_stream
        self._writer: Any = writer(str(path), self._schema)

    def write(self, fault: Fault) -> None:
        record: Any = fault.record
        added = [pa.array([value]) for value in (fault.place, *_words(fault))]
        batch = pa.RecordBatch.from_arrays([*record.columns, *added], schema=self._schema)
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


def _words(fault: Fault) -> tuple[str, str]:
    reasons = [
        f"{reason}: {message}" if message else reason
        for reason, message in zip(fault.reasons, fault.messages, strict=True)
    ]
    return _JOINT.join(fault.fields), _JOINT.join(reasons)
