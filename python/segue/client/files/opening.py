"""Chooses a reader of rows by a file's format."""

from pathlib import Path
from typing import Final

from segue.client.files.arrow_source import ArrowSource
from segue.client.files.csv_source import CsvSource
from segue.client.files.formats import format_of
from segue.client.files.ndjson_source import NdjsonSource
from segue.client.files.parquet_source import ParquetSource
from segue.client.files.problems import FileInvalid
from segue.client.files.source import RowSource
from segue.v1.block_pb2 import BlockFormat

_LOOK_BYTES: Final = 4096


def open_file(
    path: Path,
    *,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    block_format: BlockFormat.ValueType | None = None,
) -> RowSource:
    """Opens CSV, NDJSON of flat objects, Parquet and Arrow files.

    Args:
        path: The file, not compressed.
        delimiter: Between cells of a CSV file; found from its header when None.
        encoding: Of a CSV file, as Python names it.
        block_format: Its format; told by its name or beginning when None.

    Raises:
        FileInvalid: The file's beginning is not of its format, or the format has no columns.
    """
    if not path.is_file():
        raise FileInvalid(f"there is no file {path}")
    if block_format is None:
        with path.open("rb") as file:
            block_format = format_of(path.name, file.read(_LOOK_BYTES))
    match block_format:
        case BlockFormat.BLOCK_FORMAT_CSV:
            return CsvSource(path, delimiter, encoding)
        case BlockFormat.BLOCK_FORMAT_NDJSON:
            return NdjsonSource(path)
        case BlockFormat.BLOCK_FORMAT_PARQUET:
            return ParquetSource(path)
        case BlockFormat.BLOCK_FORMAT_ARROW_IPC:
            return ArrowSource(path)
    raise FileInvalid(f"{path} has no columns to map; it is sent as it is, or not at all")
