"""Decides how each input goes into an import: as it is, where the server can read it, or converted."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from segue.client.files.batch_cut import BatchCut
from segue.client.files.column_cuts import WHOLE_PARQUET_BYTES, MappedCut, WholeParquetCut
from segue.client.files.csv_records import first_end, last_end
from segue.client.files.csv_source import CsvSource
from segue.client.files.cut import Cut
from segue.client.files.formats import format_of
from segue.client.files.input_stream import LOOK_BYTES, InputStream
from segue.client.files.inputs import Input
from segue.client.files.mapping import ColumnMapping, MappingOptions, NewField, map_columns
from segue.client.files.opening import open_file
from segue.client.files.parquet_source import ParquetSource
from segue.client.files.source import RowSource
from segue.client.files.stream_cut import BLOCK_BYTES
from segue.client.files.text_cuts import CsvCut, NdjsonCut
from segue.v1.block_pb2 import BlockFormat
from segue.v1.field_pb2 import Field
from segue.v1.profile_pb2 import Profile

_MILLIS: Final = "_millis"
_OWN_NAMES: Final[Mapping[str, bool]] = {
    each.name.removesuffix(_MILLIS): each.is_repeated or each.message_type is not None
    for each in Profile.DESCRIPTOR.fields
} | {"import_exceptions": False}
"""Names of our own NDJSON, and whether their values are arrays or objects."""


@dataclass(frozen=True)
class FileOptions:
    """How inputs are read.

    Attributes:
        block_format: Of all of them; told by their names or beginnings when None.
        columns: Column → attribute or field key; an empty text leaves the column out.
        create_fields: Columns that fit nothing become fields of the list, or of the account without one.
        delimiter: Between cells of CSV; found from its header when None.
        encoding: Of CSV, as Python names it.
        has_list: Records join a list.
        needs_profile_id: Records find their profiles by the profile id.
        ignore_unknown: Columns that fit nothing are left out.
        block_bytes: Where bytes travel as they are, about as many become one part.
    """

    block_format: BlockFormat.ValueType | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    create_fields: bool = False
    delimiter: str | None = None
    encoding: str = "utf-8"
    has_list: bool = False
    needs_profile_id: bool = True
    ignore_unknown: bool = False
    block_bytes: int = BLOCK_BYTES

    def mapping(self) -> MappingOptions:
        """Returns what concerns columns."""
        return MappingOptions(
            self.columns,
            self.create_fields,
            self.has_list,
            self.needs_profile_id,
            self.ignore_unknown,
        )


class Planner:
    """Opens inputs. Bytes that have to be read twice and are no plain file are copied to a temporary one, which goes with the planner."""

    def __init__(
        self,
        options: FileOptions,
        fields: Callable[[], Iterable[Field]],
        create_field: Callable[[NewField], None],
    ) -> None:
        """Takes how inputs are read, what tells the fields there are, and what creates one."""
        self._options = options
        self._fields = fields
        self._create_field = create_field
        self._scratch: Path | None = None

    def __enter__(self) -> Self:
        """Returns the planner."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Deletes the copies."""
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def plan(self, source: Input) -> Cut:
        """Opens an input and creates the fields it lacks.

        Raises:
            FileInvalid: It cannot be read.
            MappingInvalid: Columns mean nothing, or the same.
            ClientError: The account or list does not exist, or the key is wrong.
        """
        stream = source.stream()
        try:
            return self._plan(source, stream)
        finally:
            if not source.is_once:
                stream.close()

    def _plan(self, source: Input, stream: InputStream) -> Cut:
        block_format = self._options.block_format or format_of(source.name, stream.look(LOOK_BYTES))
        match block_format:
            case BlockFormat.BLOCK_FORMAT_PROFILE_BATCH:
                return BatchCut(source, self._options.block_bytes)
            case BlockFormat.BLOCK_FORMAT_NDJSON if self._is_own(stream):
                return NdjsonCut(source, self._options.block_bytes)
            case BlockFormat.BLOCK_FORMAT_CSV:
                return self._plan_csv(source, stream)
        rows = self._open(self._local(source, stream), block_format)
        mapping = self._mapped(rows)
        is_whole = isinstance(rows, ParquetSource) and rows.size_bytes <= WHOLE_PARQUET_BYTES
        if isinstance(rows, ParquetSource) and is_whole and mapping.keeps(rows.columns):
            return WholeParquetCut(rows)
        return MappedCut(rows, mapping)

    def _plan_csv(self, source: Input, stream: InputStream) -> Cut:
        path = None if stream.is_compressed else source.path
        rows = self._open(path or self._beginning(stream), BlockFormat.BLOCK_FORMAT_CSV)
        mapping = self._mapped(rows)
        if isinstance(rows, CsvSource) and rows.is_servers_own and mapping.keeps(rows.columns):
            return CsvCut(source, self._options.block_bytes)
        if path is None:
            rows = self._open(self._local(source, stream), BlockFormat.BLOCK_FORMAT_CSV)
        return MappedCut(rows, mapping)

    def _open(self, path: Path, block_format: BlockFormat.ValueType) -> RowSource:
        options = self._options
        return open_file(
            path,
            delimiter=options.delimiter,
            encoding=options.encoding,
            block_format=block_format,
        )

    def _mapped(self, rows: RowSource) -> ColumnMapping:
        mapping = map_columns(rows.sample(), self._fields(), self._options.mapping())
        for new in mapping.new_fields:
            self._create_field(new)
        return mapping

    def _is_own(self, stream: InputStream) -> bool:
        """Tells whether the first lines have our own names only, with values of their shapes."""
        if self._options.columns:
            return False
        return all(map(_is_own_record, _first_records(stream.look())))

    def _beginning(self, stream: InputStream) -> Path:
        data = stream.look()
        whole = data if len(data) < LOOK_BYTES else data[: last_end(data) or first_end(data)]
        return self._kept([whole])

    def _local(self, source: Input, stream: InputStream) -> Path:
        if source.path and not stream.is_compressed:
            return source.path
        chunks = iter(lambda: stream.read(LOOK_BYTES), b"")
        return self._kept(chunks)

    def _kept(self, chunks: Iterable[bytes]) -> Path:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="segue-import-"))
        with tempfile.NamedTemporaryFile(dir=self._scratch, delete=False) as file:
            for chunk in chunks:
                file.write(chunk)
        return Path(file.name)


def _first_records(data: bytes) -> Iterator[object]:
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for line in lines if len(data) < LOOK_BYTES else lines[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            # The server tells of lines that are no JSON.
            continue


def _is_own_record(record: object) -> bool:
    return isinstance(record, dict) and all(
        name in _OWN_NAMES and (value is None or isinstance(value, list | dict) == _OWN_NAMES[name])
        for name, value in record.items()
    )
