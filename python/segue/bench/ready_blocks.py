"""A server that sends blocks made before: what grpc.aio reaches when there is nothing to encode.

Run as `python -m segue.bench.ready_blocks FILE`; prints where it listens.
"""

import asyncio
import struct
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Final

import grpc

METHOD: Final = "RetrieveExport"
SERVICE: Final = "segue.v1.ExportService"
_LENGTH: Final = struct.Struct("<I")


def write_blocks(path: Path, messages: Iterable[bytes]) -> None:
    """Writes messages or blocks, each with its length before it."""
    with path.open("wb") as file:
        for message in messages:
            file.write(_LENGTH.pack(len(message)) + message)


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yields the messages that `write_blocks` wrote, one after the other."""
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            (length,) = _LENGTH.unpack(head)
            yield file.read(length)


async def serve(path: Path) -> None:
    """Serves a file's blocks to every caller until the process ends."""
    messages = list(read_blocks(path))

    async def retrieve(_request: bytes, _context: object) -> AsyncIterator[bytes]:
        for message in messages:
            yield message

    server = grpc.aio.server()
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(retrieve)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)  # noqa: T201 — the line its starter waits for
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
