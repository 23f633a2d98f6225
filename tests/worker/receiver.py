"""A real HTTP server on loopback that answers as it is told: well, late, badly, or without end."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Call:
    """A request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What was called, and how the next calls are answered; the last behaviour stays."""

    behaviours: list[Behaviour]
    port: int = 0
    scheme: str = "http"
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    open_calls: int = 0
    most_open_calls: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def uri(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?token=s3cret"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            lines = dict(line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in lines.items()}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.calls.append(Call(head[0], headers, body))
            self.open_calls += 1
            self.most_open_calls = max(self.most_open_calls, self.open_calls)
            self.arrived.set()
            try:
                behaviour = (
                    self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
                )
                await behaviour(writer)
            finally:
                self.open_calls -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, *behaviours: Behaviour, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> AsyncIterator[Self]:
        receiver = cls(list(behaviours) or [answer(200)], scheme="https" if tls else "http")
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(receiver.serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, host, 0, ssl=tls)
        receiver.port = server.sockets[0].getsockname()[1]
        try:
            yield receiver
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def answer(code: int, *headers: str, body: bytes = b"ok") -> Behaviour:
    """Answers at once."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} Some", f"content-length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return behave


async def hang(_: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.Event().wait()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Ends the connection instead of answering."""
    writer.transport.abort()


async def babble(writer: asyncio.StreamWriter) -> None:
    """Answers what is not HTTP."""
    writer.write(b"220 mail.example.com ESMTP\r\n")
    await writer.drain()


async def drip_head(writer: asyncio.StreamWriter) -> None:
    """Sends its headers a byte at a time, without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def drip_body(writer: asyncio.StreamWriter) -> None:
    """Takes the message, and then never ends a body."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


@dataclass
class Flood:
    """Takes the message, and sends without end as fast as it is read."""

    sent: int = 0

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            self.sent += 65536
