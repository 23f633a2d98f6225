"""Stages, executes and follows imports."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from segue.client.calls import imports as calls
from segue.client.staging import (
    ImportProgress,
    is_finished,
    part_streams,
    poll_delays,
)
from segue.client.sync.connection import Connection
from segue.client.sync.streams import send_streams
from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import ImportStatus
from segue.v1.profile_service_pb2 import RecordException

OnProgress = Callable[[ImportProgress], None]


class Import:
    """An import that was opened: stage blocks, any number of times, then execute."""

    def __init__(self, connection: Connection, token: str) -> None:
        """Takes the token that InitiateImport answered."""
        self._connection = connection
        self.token = token

    def stage(
        self,
        blocks: Iterable[bytes],
        block_format: BlockFormat.ValueType,
        on_progress: OnProgress | None = None,
    ) -> ImportProgress:
        """Sends blocks as parts 1, 2, … and returns when all of them are durable.

        Blocks are pulled as they are sent; some twenty of them are held until they are acknowledged. Parts of a stream that
        breaks are sent again, which the server counts once.

        Raises:
            ClientError: A block was refused, or the server stayed away.
        """
        progress = ImportProgress()
        streams = part_streams(blocks, self.token, block_format)
        with closing(send_streams(self._connection, self._open, streams)) as sent:
            for parts, response in sent:
                progress = progress.after(parts, response)
                if on_progress:
                    on_progress(progress)
        return progress

    def execute(self) -> ImportStatus:
        """Makes all valid records visible and returns when they are.

        Raises:
            ImportFailed: None of them was written.
        """
        status = self._connection.run(calls.execute_import(self.token))
        for delay in poll_delays():
            if is_finished(status):
                break
            time.sleep(delay)
            status = self.status()
        return status

    def status(self) -> ImportStatus:
        """Returns how far the import is."""
        return self._connection.run(calls.get_import_status(self.token))

    def exceptions(self) -> Iterator[RecordException]:
        """Yields problems of records in order of part and record, page by page."""
        return self._connection.items(calls.list_import_exceptions(self.token))

    def _open(self, requests: Iterator[Any]) -> Any:  # noqa: ANN401  # a call that is also a future: grpc has no public type
        return self._connection.stubs.imports.StageProfiles.future(
            requests, metadata=self._connection.metadata
        )
