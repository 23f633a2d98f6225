"""Files of columns with types: Parquet and Arrow IPC. Places in them are rows."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa

from segue.client.files.source import SAMPLE_ROWS, Fault, Refusal, RowSource

BATCH_ROWS: Final = 6_000


class ColumnarSource(RowSource):
    """A file that is read in batches of rows.

    Attributes:
        schema: Columns with their types.
    """

    place_word: ClassVar[str] = "row"

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Takes the file and its schema."""
        super().__init__(path, schema.names)
        self.schema = schema

    def sample(self) -> pa.Table:
        """Returns the first rows in the file's own types."""
        first = next(self._read(self.columns, SAMPLE_ROWS), None)
        return pa.Table.from_batches([first] if first else [], self.schema)

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields all rows."""
        return self._read(columns, BATCH_ROWS)

    def faults(self, columns: Sequence[str], refusals: Iterator[Refusal]) -> Iterator[Fault]:
        """Reads the file again and picks the rows refused."""
        del columns
        pending = next(refusals, None)
        first = 0
        for batch in self._read(self.columns, BATCH_ROWS):
            while pending and pending.row < first + batch.num_rows:
                record = batch.slice(pending.row - first, 1)
                yield Fault(
                    pending.row + 1, pending.fields, pending.reasons, pending.messages, record
                )
                pending = next(refusals, None)
            if pending is None:
                return
            first += batch.num_rows

    @abstractmethod
    def _read(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yields all rows of some columns, so many at a time at most."""
