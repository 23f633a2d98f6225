"""PostgreSQL as Debian packs it: a cluster of its own in a directory, which ends with the benchmark."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from segue.bench.processes import STOP_SECONDS
from segue.bench.rivals_missing import RivalsMissing

USER: Final = "segue"
SETTINGS: Final = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "work_mem": "256MB",
    "temp_buffers": "256MB",
    "max_connections": "100",
}
"""What is not as it comes; `fsync`, `synchronous_commit` and `full_page_writes` are on, as they come."""

_DEBIAN: Final = Path("/usr/lib/postgresql")
_SYSTEM_USER: Final = "postgres"
_START_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05


def programs() -> Path:
    """Returns where the newest version's programs are.

    Raises:
        RivalsMissing: There are none where Debian has them.
    """
    found = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    if not found:
        raise RivalsMissing(
            "benchmarks need PostgreSQL: install it, as `apt-get install postgresql`"
        )
    return max(found, key=lambda path: int(path.parent.name))


@contextmanager
def postgres_server(directory: Path) -> Iterator[str]:
    """Makes a cluster, serves it on a socket in its directory alone, and stops it.

    PostgreSQL refuses to run as root, so then it runs as the user that its package made.

    Yields:
        What psycopg connects to.

    Raises:
        RivalsMissing: It is not installed.
        RuntimeError: It did not start; what it said last is in the message.
    """
    home = directory / "postgres"
    home.mkdir()
    directory.chmod(0o711)
    if os.geteuid() == 0:
        shutil.chown(home, _SYSTEM_USER, _SYSTEM_USER)
    data, log = home / "data", directory / "postgres.log"
    installed = programs()
    with log.open("wb") as output:
        _make(installed, data)
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        arguments = ("-D", data, "-k", home, "-h", "", *options)
        process = subprocess.Popen(  # noqa: S603 — an installed program and our own words
            _unprivileged((installed / "postgres", *map(str, arguments))),
            cwd=home,
            stdout=output,
            stderr=output,
        )
    target = f"host={home} user={USER} dbname=postgres"
    try:
        _wait(process, target, log)
        yield target
    finally:
        _stop(process)


def _make(installed: Path, data: Path) -> None:
    words = ("-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    made = subprocess.run(  # noqa: S603 — an installed program and our own words
        _unprivileged((installed / "initdb", *words)),
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr.strip()}")


def _unprivileged(command: Sequence[str | Path]) -> list[str]:
    """Returns the command as that user where we are root; the system ends it when we end without doing so."""
    user = (f"--reuid={_SYSTEM_USER}", f"--regid={_SYSTEM_USER}", "--init-groups")
    return ["setpriv", "--pdeathsig=INT", *(user if os.geteuid() == 0 else ()), *map(str, command)]


def _wait(process: "subprocess.Popen[bytes]", target: str, log: Path) -> None:
    import psycopg

    ends = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(target).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > ends:
                said = log.read_text(errors="replace").strip()
                raise RuntimeError(f"PostgreSQL did not start: {said[-500:]}") from error
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Asks for a fast shutdown, and for an immediate one when that takes too long."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_SECONDS)
