"""Exports that were opened: streams of a pinned snapshot, and files that a job writes."""

import time
from collections.abc import Callable, Iterator

from segue.client.blocks import Block
from segue.client.calls import exports as calls
from segue.client.errors import ClientError
from segue.client.snapshot import PinnedSnapshot
from segue.client.sync.connection import Connection
from segue.client.sync.retrieving import retrieve_blocks, watch_export
from segue.v1.export_pb2 import ExportDelivery, ExportFile, ExportStatus
from segue.v1.export_service_pb2 import InitiateExportResponse, RetrieveExportRequest, RowWindow

OnStatus = Callable[[ExportStatus], None]


class OpenExport(PinnedSnapshot):
    """What can be done with every export, by whichever way it leaves."""

    def __init__(
        self, connection: Connection, token: str, opened: InitiateExportResponse | ExportStatus
    ) -> None:
        """Takes what InitiateExport or GetExportStatus answered."""
        super().__init__(token, opened)
        self._connection = connection

    def status(self) -> ExportStatus:
        """Returns state, size and progress; rows of streams are counted when first asked for."""
        return self._connection.run(calls.get_export_status(self.token))

    def watch(self) -> Iterator[ExportStatus]:
        """Yields the state whenever it changes, first what it is now, until the export is made or cannot be made.

        Raises:
            ClientError: The server refused, or stayed away longer than the retry policy waits.
        """
        return watch_export(self._connection, self.token)

    def rows(
        self, offset: int = 1, limit: int = 1_000, *, keep_alive: bool = True
    ) -> Iterator[Block]:
        """Yields some rows as a document of their own (seed 000).

        Args:
            offset: Number of the first row, from 1; behind the last there is nothing.
            limit: Rows at most.
            keep_alive: False ends the token when the export's last row was sent.

        Raises:
            ClientError: The server refused, or stayed away longer than the retry policy waits.
        """
        window = RowWindow(offset=offset, limit=limit)
        request = RetrieveExportRequest(token=self.token, rows=window, keep_alive=keep_alive)
        return retrieve_blocks(self._connection, request)

    def commit(self, *, keep_files: bool = False) -> ExportStatus:
        """Says that everything was taken over: the token ends, and files are deleted unless they shall be kept."""
        return self._connection.run(calls.commit_export(self.token, keep_files=keep_files))

    def cancel(self) -> ExportStatus:
        """Gives the export up: its job stops, its files are deleted, and the token ends."""
        return self._connection.run(calls.cancel_export(self.token))

    def _part(self, part: int, offset: int, *, keep_alive: bool) -> Iterator[Block]:
        request = RetrieveExportRequest(
            token=self.token, offset=offset, part=part, keep_alive=keep_alive
        )
        return retrieve_blocks(self._connection, request)


class Export(OpenExport):
    """Streams of a pinned snapshot, which can be read any number of times, from any offset, until it expires.

    Attributes:
        stream_count: Streams it has, with disjoint rows.
    """

    def __init__(
        self,
        connection: Connection,
        token: str,
        opened: InitiateExportResponse | ExportStatus,
        stream_count: int = 1,
    ) -> None:
        """Takes what InitiateExport or GetExportStatus answered, and how many streams there are."""
        super().__init__(connection, token, opened)
        self.stream_count = stream_count

    def __iter__(self) -> Iterator[Block]:
        """Yields all blocks of the first stream, see `blocks`."""
        return self.blocks()

    def blocks(self, offset: int = 0, part: int = 0, *, keep_alive: bool = True) -> Iterator[Block]:
        """Yields blocks of a stream from an offset on; their bytes together are the stream.

        A stream that breaks is opened again at the last block's `next_offset`. Bytes never come twice, and never with a gap.

        Args:
            offset: The byte to begin at.
            part: Number of the stream, from 0.
            keep_alive: False ends the token when the last byte was sent; one that is lost on the way then is lost for good.

        Raises:
            ClientError: The server refused, or stayed away longer than the retry policy waits.
        """
        return self._part(part, offset, keep_alive=keep_alive)

    def streams(self) -> tuple["ExportStream", ...]:
        """Returns a view of each stream, to be read side by side by as many threads."""
        return tuple(ExportStream(self, part) for part in range(self.stream_count))


