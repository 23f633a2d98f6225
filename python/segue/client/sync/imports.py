"""Stages, executes and follows imports."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from segue.client.calls import imports as calls
from segue.client.errors import from_rpc_error
from segue.client.retry import RetryBudget, is_broken_stream
from segue.client.staging import (
    STREAMS_UNDER_WAY,
    ImportProgress,
    PartStream,
    is_finished,
    part_streams,
    poll_delays,
)
from segue.client.sync.connection import Connection
from segue.v1.block_pb2 import BlockFormat
from segue.v1.import_service_pb2 import ImportStatus, StageProfilesResponse
from segue.v1.profile_service_pb2 import RecordException

OnProgress = Callable[[ImportProgress], None]


@dataclass
class _Sending:
    """A stream of parts that is not acknowledged yet."""

    parts: PartStream
    future: Any
    budget: RetryBudget = field(repr=False)


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
        under_way: deque[_Sending] = deque()
        try:
            for parts in part_streams(blocks, self.token, block_format):
                if len(under_way) == STREAMS_UNDER_WAY:
                    progress = self._acknowledged(under_way, progress, on_progress)
                under_way.append(self._send(parts))
            while under_way:
                progress = self._acknowledged(under_way, progress, on_progress)
        finally:
            for sending in under_way:
                sending.future.cancel()
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

    def _send(self, parts: PartStream) -> _Sending:
        budget = RetryBudget(self._connection.options.retry)
        return _Sending(parts, self._open(parts), budget)

    def _open(self, parts: PartStream) -> Any:  # noqa: ANN401  # a call that is also a future: grpc has no public type
        return self._connection.stubs.imports.StageProfiles.future(
            iter(parts.requests), metadata=self._connection.metadata
        )

    def _acknowledged(
        self,
        under_way: deque[_Sending],
        progress: ImportProgress,
        on_progress: OnProgress | None,
    ) -> ImportProgress:
        progress = progress.after(under_way[0].parts, self._wait(under_way[0]))
        under_way.popleft()
        if on_progress:
            on_progress(progress)
        return progress

    def _wait(self, sending: _Sending) -> StageProfilesResponse:
        while True:
            try:
                response: StageProfilesResponse = sending.future.result()
            except grpc.RpcError as error:
                failure = from_rpc_error(error)
            else:
                return response
            delay = sending.budget.delay_after(failure) if is_broken_stream(failure) else None
            if delay is None:
                raise failure
            time.sleep(delay)
            sending.future = self._open(sending.parts)
