"""Imports a file: maps its columns, creates fields, sends its rows, finds the places of bad ones."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segue.client.errors import AlreadyExists
from segue.client.files.arrow_blocks import ArrowBlocks
from segue.client.files.mapping import ColumnMapping, MappingOptions, map_columns
from segue.client.files.opening import open_file
from segue.client.files.source import Fault, RowSource
from segue.client.staging import ImportProgress
from segue.client.sync.client import AccountClient
from segue.client.sync.imports import Import
from segue.v1.block_pb2 import BlockFormat
from segue.v1.field_pb2 import Field
from segue.v1.import_service_pb2 import ImportStatus

OnBytes = Callable[[int, ImportProgress], None]


@dataclass(frozen=True)
class FileImportOptions:
    """How a file is imported.

    Attributes:
        list_id: The list every record joins, whose fields columns mean first.
        columns: Column → attribute or field key; an empty text leaves the column out.
        create_fields: Columns that fit nothing become fields of the list, or of the account without one.
        delimiter: Between cells of a CSV file; found from its header when None.
        encoding: Of a CSV file, as Python names it.
    """

    list_id: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    create_fields: bool = False
    delimiter: str | None = None
    encoding: str = "utf-8"


class FileImport:
    """A file on its way into an account.

    Attributes:
        source: The file.
        mapping: What its columns become.
    """

    def __init__(self, account: AccountClient, path: Path, options: FileImportOptions) -> None:
        """Opens the file, finds what its columns mean and creates the fields that are missing.

        Raises:
            FileInvalid: The file cannot be read.
            MappingInvalid: Columns mean nothing, or the same.
            ClientError: The account or list does not exist, or the key is wrong.
        """
        self._account = account
        self._options = options
        self.source: RowSource = open_file(
            path, delimiter=options.delimiter, encoding=options.encoding
        )
        self.mapping: ColumnMapping = map_columns(
            self.source.sample(),
            self._fields(),
            MappingOptions(options.columns, options.create_fields, options.list_id is not None),
        )
        self._create_fields()
        columns = list(self.mapping.targets)
        self._blocks = ArrowBlocks(self.source.batches(columns), self.mapping.targets)
        self._import: Import | None = None

    def run(self, on_bytes: OnBytes | None = None) -> ImportStatus:
        """Sends all rows and waits until the good ones are visible.

        Args:
            on_bytes: Told bytes of the file read and progress of the import, after each part acknowledged.

        Raises:
            ClientError: The server refused the import, or stayed away.
        """
        opened = self._account.initiate_import(list_id=self._options.list_id)

        def report(progress: ImportProgress) -> None:
            if on_bytes:
                on_bytes(self.source.position_bytes(), progress)

        opened.stage(self._blocks, BlockFormat.BLOCK_FORMAT_ARROW_IPC, report)
        self._import = opened
        return opened.execute()

    @property
    def rejected_count(self) -> int:
        """Records that could not be read and were not sent."""
        return self.source.rejected_count

    def faults(self) -> Iterator[Fault]:
        """Yields what was not imported, with places and columns of the file, in order; reads the file again."""
        if self._import is None:
            return
        refusals = self._blocks.refusals(self._import.exceptions())
        for fault in self.source.faults(list(self.mapping.targets), refusals):
            columns = tuple(self.mapping.column_of(name) for name in fault.fields)
            yield Fault(fault.place, columns, fault.reasons, fault.messages, fault.record)

    def _fields(self) -> list[Field]:
        fields: list[Field] = []
        if self._options.list_id:
            fields.extend(self._account.list_fields(list_id=self._options.list_id))
        fields.extend(self._account.list_fields())
        return fields

    def _create_fields(self) -> None:
        for new in self.mapping.new_fields:
            try:
                self._account.create_field(new.key, new.type, list_id=self._options.list_id)
            except AlreadyExists:
                # Somebody else created it since we looked; the server will check our values against theirs.
                continue