class ExportStream:
    """One of an export's streams.

    Attributes:
        part: Its number, from 0.
    """

    def __init__(self, export: Export, part: int) -> None:
        """Takes the export and the stream's number."""
        self._export = export
        self.part = part

    def __iter__(self) -> Iterator[Block]:
        """Yields all of its blocks."""
        return self.blocks()

    def blocks(self, offset: int = 0) -> Iterator[Block]:
        """Yields its blocks from an offset on, see `Export.blocks`."""
        return self._export.blocks(offset, self.part)


class FileExport(OpenExport):
    """An export that a job writes to files, which can be fetched any number of times until it expires.

    Attributes:
        poll_uri: Where HTTP has the first file, with the same key; empty when it was opened elsewhere.
        webhook_secret: What calls of the webhook are signed with; empty as above, or without one.
        files: The finished files, in order of their rows, as the server last told them.
    """

    def __init__(
        self, connection: Connection, token: str, opened: InitiateExportResponse | ExportStatus
    ) -> None:
        """Takes what InitiateExport or GetExportStatus answered."""
        super().__init__(connection, token, opened)
        self.poll_uri = self.webhook_secret = ""
        self.files: tuple[ExportFile, ...] = ()
        if isinstance(opened, InitiateExportResponse):
            self.poll_uri, self.webhook_secret = opened.poll_uri, opened.webhook_secret
        else:
            self.files = tuple(opened.files)

    def status(self) -> ExportStatus:
        """Returns state, size, progress and files."""
        return self._noted(super().status())

    def watch(self) -> Iterator[ExportStatus]:
        """Yields the state whenever it changes, see `OpenExport.watch`."""
        return map(self._noted, super().watch())

    def wait(self, on_progress: OnStatus | None = None) -> ExportStatus:
        """Returns when all files are written. Where the server's stream of states does not get through, it asks again and again.

        Args:
            on_progress: Called with each state that is heard of, `written_row_count` of `row_count` rows in it.

        Raises:
            ExportFailed: The export cannot be made, was given up, or held a profile that was erased.
            ClientError: The server refused, or stayed away.
        """
        try:
            for status in self.watch():
                if on_progress:
                    on_progress(status)
                if calls.is_made(status):
                    return status
        except ClientError as failure:
            if not calls.is_polled_instead(failure):
                raise
        return self._poll(on_progress)

    def blocks(self, file: int = 0, offset: int = 0, *, keep_alive: bool = True) -> Iterator[Block]:
        """Yields blocks of a file from an offset on; their bytes together are the file.

        Args:
            file: Its number, from 0.
            offset: The byte to begin at.
            keep_alive: False ends the token when the last byte was sent; one that is lost on the way then is lost for good.

        Raises:
            ExportNotReady: The files are not written yet.
            ClientError: The server refused, or stayed away longer than the retry policy waits.
        """
        return self._part(file, offset, keep_alive=keep_alive)

    def _poll(self, on_progress: OnStatus | None) -> ExportStatus:
        for delay in calls.poll_delays():
            status = self.status()
            if on_progress:
                on_progress(status)
            if calls.is_made(status):
                break
            time.sleep(delay)
        return status

    def _noted(self, status: ExportStatus) -> ExportStatus:
        self.files = tuple(status.files)
        return status


def resumed_export(connection: Connection, token: str) -> Export | FileExport:
    """Returns an export that was opened before, by whichever way it leaves."""
    status = connection.run(calls.get_export_status(token))
    if status.delivery == ExportDelivery.EXPORT_DELIVERY_FILES:
        return FileExport(connection, token, status)
    return Export(connection, token, status, status.stream_count or 1)
