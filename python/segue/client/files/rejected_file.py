"""Writes records that the server rejected, as it tells them: in the format they were sent in, each with its problems."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from segue.client.files.csv_records import first_end
from segue.client.rejects import RejectedRecords
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import FieldValue, ProfileBatch


def write_rejected(blocks: Iterable[RejectedRecords], path: Path) -> list[tuple[Path, int]]:
    """Writes blocks to a file, and to further ones where format or columns change: `bad.csv`, `bad-2.csv`.

    Returns:
        Each file with its number of records; none when there was no block.
    """
    written: list[tuple[Path, int]] = []
    writer: _Writer | None = None
    try:
        for block in blocks:
            if writer is None or not writer.takes(block):
                if writer:
                    writer.close()
                suffix = f"-{len(written) + 1}" if written else ""
                target = path.with_name(f"{path.stem}{suffix}{path.suffix}")
                written.append((target, 0))
                writer = _WRITERS[block.block_format](target, block)
            writer.write(block.data)
            target, count = written[-1]
            written[-1] = (target, count + block.record_count)
    finally:
        if writer:
            writer.close()
    return written


class _Writer(ABC):
    def __init__(self, path: Path, first: RejectedRecords) -> None:
        self._format = first.block_format
        self._shape = self._shape_of(first.data)
        self._open(path, first.data)

    def takes(self, block: RejectedRecords) -> bool:
        return block.block_format == self._format and self._shape_of(block.data) == self._shape

    def _shape_of(self, data: bytes) -> object:
        """Returns what blocks of one file have in common."""
        del data
        return None

    @abstractmethod
    def _open(self, path: Path, data: bytes) -> None: ...

    @abstractmethod
    def write(self, data: bytes) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class _BytesWriter(_Writer):
    """Blocks one behind the other."""

    def _open(self, path: Path, data: bytes) -> None:
        del data
        self._file = path.open("wb")

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        self._file.close()


class _CsvWriter(_BytesWriter):
    """Blocks of one header, which stands once."""

    def _shape_of(self, data: bytes) -> object:
        return data[: first_end(data)]

    def write(self, data: bytes) -> None:
        self._file.write(data[first_end(data) if self._file.tell() else 0 :])


class _BatchWriter(_BytesWriter):
    """Batches whose values have the keys that they counted, so that they can be one."""

    def write(self, data: bytes) -> None:
        batch = ProfileBatch.FromString(data)
        keys = list(batch.field_keys)
        batch.ClearField("field_keys")
        for profile in batch.profiles:
            _spell(profile.fields, keys)
            for membership in profile.memberships:
                _spell(membership.fields, keys)
        super().write(batch.SerializeToString())


class _ArrowWriter(_Writer):
    """Record batches of one schema."""

    def _shape_of(self, data: bytes) -> object:
        return self._table(data).schema

    def _open(self, path: Path, data: bytes) -> None:
        self._writer: Any = pa.ipc.new_stream(str(path), self._table(data).schema)

    def write(self, data: bytes) -> None:
        self._writer.write_table(self._table(data))

    def close(self) -> None:
        self._writer.close()

    def _table(self, data: bytes) -> pa.Table:
        return pa.ipc.open_stream(data).read_all()


class _ParquetWriter(_ArrowWriter):
    def _open(self, path: Path, data: bytes) -> None:
        self._writer = pq.ParquetWriter(path, self._table(data).schema)

    def _table(self, data: bytes) -> pa.Table:
        return pq.read_table(pa.BufferReader(data))


def _spell(values: Iterable[FieldValue], keys: list[str]) -> None:
    for value in values:
        if value.key_index:
            value.key, value.key_index = keys[value.key_index - 1], 0


_WRITERS: Final[dict[BlockFormat.ValueType, type[_Writer]]] = {
    BlockFormat.BLOCK_FORMAT_CSV: _CsvWriter,
    BlockFormat.BLOCK_FORMAT_NDJSON: _BytesWriter,
    BlockFormat.BLOCK_FORMAT_PROFILE_BATCH: _BatchWriter,
    BlockFormat.BLOCK_FORMAT_ARROW_IPC: _ArrowWriter,
    BlockFormat.BLOCK_FORMAT_PARQUET: _ParquetWriter,
}
