"""CSV files: RFC 4180, any of the usual delimiters, a header line.

Every column is read as text, which the server reads as the field's type. An empty cell is an absent value: it keeps what is stored.
"""

import codecs
import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import pyarrow as pa
import pyarrow.csv as pacsv

from segue.client.files.problems import FileInvalid
from segue.client.files.source import (
    BATCH_BYTES,
    SAMPLE_ROWS,
    Fault,
    Refusal,
    RowSource,
)

DELIMITERS: Final = ",;\t|"
_NOT_TEXT: Final = "not UTF-8 text; give the encoding it has, for instance --encoding cp1252"


class CsvSource(RowSource):
    """A CSV file with a header."""

    def __init__(self, path: Path, delimiter: str | None = None, encoding: str = "utf-8") -> None:
        """Reads the header.

        Args:
            path: The file.
            delimiter: Between cells; found from the header when None.
            encoding: As Python names it; a byte order mark is skipped.

        Raises:
            FileInvalid: There is no header, it has a name twice, or is not in the encoding.
        """
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise FileInvalid(f"there is no encoding {encoding}; cp1252 is a common one") from error
        self.path = path
        self._encoding = "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding
        self.delimiter = delimiter or self._find_delimiter()
        header, self._header_lines = self._read_header()
        super().__init__(path, header)
        self._position = 0

    @property
    def is_servers_own(self) -> bool:
        """Whether the server reads such a file as it is: commas, UTF-8, and names that stand in the header as they are."""
        with self._open_text() as file:
            header = next(csv.reader(file, delimiter=self.delimiter), [])
        is_plain = self.delimiter == "," and self._encoding == "utf-8-sig"
        return is_plain and tuple(header) == self.columns

    def sample(self) -> pa.Table:
        """Returns the first rows as text."""
        rows: list[pa.RecordBatch] = []
        with closing(self.batches(self.columns)) as batches:
            for batch in batches:
                rows.append(batch)
                if sum(batch.num_rows for batch in rows) >= SAMPLE_ROWS:
                    break
        schema = pa.schema([(name, pa.string()) for name in self.columns])
        return pa.Table.from_batches(rows, schema).slice(0, SAMPLE_ROWS)

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields the rows that have a cell for each column and are text."""
        with self.path.open("rb") as file:
            for batch in self._reader(columns, file):
                self._position = file.tell()
                yield self._text_only(batch)

    def position_bytes(self) -> int:
        """Returns how many bytes were read."""
        return self._position

    def faults(self, columns: Sequence[str], refusals: Iterator[Refusal]) -> Iterator[Fault]:
        """Reads the file again, cell by cell, to number its lines; cells may hold line breaks."""
        used = [self.columns.index(column) for column in columns]
        pending = next(refusals, None)
        rejected_left = self.rejected_count
        row = 0
        for line, cells in self._records():
            problem = self._problem(cells, used)
            if problem:
                rejected_left -= 1
                yield Fault(line, (), ("RECORD_INVALID",), (problem,), cells)
            elif pending and pending.row == row:
                yield Fault(line, pending.fields, pending.reasons, pending.messages, cells)
                pending = next(refusals, None)
            if pending is None and rejected_left == 0:
                return
            row += not problem

    def _open_text(self) -> TextIO:
        """Opens the file as text; bytes that are not become lone surrogates, to be found later."""
        return self.path.open(encoding=self._encoding, errors="surrogateescape", newline="")

    def _find_delimiter(self) -> str:
        with self._open_text() as file:
            line = file.readline()
        return max(DELIMITERS, key=line.count)

    def _read_header(self) -> tuple[list[str], int]:
        with self._open_text() as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            header = next((cells for cells in reader if cells), None)
            lines = reader.line_num
        if header is None:
            raise FileInvalid(f"{self.path} is empty; it needs a header line")
        if not all(map(_is_encodable, header)):
            raise FileInvalid(f"the header of {self.path} is {_NOT_TEXT}")
        names = [cell.strip() or f"column {n}" for n, cell in enumerate(header, start=1)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FileInvalid(f"{self.path} has columns twice: {', '.join(twice)}; rename them")
        return names, lines

    def _reader(self, columns: Sequence[str], file: BinaryIO) -> pacsv.CSVStreamingReader:
        return pacsv.open_csv(
            file,
            pacsv.ReadOptions(
                block_size=BATCH_BYTES,
                column_names=self.columns,
                skip_rows=self._header_lines,
                encoding="utf8" if self._encoding == "utf-8-sig" else self._encoding,
            ),
            pacsv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                invalid_row_handler=self._skip,
            ),
            pacsv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=columns,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )

    def _skip(self, _: pacsv.InvalidRow) -> str:
        self.rejected_count += 1
        return "skip"

    def _text_only(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Leaves out rows that are not UTF-8; checking whole columns first costs next to nothing."""
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid:
            cells = zip(
                *(column.cast(pa.binary()).to_pylist() for column in batch.columns), strict=True
            )
            good = pa.array([all(map(_is_text, row)) for row in cells], pa.bool_())
            self.rejected_count += batch.num_rows - good.true_count
            return batch.filter(good)
        return batch

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yields each record with the line it begins on; what is not text comes as lone surrogates."""
        csv.field_size_limit(sys.maxsize)
        with self._open_text() as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            line = 1
            for cells in reader:
                if cells and line > self._header_lines:
                    yield line, cells
                line = reader.line_num + 1

    def _problem(self, cells: list[str], used: Sequence[int]) -> str | None:
        if len(cells) != len(self.columns):
            return f"{len(cells)} cells; the header has {len(self.columns)}"
        if any(not _is_encodable(cells[index]) for index in used):
            return _NOT_TEXT
        return None


def _is_text(cell: bytes | None) -> bool:
    try:
        return cell is None or bool(cell.decode() or True)
    except UnicodeDecodeError:
        return False


def _is_encodable(cell: str) -> bool:
    try:
        return cell.isascii() or bool(cell.encode())
    except UnicodeEncodeError:
        return False
