"""A relay to a server that drops connections after some bytes, as networks do."""

import socket
import threading
from contextlib import suppress
from typing import Self

_CHUNK_BYTES = 64 * 1024


class BreakingProxy:
    """Relays TCP to a target; every connection dies after some bytes in one direction, until there were enough deaths.

    Attributes:
        address: HOST:PORT to connect to instead of the target.
        broken_count: Connections that were dropped so far.
    """

    def __init__(self, target: str, *, bytes_up: int = 0, bytes_down: int = 0, breaks: int) -> None:
        """Listens on a free port; a limit of 0 bytes is none."""
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._limits = {"up": bytes_up, "down": bytes_down}
        self._breaks = breaks
        self.broken_count = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._sockets += [near, far]
            for source, sink, direction in ((near, far, "up"), (far, near, "down")):
                arguments = (source, sink, self._limits[direction])
                threading.Thread(target=self._relay, args=arguments, daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, limit: int) -> None:
        relayed = 0
        with suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                relayed += len(chunk)
                if limit and relayed > limit and self.broken_count < self._breaks:
                    self.broken_count += 1
                    break
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        """Returns the proxy."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drops everything."""
        for end in (self._listener, *self._sockets):
            end.close()
