"""Sends many streams of requests, some at once, each again until it is acknowledged."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from typing import Any

import grpc

from segue.client.aio.connection import AsyncConnection
from segue.client.errors import from_rpc_error
from segue.client.retry import RetryBudget, is_sent_again
from segue.client.staging import STREAMS_UNDER_WAY
from segue.client.sync.streams import Stream

Open = Callable[[Iterator[Any]], Awaitable[Any]]
"""Begins a call with the requests it sends."""


async def send_streams(
    connection: AsyncConnection, open_call: Open, streams: Iterable[Stream]
) -> AsyncGenerator[tuple[Stream, Any], None]:
    """Yields streams with their responses, in order; those after one that is waited for are under way.

    Raises:
        ClientError: A stream was refused, or the server stayed away.
    """
    under_way: deque[tuple[Stream, asyncio.Task[Any]]] = deque()
    try:
        for stream in streams:
            if len(under_way) == STREAMS_UNDER_WAY:
                first, task = under_way[0]
                yield first, await task
                under_way.popleft()
            under_way.append((stream, asyncio.create_task(_send(connection, open_call, stream))))
        while under_way:
            first, task = under_way[0]
            yield first, await task
            under_way.popleft()
    finally:
        for _, task in under_way:
            task.cancel()
        await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)


async def _send(connection: AsyncConnection, open_call: Open, stream: Stream) -> Any:  # noqa: ANN401 - the method's response
    budget = RetryBudget(connection.options.retry)
    while True:
        try:
            return await open_call(iter(stream.requests))
        except grpc.RpcError as error:
            failure = from_rpc_error(error)
        delay = budget.delay_after(failure) if is_sent_again(failure) else None
        if delay is None:
            raise failure
        await asyncio.sleep(delay)
