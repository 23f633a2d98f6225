"""A channel, and calls on it that are repeated when the server was away."""

import time
from collections.abc import Iterator
from typing import Any

import grpc

from segue.client.calls.call import Call, Item, PagedCall, Response
from segue.client.errors import from_rpc_error
from segue.client.options import CHANNEL_OPTIONS, ConnectOptions
from segue.client.retry import RetryBudget, is_unavailable
from segue.client.stubs import Stubs


class Connection:
    """One channel to a server; may be shared by threads."""

    def __init__(self, options: ConnectOptions) -> None:
        """Prepares the channel; the first call connects."""
        credentials = options.credentials()
        self.channel = (
            grpc.secure_channel(options.target, credentials, CHANNEL_OPTIONS)
            if credentials
            else grpc.insecure_channel(options.target, CHANNEL_OPTIONS)
        )
        self.options = options
        self.metadata = options.metadata()
        self.stubs = Stubs(self.channel)

    def run(self, call: Call[Response]) -> Response:
        """Makes a call, again when it may be and the server was unavailable.

        Raises:
            ClientError: The server refused it, or stayed away.
        """
        method = call.method(self.stubs)
        budget = RetryBudget(self.options.retry)
        while True:
            try:
                return method(
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
            time.sleep(delay)

    def items(self, paged: PagedCall[Item]) -> Iterator[Item]:
        """Yields the items of all pages, asking for each page when it is reached."""
        token = ""
        while True:
            page: Any = self.run(paged.page(token))
            yield from paged.items(page)
            token = page.next_page_token
            if not token:
                return

    def close(self) -> None:
        """Closes the channel; calls under way are cancelled."""
        self.channel.close()
