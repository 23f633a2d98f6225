"""A file of customers, whatever its format: batches of good records, and where the others stand."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

import pyarrow as pa

SAMPLE_ROWS: Final = 10_000
"""Rows that types are inferred from."""
BATCH_BYTES: Final = 1024 * 1024
"""Bytes of a file that become one block: about as many bytes again as an Arrow stream."""


class FileInvalid(ValueError):
    """A file cannot be read at all; says why, and what to do."""


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
        columns: Names of its columns in order.
        size_bytes: Size of the file.
        rejected_count: Records found unreadable so far, that are not among the batches.
    """

    place_word: ClassVar[str] = "line"
    """What a place in this kind of file is called."""

    def __init__(self, columns: Sequence[str], size_bytes: int) -> None:
        """Takes what a look at the file's beginning told."""
        self.columns = tuple(columns)
        self.size_bytes = size_bytes
        self.rejected_count = 0

    @abstractmethod
    def sample(self) -> pa.Table:
        """Returns the first rows, some ten thousand at most, with all columns."""

    @abstractmethod
    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields the good rows, about a megabyte at a time, in constant memory.

        Args:
            columns: Which columns to read.
        """

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
