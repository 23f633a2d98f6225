"""NDJSON files: one flat JSON object a line.

Values may be texts, numbers, true, false, null, or arrays of texts. A null is an absent value: it keeps what is stored.
"""

import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.json as pajson

from segue.client.files.problems import FileInvalid
from segue.client.files.source import (
    BATCH_BYTES,
    SAMPLE_ROWS,
    Fault,
    Refusal,
    RowSource,
)

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_OPTION_SEPARATOR: Final = ";"

Record = dict[str, Any]


class NdjsonSource(RowSource):
    """An NDJSON file; its columns are those of its first ten thousand lines."""

    def __init__(self, path: Path) -> None:
        """Reads the first lines.

        Raises:
            FileInvalid: None of them is a JSON object.
        """
        with path.open("rb") as file:
            lines = (line for line in _lines(file) if line.strip())
            first = [_record(line) for line in islice(lines, SAMPLE_ROWS)]
        self._sample = [record for record in first if record is not None]
        if not self._sample:
            raise FileInvalid(f"{path} has no JSON object on its first lines; it needs one a line")
        names = dict.fromkeys(name for record in self._sample for name in record)
        super().__init__(path, tuple(names))
        self._types = {name: _arrow_type([r.get(name) for r in self._sample]) for name in names}
        self._position = 0

    def sample(self) -> pa.Table:
        """Returns the first rows: single values as text, arrays and objects as their types only."""
        columns = {}
        for name, arrow_type in self._types.items():
            if pa.types.is_nested(arrow_type):
                columns[name] = pa.nulls(len(self._sample), arrow_type)
            else:
                columns[name] = _texts(self._sample, name)
        return pa.table(columns)

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields the lines that are objects. Those with columns the first lines did not have keep them."""
        dropped = self._dropped(columns)
        schema = pa.schema(
            [(name, self._types[name]) for name in self.columns if name not in dropped]
        )
        with self.path.open("rb") as file:
            for chunk in _chunks(file):
                batch = _parse(chunk, schema, dropped)
                if batch is None:
                    batch = self._line_by_line(chunk, dropped)
                self._position = file.tell()
                yield batch

    def position_bytes(self) -> int:
        """Returns how many bytes were read."""
        return self._position

    def faults(self, columns: Sequence[str], refusals: Iterator[Refusal]) -> Iterator[Fault]:
        """Reads the file again, line by line."""
        dropped = self._dropped(columns)
        pending = next(refusals, None)
        rejected_left = self.rejected_count
        row = 0
        with self.path.open("rb") as file:
            for place, line in enumerate(_lines(file), start=1):
                if not line.strip():
                    continue
                record = _record(line)
                if not _is_flat(record, dropped):
                    rejected_left -= 1
                    text = line.decode(errors="replace").rstrip("\r\n")
                    yield Fault(place, (), ("RECORD_INVALID",), ("not a flat JSON object",), text)
                elif pending and pending.row == row:
                    yield Fault(place, pending.fields, pending.reasons, pending.messages, record)
                    pending = next(refusals, None)
                if pending is None and rejected_left == 0:
                    return
                row += _is_flat(record, dropped)

    def _dropped(self, columns: Sequence[str]) -> frozenset[str]:
        return frozenset(self.columns) - frozenset(columns)

    def _line_by_line(self, chunk: bytes, dropped: frozenset[str]) -> pa.RecordBatch:
        lines = [line for line in chunk.splitlines() if line.strip()]
        records = [
            record
            for line in lines
            if (record := _record(line)) is not None and _is_flat(record, dropped)
        ]
        self.rejected_count += len(lines) - len(records)
        names = dict.fromkeys(name for record in records for name in record if name not in dropped)
        return pa.RecordBatch.from_pydict({name: _texts(records, name) for name in names})


def _parse(chunk: bytes, schema: pa.Schema, dropped: frozenset[str]) -> pa.RecordBatch | None:
    """Parses lines at once; None when one is bad, or has values of other types than the first lines."""
    try:
        table = pajson.read_json(
            pa.BufferReader(chunk),
            pajson.ReadOptions(use_threads=False, block_size=len(chunk) + 1),
            pajson.ParseOptions(explicit_schema=schema),
        )
        table.validate(full=True)
    except pa.ArrowInvalid:
        return None
    table = table.drop_columns([name for name in table.column_names if name in dropped])
    objects = sum(1 for line in chunk.splitlines() if line.strip())
    # Two objects on one line are read as two rows, which would shift all places behind them.
    if table.num_rows != objects or not all(_is_known(column.type) for column in table.columns):
        return None
    return table.combine_chunks().to_batches()[0]


def _lines(file: io.BufferedReader) -> Iterator[bytes]:
    _skip_byte_order_mark(file)
    yield from file


def _chunks(file: io.BufferedReader) -> Iterator[bytes]:
    _skip_byte_order_mark(file)
    while chunk := file.read(BATCH_BYTES):
        whole = chunk + file.readline()
        if whole.strip():
            yield whole


def _skip_byte_order_mark(file: io.BufferedReader) -> None:
    if file.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
        file.seek(len(_BYTE_ORDER_MARK))


def _record(line: bytes) -> Record | None:
    try:
        record = json.loads(line, parse_constant=_refuse)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _is_flat(record: Record | None, dropped: frozenset[str]) -> bool:
    return record is not None and all(
        _is_plain(value) for name, value in record.items() if name not in dropped
    )


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return not isinstance(value, dict)


def _is_known(arrow_type: pa.DataType) -> bool:
    if pa.types.is_list(arrow_type):
        return bool(pa.types.is_string(arrow_type.value_type))
    return not pa.types.is_nested(arrow_type)


def _arrow_type(values: Sequence[object]) -> pa.DataType:
    """Returns the type a column is parsed as; lines with other values are read one by one."""
    if not all(map(_is_plain, values)):
        return pa.struct([])
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds and kinds <= {int, float}:
        return pa.float64()
    return pa.list_(pa.string()) if kinds == {list} else pa.string()


def _texts(records: Sequence[Record], name: str) -> pa.Array:
    return pa.array([_text(record.get(name)) for record in records], pa.string())


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return _OPTION_SEPARATOR.join(value)
    return json.dumps(value)
