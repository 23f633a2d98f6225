"""Stages, executes and follows imports."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, Unpack

from segue.client.calls import imports as calls
from segue.client.calls.import_request import ImportOptions
from segue.client.rejects import ExceptionCursor, RejectedCursor, RejectedRecords
from segue.client.staging import (
    WAIT_SECONDS,
    ImportProgress,
    Part,
    is_finished,
    numbered_parts,
    part_streams,
)
from segue.client.sync.connection import Connection
from segue.client.sync.methods import AccountItems
from segue.client.sync.retrieving import received, reopened
from segue.client.sync.streams import send_streams
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.import_service_pb2 import (
    ImportStatus,
    RetrieveRejectedRecordsRequest,
    StreamImportExceptionsRequest,
)
from segue.v1.profile_service_pb2 import RecordException

OnProgress = Callable[[ImportProgress], None]
OnStatus = Callable[[ImportStatus], None]


class Import:
    """An import that was opened: stage blocks, any number of times, then execute.

    Attributes:
        token: What names it in every call; kept, it opens the import again by `resume_import`.
        webhook_secret: What calls of its webhook are signed with; empty without one, and when it was opened again.
    """

    def __init__(self, connection: Connection, token: str, webhook_secret: str = "") -> None:
        """Takes what InitiateImport answered."""
        self._connection = connection
        self.token = token
        self.webhook_secret = webhook_secret

    def stage(
        self,
        blocks: Iterable[bytes],
        block_format: BlockFormat.ValueType,
        on_progress: OnProgress | None = None,
        *,
        compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED,
        first_part: int = 1,
    ) -> ImportProgress:
        """Sends blocks of one format as parts 1, 2, … and returns when all of them are durable.

        Args:
            blocks: Pulled as they are sent; some twenty of them are held until they are acknowledged.
            block_format: PROFILE_BATCH, ARROW_IPC, NDJSON, CSV or PARQUET.
            on_progress: Told the sum so far after each stream of parts that was acknowledged.
            compression: How the blocks are compressed.
            first_part: Number of the first part, where others were staged before.

        Raises:
            ClientError: A block was refused, or the server stayed away.
        """
        parts = numbered_parts(blocks, block_format, compression, first_part)
        return self.stage_parts(parts, on_progress)

    def stage_parts(
        self, parts: Iterable[Part], on_progress: OnProgress | None = None
    ) -> ImportProgress:
        """Sends parts, of whatever formats, and returns when all of them are durable.

        Parts of a stream that breaks, or that the server has no room for now, are sent again, which the server counts once.

        Raises:
            ClientError: A part was refused, or the server stayed away.
        """
        progress = ImportProgress()
        streams = part_streams(parts, self.token)
        with closing(send_streams(self._connection, self._open, streams)) as sent:
            for stream, response in sent:
                progress = progress.after(stream, response)
                if on_progress:
                    on_progress(progress)
        return progress

    def execute(self, request_id: str = "", on_status: OnStatus | None = None) -> ImportStatus:
        """Makes all valid records visible and returns when they are, see `wait`.

        Args:
            request_id: A UUID; the same one again is the same request. A new one by default.
            on_status: Told each status on the way.

        Raises:
            ImportFailed: None of them was written.
        """
        self.begin_execution(request_id)
        return self.wait(on_status)

    def begin_execution(self, request_id: str = "") -> ImportStatus:
        """Asks for the execution, which goes on without its caller; `wait` returns when it has ended."""
        return self._connection.run(calls.execute_import(self.token, request_id))

    def wait(self, on_status: OnStatus | None = None) -> ImportStatus:
        """Returns when the import is COMPLETED: the server answers as soon as it is, and once a second how far it has come.

        An import that nobody has executed is waited for too, until its token ends.

        Raises:
            ImportFailed: It failed or was cancelled; none of its records was written.
        """
        while True:
            status = self._connection.run(calls.get_import_status(self.token, WAIT_SECONDS))
            if on_status:
                on_status(status)
            if is_finished(status):
                return status

    def status(self) -> ImportStatus:
        """Returns how far the import is."""
        return self._connection.run(calls.get_import_status(self.token))

    def exceptions(self) -> Iterator[RecordException]:
        """Yields problems of records in order of part and record, page by page."""
        return self._connection.items(calls.list_import_exceptions(self.token))

    def stream_exceptions(self) -> Iterator[RecordException]:
        """Yields the same in one stream, which is faster where there are many; opened again when it breaks."""
        cursor = ExceptionCursor()

        def stream() -> Iterator[RecordException]:
            cursor.begin()
            call = self._connection.stubs.imports.StreamImportExceptions(
                StreamImportExceptionsRequest(token=self.token), metadata=self._connection.metadata
            )
            for response in received(call):
                yield from cursor.accept(response)

        return reopened(self._connection, stream)

    def rejected_records(self, after_part: int = 0) -> Iterator[RejectedRecords]:
        """Yields records with problems as they were sent, in order of parts: what is corrected and staged again.

        Raises:
            Conflict: The parts are not kept any more.
        """
        cursor = RejectedCursor(after_part)

        def stream() -> Iterator[RejectedRecords]:
            cursor.begin()
            request = RetrieveRejectedRecordsRequest(
                token=self.token, after_part_number=cursor.after_part
            )
            call = self._connection.stubs.imports.RetrieveRejectedRecords(
                request, metadata=self._connection.metadata
            )
            for response in received(call):
                yield from cursor.accept(response)

        return reopened(self._connection, stream)

    def cancel(self) -> ImportStatus:
        """Gives the import up, also one that is being executed: nothing of it is written.

        Raises:
            Conflict: It has completed, or failed.
        """
        return self._connection.run(calls.cancel_import(self.token))

    def undo(self) -> "Import":
        """Takes the import back, once it has completed: returns the import that does so, to be waited for.

        Profiles that were changed since stay; they are exceptions of the import returned.

        Raises:
            Conflict: It cannot be taken back, or not any more.
        """
        opened = self._connection.run(calls.undo_import(self.token))
        return Import(self._connection, opened.token)

    def _open(self, requests: Iterator[Any]) -> Any:  # noqa: ANN401  # a call that is also a future: grpc has no public type
        return self._connection.stubs.stage_profiles.future(
            requests, metadata=self._connection.metadata
        )


class ImportMethods:
    """What an account's client does with imports."""

    connection: Connection
    name: str

    list_imports = AccountItems(calls.list_imports)

    def initiate_import(self, **options: Unpack[ImportOptions]) -> Import:
        """Opens an import, as `ImportOptions` tell; it creates and updates profiles by their ids without any."""
        call = calls.initiate_import(self.name, **options)
        opened = self.connection.run(call)
        return Import(self.connection, opened.token, opened.webhook_secret)

    def import_blocks(
        self,
        blocks: Iterable[bytes],
        block_format: BlockFormat.ValueType = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        *,
        compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED,
        on_progress: OnProgress | None = None,
        **options: Unpack[ImportOptions],
    ) -> tuple[Import, ImportStatus]:
        """Opens an import, stages blocks, executes it and waits until its records are visible.

        Returns:
            The import, to ask for its `exceptions()`, and its final status.

        Raises:
            ClientError: A block was refused, or the server stayed away.
            ImportFailed: None of the records was written.
        """
        opened = self.initiate_import(**options)
        opened.stage(blocks, block_format, on_progress, compression=compression)
        return opened, opened.execute()
