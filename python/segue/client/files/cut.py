"""How an input becomes the parts of an import: pieces that are cut at the same places every time."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from segue.client.files.source import Fault
from segue.v1.block_pb2 import BlockFormat
from segue.v1.error_reason_pb2 import ErrorReason
from segue.v1.profile_service_pb2 import RecordException

_REASON_PREFIX = "ERROR_REASON_"


@dataclass(frozen=True, slots=True)
class Piece:
    """What becomes one part.

    Attributes:
        data: A whole block.
        end: The position behind it, by which `Cut.pieces` goes on; ascending.
    """

    data: bytes = field(repr=False)
    end: int


@dataclass(frozen=True)
class Refusals:
    """What the server says of one record of a piece.

    Attributes:
        piece: Number of the piece in its input, from 0.
        record: Number of the record in it, from 1.
        problems: What is wrong with it.
    """

    piece: int
    record: int
    problems: tuple[RecordException, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """What in the record is wrong."""
        return tuple(problem.field_path for problem in self.problems)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, one for each of `fields`."""
        names = (ErrorReason.Name(problem.reason) for problem in self.problems)
        return tuple(name.removeprefix(_REASON_PREFIX) for name in names)

    @property
    def messages(self) -> tuple[str, ...]:
        """The same in words."""
        return tuple(problem.message for problem in self.problems)

    def fault(self, place: int, record: object) -> Fault:
        """Returns the same of a record whose place in the input is known."""
        return Fault(place, self.fields, self.reasons, self.messages, record)


class Cut(ABC):
    """One input on its way into an import.

    Attributes:
        block_format: Of all its pieces.
        rejected_count: Records found unreadable so far, that are in no piece.
    """

    block_format: BlockFormat.ValueType
    place_word: ClassVar[str] = "line"
    """What a place in this kind of input is called."""

    def __init__(self) -> None:
        """Begins before the first piece."""
        self.rejected_count = 0

    @abstractmethod
    def pieces(self, after: int = 0) -> Iterator[Piece]:
        """Yields the pieces whose `end` is above `after`: the same ones for the same bytes, however they are read.

        Raises:
            FileInvalid: The input is damaged, or not of its format from some place on.
        """

    @abstractmethod
    def position_bytes(self) -> int:
        """Returns how far the input, as it is stored, was read."""

    @abstractmethod
    def faults(self, refusals: Iterable[Refusals]) -> Iterator[Fault]:
        """Yields the records that were not imported, with their places, in order; reads the input again.

        Args:
            refusals: What the server refused, in order.
        """
