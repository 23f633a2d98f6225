"""A file of customers, whatever its format: batches of good records, and where the others stand."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa

from segue.client.files.problems import FileInvalid

SAMPLE_ROWS: Final = 10_000
"""Rows that types are inferred from."""
BATCH_BYTES: Final = 1024 * 1024
"""Bytes of a file that become one block: about as many bytes again as an Arrow stream."""


@dataclass(frozen=True)
class Refusal:
    """What the server says of one row.

    Attributes:
        row: Its position among the rows sent, from 0.
        fields: What in it is wrong.
        reasons: Why, one for each of `fields`.
        messages: The same in words.
    """

    row: int
    fields: tuple[str, ...]
    reasons: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """A record that was not imported.

    Attributes:
        place: Its line in a text file, or its row in a Parquet file, from 1.
        fields: Columns that are wrong; empty when the record as a whole is.
        reasons: Why, in words of `segue.v1.ErrorReason`.
        messages: The same in words.
        record: The record as its file has it.
    """

    place: int
    fields: tuple[str, ...]
    reasons: tuple[str, ...]
    messages: tuple[str, ...]
    record: object = field(repr=False)


class RowSource(ABC):
    """A file that can be read twice: once for its rows, and again to find the places of bad ones.

    Attributes:
        path: Where it is.
        columns: Names of its columns in order.
        size_bytes: Size of the file.
        rejected_count: Records found unreadable so far, that are not among the batches.
    """

    place_word: ClassVar[str] = "line"
    """What a place in this kind of file is called."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Takes what a look at the file's beginning told."""
        self.path = path
        self.columns = tuple(columns)
        self.size_bytes = path.stat().st_size
        self.rejected_count = 0

    @abstractmethod
    def sample(self) -> pa.Table:
        """Returns the first rows, some ten thousand at most, with all columns."""

    def batches(self, columns: Sequence[str]) -> Generator[pa.RecordBatch, None, None]:
        """Yields the good rows, about a megabyte at a time, in constant memory.

        Args:
            columns: Which columns to read.

        Raises:
            FileInvalid: The file is damaged, or not of its format from some place on.
        """
        self.rejected_count = 0
        try:
            yield from self._batches(columns)
        except (pa.ArrowException, OSError, UnicodeError) as error:
            raise FileInvalid(f"{self.path} cannot be read any further: {error}") from error

    @abstractmethod
    def _batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields the good rows; whatever the reader raises goes through."""

    @abstractmethod
    def position_bytes(self) -> int:
        """Returns how far `batches` has come."""

    @abstractmethod
    def faults(self, columns: Sequence[str], refusals: Iterator[Refusal]) -> Iterator[Fault]:
        """Yields the records that were not imported, in order, with their places.

        Args:
            columns: Those given to `batches`.
            refusals: What the server refused of the rows of `batches`, ascending.
        """
