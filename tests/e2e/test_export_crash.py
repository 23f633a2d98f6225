"""kill -9 while files of exports are written and streams are read.

After the restart the jobs are finished, with the bytes that they would have had; streams go on where they were; no file is left that nobody knows.
"""

import hashlib
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from segue.v1 import (
    account_service_pb2,
    block_pb2,
    export_pb2,
    export_service_pb2,
    profile_pb2,
    profile_service_pb2,
)
from tests.e2e.server_process import Caller, ServerProcess

CYCLES = int(os.environ.get("SEGUE_CRASH_CYCLES", "4"))
PARENT = "accounts/shop"
PROFILES = 20_000
STREAMS = 3
FILE_ROWS = 1_500
ENVIRONMENT = {
    "SEGUE_EXPORT_BLOCK_BYTES": str(16 << 10),
    "SEGUE_MAX_OPEN_EXPORTS": "100000",
    "SEGUE_LOG_LEVEL": "warning",
}


def fill(caller: Caller) -> None:
    """Opens an account with profiles."""
    caller.accounts.CreateAccount(
        account_service_pb2.CreateAccountRequest(account_id="shop"), metadata=caller.metadata
    )
    for first in range(0, PROFILES, 1000):
        change(caller, range(first, first + 1000), "first")


def change(caller: Caller, numbers: range, customer_type: str) -> None:
    batch = profile_pb2.ProfileBatch()
    for number in numbers:
        batch.profiles.add(profile_id=f"p{number}", customer_type=customer_type + "x" * 50)
    request = profile_service_pb2.UpsertProfilesRequest(parent=PARENT, batch=batch)
    caller.profiles.UpsertProfiles(request, metadata=caller.metadata)


def ask(caller: Caller, **fields: Any) -> str:
    """Initiates an export; returns its token."""
    request = export_service_pb2.InitiateExportRequest(
        parent=PARENT, format=block_pb2.BLOCK_FORMAT_NDJSON, **fields
    )
    return caller.exports.InitiateExport(request, metadata=caller.metadata).token


def blocks_of(
    caller: Caller, token: str, part: int, offset: int = 0
) -> Iterator[export_service_pb2.RetrieveExportResponse]:
    request = export_service_pb2.RetrieveExportRequest(token=token, part=part, offset=offset)
    return caller.exports.RetrieveExport(request, metadata=caller.metadata)


def watched(caller: Caller, token: str) -> export_pb2.ExportStatus:
    """Waits until a job ended; returns its last state."""
    request = export_service_pb2.WatchExportRequest(token=token)
    return list(caller.exports.WatchExport(request, metadata=caller.metadata))[-1]


class Reader(threading.Thread):
    """Reads a stream until its end, or until the server dies under it."""

    def __init__(self, server: ServerProcess, token: str, part: int, begun: bytes) -> None:
        super().__init__(daemon=True)
        self._server, self._token, self._part = server, token, part
        self.data = begun
        self.first = threading.Event()
        self.is_whole = False

    def run(self) -> None:
        with Caller(self._server.target, self._server.key) as caller:
            try:
                for block in blocks_of(caller, self._token, self._part, len(self.data)):
                    assert block.offset == len(self.data)
                    self.data += block.data
                    self.first.set()
                self.is_whole = True
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE  # noqa: PT017
            finally:
                self.first.set()


@pytest.mark.slow
@pytest.mark.timeout(60 + CYCLES * 15)
def test_exports_go_on_with_the_same_bytes_after_any_crash(tmp_path: Path) -> None:
    rng, data_dir = random.Random(20_261_126), tmp_path / "data"
    with (
        ServerProcess(data_dir, ENVIRONMENT) as server,
        Caller(server.target, server.key) as caller,
    ):
        fill(caller)
        streams = ask(caller, stream_count=STREAMS)
        expected = [
            b"".join(block.data for block in blocks_of(caller, streams, part))
            for part in range(STREAMS)
        ]
    begun, jobs = [b""] * STREAMS, list[tuple[str, str]]()
    for _ in range(CYCLES):
        with ServerProcess(data_dir, ENVIRONMENT) as server:
            with Caller(server.target, server.key) as caller:
                stream = ask(caller)
                job = ask(
                    caller, delivery=export_pb2.EXPORT_DELIVERY_FILES, max_file_rows=FILE_ROWS
                )
                jobs.append((stream, job))
                change(caller, range(0, PROFILES, PROFILES // 500), "second")
            readers = [Reader(server, streams, part, data) for part, data in enumerate(begun)]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.first.wait()
            threading.Event().wait(rng.uniform(0, 0.3))
            server.kill()
            for reader in readers:
                reader.join()
        for part, reader in enumerate(readers):
            assert expected[part].startswith(reader.data)
            keep = rng.randrange(len(reader.data) + 1)
            begun[part] = reader.data[:keep]
    with (
        ServerProcess(data_dir, ENVIRONMENT) as server,
        Caller(server.target, server.key) as caller,
    ):
        files = 0
        for part, data in enumerate(begun):
            rest = b"".join(block.data for block in blocks_of(caller, streams, part, len(data)))
            assert data + rest == expected[part], "a stream changed over a crash"
        for stream, job in jobs:
            status = watched(caller, job)
            assert status.state == export_pb2.EXPORT_STATE_COMPLETE, status
            files += len(status.files)
            whole = b""
            for number, file in enumerate(status.files):
                content = b"".join(block.data for block in blocks_of(caller, job, number))
                assert hashlib.sha256(content).digest() == file.sha256
                whole += content
            assert whole == b"".join(block.data for block in blocks_of(caller, stream, 0))
        on_disk = [path for path in (data_dir / "exports").rglob("*") if path.is_file()]
        assert len(on_disk) == files, "a crash left files that nobody knows"
