"""Processes that benchmarks start: the server, and the others' servers."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

import psutil

STOP_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.05
"""Between two looks at a process's memory."""
_ADDRESS: Final = re.compile(r"127\.0\.0\.1:(\d+)")


class ServingProcess:
    """A process that serves on this machine and says where in its first line. To be used in a `with` block."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Takes the arguments of the Python interpreter."""
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.target = ""
        self.ready_seconds = 0.0
        """How long it took until the first line."""

    def __enter__(self) -> Self:
        """Starts the process and waits for its line.

        Raises:
            RuntimeError: It ended instead.
        """
        started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 — our own interpreter and modules
            [sys.executable, *self._arguments], stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        self.ready_seconds = time.perf_counter() - started
        found = _ADDRESS.search(line)
        if found is None:
            self.stop()
            raise RuntimeError(f"{' '.join(self._arguments)} did not start: {line.strip()}")
        self.target = found.group()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops the process."""
        self.stop()

    def stop(self) -> None:
        """Asks the process to end, and ends it when it does not."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    @property
    def cpu_seconds(self) -> float:
        """Processor time used so far, all threads."""
        times = self._observed().cpu_times()
        return float(times.user + times.system)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return int(self._observed().pid)

    @property
    def rss_bytes(self) -> int:
        """Memory resident now."""
        return int(self._observed().memory_info().rss)

    def _observed(self) -> psutil.Process:
        if self._process is None:
            raise RuntimeError("the process is not running")
        return psutil.Process(self._process.pid)


class SegueServer(ServingProcess):
    """`segue serve` on a directory."""

    def __init__(self, data_dir: Path, module: str = "segue") -> None:
        """Takes the directory, which is made when it is missing, and the module whose command serves."""
        addresses = ("--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0")
        super().__init__(("-m", module, "serve", "--data-dir", str(data_dir), *addresses))
        self._data_dir = data_dir

    @property
    def api_key(self) -> str:
        """The admin's key, which the first start wrote."""
        return (self._data_dir / "admin-key").read_text().strip()


@dataclass
class WatchedMemory:
    """Resident memory of a process while something was done."""

    before_bytes: int
    peak_bytes: int

    @property
    def growth_bytes(self) -> int:
        """Returns how far the peak was above what was held before."""
        return self.peak_bytes - self.before_bytes


@contextmanager
def watched_memory(process: ServingProcess) -> Iterator[WatchedMemory]:
    """Looks at a process's memory every 50 ms while the block under it runs, and when it ends."""
    before = process.rss_bytes
    memory, ended = WatchedMemory(before, before), Event()

    def look() -> None:
        memory.peak_bytes = max(memory.peak_bytes, process.rss_bytes)

    def watch() -> None:
        while not ended.wait(LOOK_SECONDS):
            look()

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield memory
    finally:
        ended.set()
        watching.join()
    look()
