"""A server of one's own: `segue serve` in another process, on free ports, in a directory that is removed afterwards."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_READY: Final = "segue ready "
_STOP_SECONDS: Final = 30


class ServerDidNotStart(Exception):
    """The server ended before it was ready; the message has what it wrote."""


class EmbeddedServer:
    """Runs while its `with` block does.

    Attributes:
        target: HOST:PORT of its gRPC.
        admin_key: The key it made on its first start.
        data_dir: Where it keeps everything.
    """

    def __init__(self) -> None:
        """Starts the server and waits until it is ready.

        Raises:
            ServerDidNotStart: It ended instead.
        """
        self._directory = tempfile.TemporaryDirectory(prefix="segue-demo-")
        self.data_dir = Path(self._directory.name) / "data"
        self._log_path = Path(self._directory.name) / "log"
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 — our own program, with words of our own
                [
                    *(sys.executable, "-m", "segue", "serve"),
                    *("--data-dir", str(self.data_dir)),
                    *("--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Settings meant for the user's own server are not for this one.
                env={
                    name: value
                    for name, value in os.environ.items()
                    if not name.startswith("SEGUE_")
                },
            )
        self.target = self._ready_target()
        self.admin_key = (self.data_dir / "admin-key").read_text().strip()

    def _ready_target(self) -> str:
        if self._process.stdout is None:
            raise ServerDidNotStart("its output is not connected")
        line = self._process.stdout.readline()
        if not line.startswith(_READY):
            self._process.wait()
            message = self._log_path.read_text(errors="replace").strip()
            self.close()
            raise ServerDidNotStart(message or "it wrote nothing")
        return dict(word.split("=", 1) for word in line.split() if "=" in word)["grpc"]

    def close(self) -> None:
        """Stops the server and removes its directory."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        """Returns the server."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops it."""
        self.close()
