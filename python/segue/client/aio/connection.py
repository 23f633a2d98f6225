"""An aio channel, and calls on it that are repeated when the server was away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
from grpc import aio

from segue.client.calls.call import Call, Item, PagedCall, Response
from segue.client.errors import from_rpc_error
from segue.client.options import CHANNEL_OPTIONS, ConnectOptions
from segue.client.retry import RetryBudget, is_unavailable
from segue.client.stubs import Stubs


class AsyncConnection:
    """One channel to a server; belongs to the event loop it was made in."""

    def __init__(self, options: ConnectOptions) -> None:
        """Prepares the channel; the first call connects."""
        credentials = options.credentials()
        self.channel = (
            aio.secure_channel(options.target, credentials, CHANNEL_OPTIONS)
            if credentials
            else aio.insecure_channel(options.target, CHANNEL_OPTIONS)
        )
        self.options = options
        self.metadata = options.metadata()
        # The stubs are generated for both kinds of channel; their types tell the sync ones only.
        self.stubs = Stubs(cast("grpc.Channel", self.channel))

    async def run(self, call: Call[Response]) -> Response:
        """Makes a call, again when it may be and the server was unavailable.

        Raises:
            ClientError: The server refused it, or stayed away.
        """
        method = cast("aio.UnaryUnaryMultiCallable[Any, Response]", call.method(self.stubs))
        budget = RetryBudget(self.options.retry)
        while True:
            try:
                return await method(
                    call.request,
                    timeout=self.options.timeout_seconds,
                    metadata=self.metadata,
                )
            except grpc.RpcError as error:
                failure = from_rpc_error(error)
            delay = None
            if call.repeatable and is_unavailable(failure):
                delay = budget.delay_after(failure)
            if delay is None:
                raise failure
            await asyncio.sleep(delay)

    async def items(self, paged: PagedCall[Item]) -> AsyncIterator[Item]:
        """Yields the items of all pages, asking for each page when it is reached."""
        token = ""
        while True:
            page: Any = await self.run(paged.page(token))
            for item in paged.items(page):
                yield item
            token = page.next_page_token
            if not token:
                return

    async def close(self) -> None:
        """Closes the channel; calls under way are cancelled."""
        await self.channel.close()
