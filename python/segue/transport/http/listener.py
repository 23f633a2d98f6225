"""Serves an ASGI application beside gRPC, in the same event loop."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from segue.process import StartRefused
from segue.settings import host_and_port


class _Server(uvicorn.Server):
    """Leaves signals to the program that it is a part of, and sleeps until it is stopped."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def main_loop(self) -> None:
        await self.stopping.wait()


class HttpListener:
    """An open port and the task that serves it."""

    def __init__(self, app: Starlette, address: str) -> None:
        """Opens HOST:PORT; port 0 takes a free one.

        Raises:
            StartRefused: The port is taken, or the host is not this machine's.
        """
        host, port = host_and_port("http", address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise StartRefused(
                f"http={address} cannot be listened on ({error.strerror}); set another port"
            ) from error
        self.address = f"{address.rpartition(':')[0]}:{self._socket.getsockname()[1]}"
        """HOST:PORT with the port that was taken."""
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to serve."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def stop(self) -> None:
        """Ends what is in flight within a second and closes the port."""
        self._server.stopping.set()
        if self._task is not None:
            await self._task
        self._socket.close()
