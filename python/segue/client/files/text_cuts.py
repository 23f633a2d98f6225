"""Cuts CSV and NDJSON that the server reads as they are: at ends of records, into blocks of about a megabyte."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from segue.client.files.csv_records import first_end, last_end, record_spans
from segue.client.files.cut import Piece, Refusals
from segue.client.files.input_stream import InputStream
from segue.client.files.problems import FileInvalid
from segue.client.files.source import Fault
from segue.client.files.stream_cut import LONGEST_BLOCK_BYTES, StreamCut
from segue.v1.block_pb2 import BlockFormat

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class TextCut(StreamCut):
    """Text whose records end at line ends. A position is a number of bytes, decompressed."""

    def pieces(self, after: int = 0) -> Iterator[Piece]:
        """Yields blocks, each beginning with what the input's beginning says of all records."""
        self._stream = stream = self._input.stream()
        head, start = self._head(stream)
        end = max(after, start)
        stream.skip(end)
        for block in self._blocks(stream):
            end += len(block)
            yield Piece(head + block, end)
        stream.close()

    def faults(self, refusals: Iterable[Refusals]) -> Iterator[Fault]:
        """Yields the records refused, as bytes; reads the input up to the last of them."""
        stream = self._input.stream()
        _, start = self._head(stream)
        line = stream.look(start).count(b"\n") + 1
        stream.skip(start)
        blocks = enumerate(self._blocks(stream))
        number, block = -1, b""
        for piece, found in groupby(refusals, key=lambda refusal: refusal.piece):
            while number < piece:
                line += block.count(b"\n")
                number, block = next(blocks)
            yield from self._faults_of(block, line, found)
        stream.close()

    def _faults_of(self, block: bytes, line: int, refusals: Iterable[Refusals]) -> Iterator[Fault]:
        spans = enumerate(self._records(block), start=1)
        counted = 0
        for refusal in refusals:
            for number, (start, end) in spans:
                if number == refusal.record:
                    line += block.count(b"\n", counted, start)
                    counted = start
                    yield refusal.fault(line, block[start:end])
                    break

    def _blocks(self, stream: InputStream) -> Iterator[bytes]:
        rest = b""
        while True:
            size = self._block_bytes
            data = rest + stream.read(max(0, size - len(rest)))
            while (end := self._last_end(data)) == 0 and len(data) >= size:
                if size >= LONGEST_BLOCK_BYTES:
                    raise FileInvalid(
                        f"{self._input.name} has a record of more than {size >> 20} MiB; {self._too_long}"
                    )
                size *= 4
                data += stream.read(size - len(data))
            if len(data) < size:
                break
            yield data[:end]
            rest = data[end:]
        if data:
            yield data

    @abstractmethod
    def _head(self, stream: InputStream) -> tuple[bytes, int]:
        """Returns what every block begins with, and where the first record does."""

    @abstractmethod
    def _last_end(self, data: bytes) -> int:
        """Returns the position behind the last record that ends in some bytes; 0 without one."""

    @abstractmethod
    def _records(self, block: bytes) -> Iterator[tuple[int, int]]:
        """Yields where the records of a block begin and end, as the server counts them."""

    _too_long: str


class NdjsonCut(TextCut):
    """NDJSON as exports write it."""

    block_format = BlockFormat.BLOCK_FORMAT_NDJSON
    _too_long = "NDJSON has an object a line"

    def _head(self, stream: InputStream) -> tuple[bytes, int]:
        return b"", _mark_bytes(stream)

    def _last_end(self, data: bytes) -> int:
        return data.rfind(b"\n") + 1

    def _records(self, block: bytes) -> Iterator[tuple[int, int]]:
        start = 0
        for line in block.split(b"\n"):
            if line.strip():
                yield start, start + len(line)
            start += len(line) + 1


class CsvCut(TextCut):
    """CSV with commas in UTF-8; every block has the header."""

    block_format = BlockFormat.BLOCK_FORMAT_CSV
    _too_long = "a quote is probably not closed"

    def _head(self, stream: InputStream) -> tuple[bytes, int]:
        mark = _mark_bytes(stream)
        beginning = stream.look()
        end = first_end(beginning[mark:]) + mark
        head = beginning[mark:end]
        return (head if head.endswith(b"\n") else head + b"\n"), end

    def _last_end(self, data: bytes) -> int:
        return last_end(data)

    def _records(self, block: bytes) -> Iterator[tuple[int, int]]:
        return record_spans(block)


def _mark_bytes(stream: InputStream) -> int:
    has_mark = stream.look(len(_BYTE_ORDER_MARK)) == _BYTE_ORDER_MARK
    return len(_BYTE_ORDER_MARK) if has_mark else 0
