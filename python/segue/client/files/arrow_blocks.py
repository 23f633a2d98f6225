"""Turns batches of a file's rows into blocks of an import, and remembers which rows went into which."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from segue.client.files.mapping import Target
from segue.v1.field_pb2 import FieldType

_LONGEST_BLOCK_BYTES: Final = 4 * 1024 * 1024
_TYPED_AS_IS: Final = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_date32,
    pa.types.is_null,
)


class ArrowBlocks:
    """A file's blocks, made as they are pulled."""

    def __init__(self, batches: Iterable[pa.RecordBatch], targets: Mapping[str, Target]) -> None:
        """Takes a file's batches and what its columns become."""
        self._batches = batches
        self._targets = targets
        self._first_rows: list[int] = []
        self.row_count = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yields each batch as a whole Arrow IPC stream; one that is too large is halved."""
        for batch in self._batches:
            yield from self._encode(self._renamed(batch))

    def first_row(self, block: int) -> int:
        """Returns the row, from 0, that a block that was pulled begins with; blocks count from 0."""
        return self._first_rows[block]

    def _renamed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        names = []
        columns = []
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            target = self._targets.get(name)
            names.append(target.name if target else name)
            columns.append(_sendable(column, target.type if target else None))
        return pa.RecordBatch.from_arrays(columns, names)

    def _encode(self, batch: pa.RecordBatch) -> Iterator[bytes]:
        if batch.num_rows == 0:
            return
        if batch.num_rows > 1 and batch.get_total_buffer_size() > _LONGEST_BLOCK_BYTES:
            half = batch.num_rows // 2
            yield from self._encode(batch.slice(0, half))
            yield from self._encode(batch.slice(half))
            return
        self._first_rows.append(self.row_count)
        self.row_count += batch.num_rows
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        yield sink.getvalue().to_pybytes()


def _sendable(column: pa.Array, field_type: FieldType.ValueType | None) -> pa.Array:
    """Brings a column to one of the types the server reads."""
    arrow_type = column.type
    if pa.types.is_string(arrow_type):
        return column
    if pa.types.is_timestamp(arrow_type):
        return _in_utc_millis(column)
    if pa.types.is_list(arrow_type) and pa.types.is_struct(arrow_type.value_type):
        return column
    if pa.types.is_list(arrow_type):
        return pc.binary_join(column.cast(pa.list_(pa.string())), ";")
    if field_type == FieldType.FIELD_TYPE_TEXT or not _is_typed(arrow_type):
        return column.cast(pa.string())
    return column


def _in_utc_millis(column: pa.Array) -> pa.Array:
    zoned = column if column.type.tz else pc.assume_timezone(column, "UTC")
    return zoned.cast(pa.timestamp("ms", tz="UTC"), safe=False)


def _is_typed(arrow_type: pa.DataType) -> bool:
    return any(is_type(arrow_type) for is_type in _TYPED_AS_IS)
