"""Follows who enters and leaves a segment, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import grpc

from segue.client.aio.connection import AsyncConnection
from segue.client.calls.segments import follow
from segue.client.errors import ClientError, from_rpc_error
from segue.client.retry import RetryBudget, is_broken_stream
from segue.v1.segment_service_pb2 import WatchSegmentRequest, WatchSegmentResponse


async def watch_segment(
    connection: AsyncConnection, request: WatchSegmentRequest
) -> AsyncGenerator[WatchSegmentResponse, None]:
    """Yields changes after the request's position; a stream that breaks is opened again at the position last seen.

    Raises:
        ClientError: The server refused, or stayed away longer than the retry policy waits.
    """
    budget = RetryBudget(connection.options.retry)
    while True:
        try:
            async with aclosing(_stream(connection, request)) as stream:
                async for response in stream:
                    budget.succeeded()
                    follow(request, response)
                    yield response
                return
        except ClientError as failure:
            delay = budget.delay_after(failure) if is_broken_stream(failure) else None
            if delay is None:
                raise
        await asyncio.sleep(delay)


async def _stream(
    connection: AsyncConnection, request: WatchSegmentRequest
) -> AsyncGenerator[WatchSegmentResponse, None]:
    stream: Any = connection.stubs.segments.WatchSegment(request, metadata=connection.metadata)
    try:
        async for response in stream:
            yield response
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    finally:
        stream.cancel()
