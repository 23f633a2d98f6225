"""`segue doctor`: looks for what keeps a server or a client from working."""

import os
import platform
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import apsw
import grpc
import typer
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from segue._kernel import verify_snapshot
from segue.cli.failures import FAILED
from segue.cli.session import Session, connected
from segue.client import ClientError, Forbidden
from segue.errors import SegueError

_FIXED_SQLITE: Final = (3, 51, 3)
_SLOW_SYNC_MILLIS: Final = 20.0
_SYNCS: Final = 20
_SYNC_BYTES: Final = 4096
_EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_REACH_SECONDS: Final = 5.0
_PACKAGES: Final = ("grpcio", "protobuf", "pyarrow", "apsw")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    good: bool
    finding: str


@connected
def doctor(
    session: Session,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir", help="Also look at this server's directory.", envvar="SEGUE_DATA_DIR"
        ),
    ] = None,
) -> None:
    """Check versions, the clock, a data directory, and whether the server can be reached with the key."""
    findings = [_versions(), _sqlite(), _clock()]
    if data_dir:
        findings += [_sync_cost(data_dir), *_snapshots(data_dir)]
    findings += _server(session)
    columns = ("check", "good", "finding")
    session.output.rows(columns, [vars(finding) for finding in findings])
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAILED)


def _versions() -> Finding:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return Finding("versions", good=True, finding=f"Python {platform.python_version()}, {packages}")


def _sqlite() -> Finding:
    found = apsw.sqlite_lib_version()
    good = tuple(map(int, found.split("."))) >= _FIXED_SQLITE
    remedy = "" if good else "; older than 3.51.3, which may lose writes: install apsw anew"
    return Finding("SQLite", good, found + remedy)


def _clock() -> Finding:
    now = datetime.now(UTC)
    good = now >= _EARLIEST
    remedy = "" if good else "; that is before this program was written: set the clock"
    return Finding("clock", good, now.isoformat(timespec="seconds") + remedy)


def _sync_cost(data_dir: Path) -> Finding:
    """Measures what a durable write costs where the journal is."""
    if not data_dir.is_dir():
        return Finding("disk", good=False, finding=f"there is no directory {data_dir}")
    times = []
    with tempfile.TemporaryFile(dir=data_dir) as file:
        for _ in range(_SYNCS):
            file.write(b"\0" * _SYNC_BYTES)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - started) * 1_000)
    median = sorted(times)[_SYNCS // 2]
    good = median < _SLOW_SYNC_MILLIS
    remedy = "" if good else "; every durable write waits for that: use a faster disk"
    return Finding("disk", good, f"{median:.2f} ms for a durable write" + remedy)


def _snapshots(data_dir: Path) -> Iterator[Finding]:
    """Reads all snapshots against their checksums."""
    for manifest in sorted(data_dir.glob("**/manifest.json")):
        directory = manifest.parent
        name = str(directory.relative_to(data_dir))
        try:
            verify_snapshot(str(directory))
        except SegueError as error:
            yield Finding(f"snapshot {name}", good=False, finding=str(error))
        else:
            yield Finding(f"snapshot {name}", good=True, finding="fits its checksums")


def _server(session: Session) -> Iterator[Finding]:
    reached = _reach(session)
    yield reached
    if reached.good:
        yield _key(session)


def _reach(session: Session) -> Finding:
    health = HealthStub(session.client.connection.channel)
    try:
        answer = health.Check(HealthCheckRequest(), timeout=_REACH_SECONDS)
    except grpc.RpcError as error:
        return Finding("server", good=False, finding=f"{session.target}: {error.details()}")
    good = answer.status == HealthCheckResponse.SERVING
    name = HealthCheckResponse.ServingStatus.Name(answer.status)
    return Finding("server", good, f"{session.target} is {name}")


def _key(session: Session) -> Finding:
    try:
        next(session.client.list_accounts(), None)
    except Forbidden:
        return Finding("key", good=True, finding="known, of one account")
    except ClientError as error:
        return Finding("key", good=False, finding=f"{error}; {error.remedy}")
    return Finding("key", good=True, finding="known, an admin's")
