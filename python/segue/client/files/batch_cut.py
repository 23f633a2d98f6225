"""Cuts a serialized `ProfileBatch`, as exports write it, between profiles."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from segue.client.files.cut import Piece, Refusals
from segue.client.files.input_stream import InputStream
from segue.client.files.problems import FileInvalid
from segue.client.files.source import Fault
from segue.client.files.stream_cut import LONGEST_BLOCK_BYTES, StreamCut
from segue.v1.block_pb2 import BlockFormat

_KEY: Final = 0x0A
_PROFILE: Final = 0x12
_EXCEPTION: Final = 0x1A
_MOST_LENGTH_BYTES: Final = 5


class BatchCut(StreamCut):
    """A `ProfileBatch`; field keys stand before the profiles that count them. A position is a number of profiles."""

    block_format = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH
    place_word: ClassVar[str] = "profile"

    def pieces(self, after: int = 0) -> Iterator[Piece]:
        """Yields batches of whole profiles, each with all field keys so far."""
        for piece, _ in self._pieces():
            if piece.end > after:
                yield piece

    def faults(self, refusals: Iterable[Refusals]) -> Iterator[Fault]:
        """Yields the profiles refused by their numbers, without their bytes; reads the input up to the last of them."""
        pieces = enumerate(self._pieces())
        number, first = -1, 0
        for refusal in refusals:
            while number < refusal.piece:
                number, (_, first) = next(pieces)
            yield refusal.fault(first + refusal.record, None)

    def _pieces(self) -> Iterator[tuple[Piece, int]]:
        """Yields pieces, and how many profiles there were before each."""
        self._stream = stream = self._input.stream()
        keys, profiles = bytearray(), bytearray()
        first = count = 0
        for tag, field in self._fields(stream):
            if tag == _KEY:
                keys += field
            elif tag == _PROFILE:
                if profiles and len(profiles) + len(field) > self._block_bytes:
                    yield Piece(bytes(keys + profiles), count), first
                    profiles, first = bytearray(), count
                profiles += field
                count += 1
        if profiles:
            yield Piece(bytes(keys + profiles), count), first
        stream.close()

    def _fields(self, stream: InputStream) -> Iterator[tuple[int, bytes]]:
        """Yields tag and bytes, tag and length included, of each field of the batch."""
        data, at = b"", 0
        while True:
            size, length = _sizes(data, at)
            if size < 0 or at + size + length > len(data):
                more = stream.read(max(self._block_bytes, size + length - (len(data) - at)))
                if not more and at == len(data):
                    return
                if not more or length > LONGEST_BLOCK_BYTES:
                    raise self._invalid("ends within a profile" if not more else "is damaged")
                data, at = data[at:] + more, 0
                continue
            tag = data[at]
            if tag not in {_KEY, _PROFILE, _EXCEPTION}:
                raise self._invalid("has something else than profiles")
            yield tag, data[at : at + size + length]
            at += size + length

    def _invalid(self, problem: str) -> FileInvalid:
        return FileInvalid(f"{self._input.name} is no ProfileBatch: it {problem}")


def _sizes(data: bytes, at: int) -> tuple[int, int]:
    """Returns the bytes of a field's tag and length, and the length; -1 bytes when they are not all there."""
    length = 0
    for position, byte in enumerate(data[at + 1 : at + 1 + _MOST_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:  # noqa: PLR2004  # the last byte of a varint has no continuation bit
            return position + 2, length
    return -1, LONGEST_BLOCK_BYTES + 1 if len(data) - at > _MOST_LENGTH_BYTES else 0
