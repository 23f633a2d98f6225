"""Arrow IPC files and streams with flat columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from segue.client.files.columnar_source import ColumnarSource
from segue.client.files.problems import FileInvalid

_FILE_MAGIC: Final = b"ARROW1"


class ArrowSource(ColumnarSource):
    """An Arrow IPC file (Feather 2) or stream, which is read from front to back."""

    def __init__(self, path: Path) -> None:
        """Reads the schema.

        Raises:
            FileInvalid: It is neither, or a damaged one.
        """
        try:
            with pa.OSFile(str(path)) as file:
                schema = _reader(file).schema
        except (pa.ArrowInvalid, OSError) as error:
            raise FileInvalid(f"{path} is not an Arrow IPC file or stream: {error}") from error
        super().__init__(path, schema)
        self._position = 0

    def position_bytes(self) -> int:
        """Returns how many bytes were read."""
        return self._position

    def _read(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(self.path)) as file:
            for batch in _batches(_reader(file)):
                self._position = file.tell()
                chosen = batch.select(list(columns))
                for first in range(0, batch.num_rows, rows):
                    yield chosen.slice(first, rows)


def _reader(file: pa.OSFile) -> Any:  # noqa: ANN401  # of a file or a stream
    is_file = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
    file.seek(0)
    return pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:  # noqa: ANN401
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        yield from map(reader.get_batch, range(reader.num_record_batches))
    else:
        yield from reader
