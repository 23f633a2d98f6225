"""Brings inputs into an import: cuts them into parts, remembers how far it came, and finds the places of bad records."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType
from typing import Final, Self

import pyarrow as pa

from segue.client.errors import AlreadyExists
from segue.client.files.column_cuts import MappedCut
from segue.client.files.cut import Cut, Refusals
from segue.client.files.inputs import Input
from segue.client.files.mapping import NewField
from segue.client.files.planning import FileOptions, Planner
from segue.client.files.source import Fault
from segue.client.staging import ImportProgress, Part
from segue.client.sync.client import AccountClient
from segue.client.sync.imports import Import
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.field_pb2 import Field
from segue.v1.profile_service_pb2 import RecordException

_CODECS: Final = {
    Compression.COMPRESSION_GZIP: "gzip",
    Compression.COMPRESSION_ZSTD: "zstd",
}


@dataclass(frozen=True)
class Position:
    """Behind which part an import stands.

    Attributes:
        part: Number of the next part, from 1.
        file: Number of the input it comes from, from 0.
        offset: Where in that input it begins, as the input's cut counts.
    """

    part: int = 1
    file: int = 0
    offset: int = 0


@dataclass
class StagedInput:
    """What became of one input.

    Attributes:
        first_part: Number of its first part.
        rejected_count: Records of it that could not be read and were not sent.
    """

    first_part: int
    rejected_count: int = 0


@dataclass(frozen=True)
class FoundFault:
    """A record that was not imported.

    Attributes:
        source: The input it is from.
        place_word: What a place in it is called.
        place: Where in it.
        fault: What is wrong with it.
    """

    source: Input
    place_word: str
    place: str
    fault: Fault


OnBytes = Callable[[int, ImportProgress], None]


class FilesImport:
    """Inputs on their way into an account, in order; to be used in a `with` block.

    Attributes:
        inputs: What is imported.
        staged: What became of the inputs so far, those under way included.
        new_fields: Keys of the fields that were created.
        position: Up to where everything is durable.
    """

    def __init__(
        self,
        account: AccountClient,
        inputs: Sequence[Input],
        options: FileOptions,
        *,
        list_id: str | None = None,
        compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED,
    ) -> None:
        """Reads nothing yet.

        Args:
            account: Where to.
            inputs: In order of their records' precedence: the last of several records of one profile wins.
            options: How they are read.
            list_id: The list every record joins.
            compression: How parts travel; Parquet is compressed within and goes as it is.
        """
        self.inputs = inputs
        self.staged: list[StagedInput] = []
        self.new_fields: list[str] = []
        self.position = Position()
        self._account = account
        self._list_id = list_id
        self._compression = compression
        self._planner = Planner(options, self._fields, self._create_field)
        self._cuts: dict[int, Cut] = {}
        self._ends: dict[int, Position] = {}
        self._passed_bytes = 0

    def __enter__(self) -> Self:
        """Returns the import."""
        self._planner.__enter__()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Deletes temporary copies."""
        self._planner.__exit__(error_type, error, traceback)

    @property
    def rejected_count(self) -> int:
        """Records that could not be read and were not sent."""
        return sum(each.rejected_count for each in self.staged)

    @property
    def size_bytes(self) -> int | None:
        """Bytes of all inputs; None when nobody knows."""
        sizes = [each.size_bytes for each in self.inputs]
        return None if None in sizes else sum(size or 0 for size in sizes)

    def resume(self, position: Position, staged: Iterable[StagedInput]) -> None:
        """Goes on where an earlier process came to, with the same inputs and options."""
        self.position = position
        self.staged = list(staged)[: position.file + 1]

    def stage(self, opened: Import, on_bytes: OnBytes | None = None) -> ImportProgress:
        """Sends what is not durable yet, and returns when all of it is.

        Args:
            opened: The import that takes the parts.
            on_bytes: Told bytes of the inputs read and progress of this call, after each stream of parts acknowledged.

        Raises:
            FileInvalid: An input cannot be read.
            MappingInvalid: Columns of one mean nothing, or the same.
            ClientError: The server refused a part, or stayed away.
        """

        def report(progress: ImportProgress) -> None:
            self.position = self._ends.pop(progress.last_part)
            for part in [part for part in self._ends if part < progress.last_part]:
                del self._ends[part]
            if on_bytes:
                read_bytes = self.cut(len(self.staged) - 1).position_bytes()
                on_bytes(self._passed_bytes + read_bytes, progress)

        return opened.stage_parts(self._parts(), report)

    def faults(self, opened: Import) -> Iterator[tuple[int, Iterator[FoundFault]]]:
        """Yields inputs, by number, with what was not imported of each, in order; reads those inputs again that have something."""
        by_input = groupby(self._refusals(opened.stream_exceptions()), key=lambda each: each[0])
        index, found = next(by_input, (-1, iter(())))
        for number, staged in enumerate(self.staged):
            refusals = (refusal for _, refusal in found) if number == index else iter(())
            if number == index or staged.rejected_count:
                yield number, self._faults_of(number, refusals)
            if number == index:
                index, found = next(by_input, (-1, iter(())))

    def cut(self, number: int) -> Cut:
        """Returns how an input is read, which is opened again unless it was the last one."""
        if number not in self._cuts:
            for other in [other for other in self._cuts if not self.inputs[other].is_once]:
                del self._cuts[other]
            self._cuts[number] = self._planner.plan(self.inputs[number])
        return self._cuts[number]

    def parts_of(self, number: int) -> range:
        """Returns the numbers of an input's parts."""
        firsts = [each.first_part for each in self.staged[number : number + 2]]
        return range(firsts[0], firsts[1] if len(firsts) > 1 else self.position.part)

    def _parts(self) -> Iterator[Part]:
        start = self.position
        number = start.part
        for index in range(start.file, len(self.inputs)):
            self._passed_bytes = sum(each.size_bytes or 0 for each in self.inputs[:index])
            cut = self.cut(index)
            if index == len(self.staged):
                self.staged.append(StagedInput(number))
            after = start.offset if index == start.file else 0
            for piece in cut.pieces(after):
                self.staged[index].rejected_count = cut.rejected_count
                self._ends[number] = Position(number + 1, index, piece.end)
                yield self._part(number, cut.block_format, piece.data)
                number += 1
            self.staged[index].rejected_count = cut.rejected_count

    def _part(self, number: int, block_format: BlockFormat.ValueType, data: bytes) -> Part:
        codec = _CODECS.get(self._compression)
        if codec is None or block_format == BlockFormat.BLOCK_FORMAT_PARQUET:
            return Part(number, data, block_format)
        packed = pa.compress(data, codec=codec, asbytes=True)
        return Part(number, packed, block_format, self._compression)

    def _refusals(self, exceptions: Iterable[RecordException]) -> Iterator[tuple[int, Refusals]]:
        firsts = [each.first_part for each in self.staged]
        for place, problems in groupby(exceptions, lambda e: (e.part_number, e.record_number)):
            part, record = place
            index = bisect_right(firsts, part) - 1
            yield index, Refusals(part - firsts[index], record, tuple(problems))

    def _faults_of(self, number: int, refusals: Iterable[Refusals]) -> Iterator[FoundFault]:
        source, cut = self.inputs[number], self.cut(number)
        if source.is_once and not isinstance(cut, MappedCut):
            first = self.staged[number].first_part
            for each in refusals:
                place = f"{first + each.piece} record {each.record}"
                yield FoundFault(source, "part", place, each.fault(0, None))
            return
        for fault in cut.faults(refusals):
            yield FoundFault(source, cut.place_word, str(fault.place), fault)

    def _fields(self) -> list[Field]:
        fields: list[Field] = []
        if self._list_id:
            fields.extend(self._account.list_fields(list_id=self._list_id))
        fields.extend(self._account.list_fields())
        return fields

    def _create_field(self, new: NewField) -> None:
        try:
            self._account.create_field(new.key, new.type, list_id=self._list_id)
        except AlreadyExists:
            # Somebody else created it since we looked; the server will check our values against theirs.
            return
        self.new_fields.append(new.key)
