"""Parquet files with flat columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from segue.client.files.columnar_source import ColumnarSource
from segue.client.files.problems import FileInvalid


class ParquetSource(ColumnarSource):
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        """Reads the file's footer.

        Raises:
            FileInvalid: It is no Parquet file, or a damaged one.
        """
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise FileInvalid(f"{path} is not a Parquet file: {error}") from error
        super().__init__(path, self._file.schema_arrow)
        self._row_count: int = self._file.metadata.num_rows
        self._rows_read = 0

    def position_bytes(self) -> int:
        """Returns the part of the file that the rows read make up."""
        return self.size_bytes * self._rows_read // max(1, self._row_count)

    def _read(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        self._rows_read = 0
        for batch in self._file.iter_batches(rows, columns=list(columns)):
            self._rows_read += batch.num_rows
            yield batch
