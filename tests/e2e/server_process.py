"""A server in a process of its own, as a user starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import grpc

from segue.v1 import (
    account_service_pb2_grpc,
    event_service_pb2_grpc,
    export_service_pb2_grpc,
    import_service_pb2_grpc,
    list_service_pb2_grpc,
    profile_service_pb2_grpc,
)

READY_SECONDS = 60


class ServerProcess:
    """Runs `segue serve` on free ports; `with` kills it in the end."""

    def __init__(self, data_dir: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = data_dir.with_suffix(".log")
        self._process = _launched(data_dir, self.log, environment)
        self.target = self._wait()
        self.key = (data_dir / "admin-key").read_text().strip()

    def _wait(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("segue ready "), f"{line!r}\n{self.log.read_text()[-2000:]}"
        return dict(word.split("=", 1) for word in line.split()[2:])["grpc"]

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def kill(self) -> None:
        """Ends the process without a chance to tidy up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def stop(self) -> int:
        """Asks the process to stop, and returns its exit code."""
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(READY_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()


def kill_while_starting(
    data_dir: Path, environment: Mapping[str, str] | None, after_seconds: float
) -> None:
    """Launches a server and ends it after a while, whether it is ready by then or not."""
    process = _launched(data_dir, data_dir.with_suffix(".log"), environment)
    time.sleep(after_seconds)
    process.kill()
    process.communicate()


def _launched(
    data_dir: Path, log_file: Path, environment: Mapping[str, str] | None
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "segue", "serve", "--data-dir", str(data_dir)]
    with log_file.open("a") as log:
        return subprocess.Popen(
            [*command, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **(environment or {})},
        )


class Caller:
    """Typed stubs on one channel, with a key."""

    def __init__(self, target: str, key: str) -> None:
        self.channel = grpc.insecure_channel(target)
        self.metadata = (("authorization", f"Bearer {key}"),)
        self.accounts = account_service_pb2_grpc.AccountServiceStub(self.channel)
        self.lists = list_service_pb2_grpc.ListServiceStub(self.channel)
        self.profiles = profile_service_pb2_grpc.ProfileServiceStub(self.channel)
        self.events = event_service_pb2_grpc.EventServiceStub(self.channel)
        self.imports = import_service_pb2_grpc.ImportServiceStub(self.channel)
        self.exports = export_service_pb2_grpc.ExportServiceStub(self.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
