"""Sends many streams of requests, some at once, each again until it is acknowledged."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import grpc

from segue.client.errors import from_rpc_error
from segue.client.retry import RetryBudget, is_sent_again
from segue.client.staging import STREAMS_UNDER_WAY
from segue.client.sync.connection import Connection


class RequestStream(Protocol):
    """Requests that travel and are acknowledged together."""

    @property
    def requests(self) -> Sequence[Any]:
        """In order."""


Stream = TypeVar("Stream", bound=RequestStream)
Open = Callable[[Iterator[Any]], Any]
"""Begins a call with the requests it sends; a call that is also a future has no public type in grpc."""


@dataclass
class _Sending(Generic[Stream]):
    """A stream that is not acknowledged yet."""

    stream: Stream
    future: Any
    budget: RetryBudget = field(repr=False)


def send_streams(
    connection: Connection, open_call: Open, streams: Iterable[Stream]
) -> Generator[tuple[Stream, Any], None, None]:
    """Yields streams with their responses, in order; those after one that is waited for are under way.

    Raises:
        ClientError: A stream was refused, or the server stayed away.
    """
    under_way: deque[_Sending[Stream]] = deque()
    try:
        for stream in streams:
            if len(under_way) == STREAMS_UNDER_WAY:
                yield under_way[0].stream, _wait(open_call, under_way[0])
                under_way.popleft()
            budget = RetryBudget(connection.options.retry)
            under_way.append(_Sending(stream, open_call(iter(stream.requests)), budget))
        while under_way:
            yield under_way[0].stream, _wait(open_call, under_way[0])
            under_way.popleft()
    finally:
        for sending in under_way:
            sending.future.cancel()


def _wait(open_call: Open, sending: _Sending[Stream]) -> Any:  # noqa: ANN401 - the method's response
    while True:
        try:
            return sending.future.result()
        except grpc.RpcError as error:
            failure = from_rpc_error(error)
        delay = sending.budget.delay_after(failure) if is_sent_again(failure) else None
        if delay is None:
            raise failure
        time.sleep(delay)
        sending.future = open_call(iter(sending.stream.requests))
