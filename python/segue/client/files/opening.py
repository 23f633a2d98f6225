"""Chooses a reader by a file's name."""

from pathlib import Path

from segue.client.files.csv_source import CsvSource
from segue.client.files.ndjson_source import NdjsonSource
from segue.client.files.parquet_source import ParquetSource
from segue.client.files.problems import FileInvalid
from segue.client.files.source import RowSource


def open_file(path: Path, *, delimiter: str | None = None, encoding: str = "utf-8") -> RowSource:
    """Opens `.csv`, `.tsv`, `.txt`, `.ndjson`, `.jsonl`, `.json` and `.parquet` files.

    Args:
        path: The file.
        delimiter: Between cells of a CSV file; found from its header when None.
        encoding: Of a CSV file, as Python names it.

    Raises:
        FileInvalid: The ending is another, or the file's beginning is not of its format.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise FileInvalid(f"there is no file {path}")
    if ending in {".csv", ".tsv", ".txt"}:
        return CsvSource(path, delimiter, encoding)
    if ending in {".ndjson", ".jsonl", ".json"}:
        return NdjsonSource(path)
    if ending in {".parquet", ".pq"}:
        return ParquetSource(path)
    raise FileInvalid(
        f"{path} ends in {ending or 'nothing'}; give a .csv, .ndjson or .parquet file"
    )
