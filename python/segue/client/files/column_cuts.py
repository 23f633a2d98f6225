"""Cuts that read a file's columns: what has to be converted, and Parquet that is small enough to go as it is."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from segue.client.files.arrow_blocks import ArrowBlocks
from segue.client.files.cut import Cut, Piece, Refusals
from segue.client.files.mapping import ColumnMapping
from segue.client.files.parquet_source import ParquetSource
from segue.client.files.source import Fault, Refusal, RowSource
from segue.v1.block_pb2 import BlockFormat

WHOLE_PARQUET_BYTES: Final = 4 * 1024 * 1024
"""Up to here a Parquet file is one part; beyond, its rows are sent as Arrow."""


class MappedCut(Cut):
    """A file whose columns become others, or other types: rows are sent as Arrow. A position is a number of blocks.

    Attributes:
        source: The file.
        mapping: What its columns become.
    """

    block_format = BlockFormat.BLOCK_FORMAT_ARROW_IPC

    def __init__(self, source: RowSource, mapping: ColumnMapping) -> None:
        """Takes a file and the meaning of its columns."""
        super().__init__()
        self.source = source
        self.mapping = mapping
        self.place_word = source.place_word  # type: ignore[misc]  # its file's own
        self._blocks = self._new_blocks()
        self._is_read = False

    def pieces(self, after: int = 0) -> Iterator[Piece]:
        """Yields blocks of about a megabyte; those before are made too, to count what cannot be read."""
        self._blocks = self._new_blocks()
        for number, block in enumerate(self._blocks, start=1):
            self.rejected_count = self.source.rejected_count
            if number > after:
                yield Piece(block, number)
        self.rejected_count = self.source.rejected_count
        self._is_read = True

    def position_bytes(self) -> int:
        """Returns how far the file was read."""
        return self.source.position_bytes()

    def faults(self, refusals: Iterable[Refusals]) -> Iterator[Fault]:
        """Yields what was not imported, by lines or rows and columns of the file; reads it again."""
        if not self._is_read:
            for _ in self.pieces():
                pass
        rows = (self._refusal(each) for each in refusals)
        for fault in self.source.faults(self._columns, rows):
            columns = tuple(self.mapping.column_of(name) for name in fault.fields)
            yield Fault(fault.place, columns, fault.reasons, fault.messages, fault.record)

    @property
    def _columns(self) -> Sequence[str]:
        return list(self.mapping.targets)

    def _new_blocks(self) -> ArrowBlocks:
        return ArrowBlocks(self.source.batches(self._columns), self.mapping.targets)

    def _refusal(self, found: Refusals) -> Refusal:
        row = self._blocks.first_row(found.piece) + found.record - 1
        return Refusal(row, found.fields, found.reasons, found.messages)


class WholeParquetCut(Cut):
    """A Parquet file that is one part as it is."""

    block_format = BlockFormat.BLOCK_FORMAT_PARQUET
    place_word = "row"

    def __init__(self, source: ParquetSource) -> None:
        """Takes a file whose columns the server knows."""
        super().__init__()
        self._source = source
        self._position = 0

    def pieces(self, after: int = 0) -> Iterator[Piece]:
        """Yields the file."""
        data = self._source.path.read_bytes()
        self._position = len(data)
        if after < len(data):
            yield Piece(data, len(data))

    def position_bytes(self) -> int:
        """Returns the file's size once it was read."""
        return self._position

    def faults(self, refusals: Iterable[Refusals]) -> Iterator[Fault]:
        """Yields the rows refused."""
        rows = (
            Refusal(each.record - 1, each.fields, each.reasons, each.messages) for each in refusals
        )
        return self._source.faults(self._source.columns, rows)
