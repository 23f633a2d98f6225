"""Parquet files with flat columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq

from segue.client.files.problems import FileInvalid
from segue.client.files.source import SAMPLE_ROWS, Fault, Refusal, RowSource

_BATCH_ROWS: Final = 6_000


class ParquetSource(RowSource):
    """A Parquet file; places in it are rows."""

    place_word: ClassVar[str] = "row"

    def __init__(self, path: Path) -> None:
        """Reads the file's footer.

        Raises:
            FileInvalid: It is no Parquet file, or a damaged one.
        """
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise FileInvalid(f"{path} is not a Parquet file: {error}") from error
        self.schema = self._file.schema_arrow
        self._row_count: int = self._file.metadata.num_rows
        super().__init__(path, self.schema.names)
        self._rows_read = 0

    def sample(self) -> pa.Table:
        """Returns the first rows in the file's own types."""
        batches = self._file.iter_batches(SAMPLE_ROWS)
        first = next(batches, None)
        return pa.Table.from_batches([first] if first else [], self.schema)

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields all rows."""
        self._rows_read = 0
        for batch in self._file.iter_batches(_BATCH_ROWS, columns=list(columns)):
            self._rows_read += batch.num_rows
            yield batch

    def position_bytes(self) -> int:
        """Returns the part of the file that the rows read make up."""
        return self.size_bytes * self._rows_read // max(1, self._row_count)

    def faults(self, columns: Sequence[str], refusals: Iterator[Refusal]) -> Iterator[Fault]:
        """Reads the file again and picks the rows refused."""
        del columns
        pending = next(refusals, None)
        first = 0
        for batch in self._file.iter_batches(_BATCH_ROWS):
            while pending and pending.row < first + batch.num_rows:
                record = batch.slice(pending.row - first, 1)
                yield Fault(
                    pending.row + 1, pending.fields, pending.reasons, pending.messages, record
                )
                pending = next(refusals, None)
            if pending is None:
                return
            first += batch.num_rows
