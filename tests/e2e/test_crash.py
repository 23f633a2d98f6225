"""kill -9 at random moments of staging, executing, small writes, events and compaction.

What was acknowledged is there after the restart; an import is there whole or not at all; an export goes on with the same bytes.
"""

import os
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from segue.v1 import (
    account_service_pb2,
    block_pb2,
    event_pb2,
    event_service_pb2,
    export_service_pb2,
    import_service_pb2,
    profile_pb2,
    profile_service_pb2,
)
from tests.e2e.server_process import Caller, ServerProcess

CYCLES = int(os.environ.get("SEGUE_CRASH_CYCLES", "15"))
PARENT = "accounts/shop"
ENVIRONMENT = {
    # One MiB of journal is a snapshot: compaction happens within every few cycles.
    "SEGUE_SNAPSHOT_JOURNAL_BYTES": str(1 << 20),
    "SEGUE_MAX_OPEN_IMPORTS": "100000",
    "SEGUE_MAX_OPEN_EXPORTS": "100000",
}
IMPORT_PROFILES = 300
PADDING = "x" * 400


@dataclass
class Import:
    """What is known of one import."""

    number: int
    token: str
    staged: int = 0
    """Records that were acknowledged as staged."""
    executed: bool = False
    """Whether Execute was acknowledged."""
    asked: bool = False
    """Whether Execute was sent."""


@dataclass
class Known:
    """What a client knows after its calls were answered, or were not."""

    written: dict[str, set[str]] = field(default_factory=dict)
    """For each profile, the values it may have: one when acknowledged, two when an answer is missing."""
    imports: list[Import] = field(default_factory=list)
    sent_events: int = 0
    """Events that were sent, numbered from 0; each may or may not be recorded."""
    recorded_events: set[int] = field(default_factory=set)
    """Those that were acknowledged."""


def batch(values: dict[str, str]) -> profile_pb2.ProfileBatch:
    """Makes profiles whose customer type is a value."""
    made = profile_pb2.ProfileBatch()
    for profile_id, value in values.items():
        made.profiles.add(profile_id=profile_id, customer_type=value, locale=PADDING[:30])
    return made


def events(numbers: Iterable[int]) -> event_service_pb2.RecordEventsRequest:
    """Makes a stream's only message of events, one for each number."""
    made = event_pb2.EventBatch()
    for number in numbers:
        event = made.events.add(event_id=f"e{number}", profile_id=f"p{number % 300}")
        event.event_type = "opened"
        event.source_time_millis = 1_760_000_000_000 + number
        event.data.add(key="campaign", text=f"{number % 7:016x}")
    return event_service_pb2.RecordEventsRequest(
        parent=PARENT,
        format=block_pb2.BLOCK_FORMAT_EVENT_BATCH,
        data=made.SerializeToString(),
    )


class Client(threading.Thread):
    """Makes random calls, one after the other, until the server dies under it."""

    def __init__(self, server: ServerProcess, known: Known, seed: int) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._known = known
        self._random = random.Random(seed)

    def run(self) -> None:
        with Caller(self._server.target, self._server.key) as caller:
            try:
                while True:
                    self._step(caller)
            except grpc.RpcError as error:
                assert error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}  # noqa: PT017

    def _step(self, caller: Caller) -> None:
        waiting = [job for job in self._known.imports if not job.executed]
        if self._random.random() < 0.3:
            self._record(caller)
        elif self._random.random() < 0.5:
            self._write(caller)
        elif not waiting or self._random.random() < 0.2:
            self._open(caller)
        elif self._random.random() < 0.6:
            self._stage(caller, self._random.choice(waiting))
        else:
            self._execute(caller, self._random.choice(waiting))

    def _write(self, caller: Caller) -> None:
        ids = [f"p{self._random.randrange(200)}" for _ in range(self._random.randrange(1, 30))]
        values = {profile_id: f"v{self._random.randrange(10**6)}" for profile_id in ids}
        for profile_id, value in values.items():
            self._known.written.setdefault(profile_id, {""}).add(value)
        request = profile_service_pb2.UpsertProfilesRequest(parent=PARENT, batch=batch(values))
        caller.profiles.UpsertProfiles(request, metadata=caller.metadata)
        self._known.written |= {profile_id: {value} for profile_id, value in values.items()}

    def _record(self, caller: Caller) -> None:
        first = self._known.sent_events
        numbers = range(first, first + self._random.randrange(1, 200))
        self._known.sent_events = numbers.stop
        caller.events.RecordEvents(iter([events(numbers)]), metadata=caller.metadata)
        self._known.recorded_events |= set(numbers)

    def _open(self, caller: Caller) -> None:
        request = import_service_pb2.InitiateImportRequest(parent=PARENT)
        token = caller.imports.InitiateImport(request, metadata=caller.metadata).token
        self._known.imports.append(Import(len(self._known.imports), token))

    def _stage(self, caller: Caller, job: Import) -> None:
        if job.asked or job.staged >= 3 * IMPORT_PROFILES:
            return
        part = job.staged // IMPORT_PROFILES
        values = {f"i{job.number}-{part}-{n}": PADDING[:90] for n in range(IMPORT_PROFILES)}
        message = import_service_pb2.StageProfilesRequest(
            token=job.token,
            part_number=part + 1,
            format=block_pb2.BLOCK_FORMAT_PROFILE_BATCH,
            data=batch(values).SerializeToString(),
        )
        caller.imports.StageProfiles(iter([message]), metadata=caller.metadata)
        job.staged += IMPORT_PROFILES

    def _execute(self, caller: Caller, job: Import) -> None:
        if not job.staged:
            return
        job.asked = True
        request = import_service_pb2.ExecuteImportRequest(token=job.token)
        caller.imports.ExecuteImport(request, metadata=caller.metadata)
        job.executed = True


def stored(caller: Caller) -> tuple[dict[str, str], bytes, str]:
    """Reads the whole account: values by profile, the export's bytes, and its token."""
    opened = caller.exports.InitiateExport(
        export_service_pb2.InitiateExportRequest(
            parent=PARENT, format=block_pb2.BLOCK_FORMAT_PROFILE_BATCH
        ),
        metadata=caller.metadata,
    )
    values: dict[str, str] = {}
    data = b""
    for block in retrieve(caller, opened.token, 0):
        data += block.data
        for profile in profile_pb2.ProfileBatch.FromString(block.data).profiles:
            assert profile.profile_id not in values
            values[profile.profile_id] = profile.customer_type
    return values, data, opened.token


def retrieve(
    caller: Caller, token: str, offset: int
) -> list[export_service_pb2.RetrieveExportResponse]:
    request = export_service_pb2.RetrieveExportRequest(token=token, offset=offset)
    return list(caller.exports.RetrieveExport(request, metadata=caller.metadata))


def settle(caller: Caller, known: Known) -> None:
    """Waits for executions, and checks each import against what its client knows."""
    for job in known.imports:
        request = import_service_pb2.GetImportStatusRequest(token=job.token)
        while True:
            status = caller.imports.GetImportStatus(request, metadata=caller.metadata)
            if status.state not in {
                import_service_pb2.IMPORT_STATE_QUEUED,
                import_service_pb2.IMPORT_STATE_PROCESSING,
            }:
                break
            time.sleep(0.01)
        assert status.received_count >= job.staged
        acknowledged = job.executed
        job.asked = job.executed = status.state == import_service_pb2.IMPORT_STATE_COMPLETED
        assert job.executed or not acknowledged, "an acknowledged execution was forgotten"
        job.staged = status.received_count


def check(values: dict[str, str], known: Known) -> None:
    """Compares the stored account with what the client knows, and learns which of two values it was."""
    for profile_id, possible in known.written.items():
        found = values.get(profile_id, "")
        assert found in possible, f"{profile_id} lost an acknowledged value"
        known.written[profile_id] = {found}
    for job in known.imports:
        found_count = sum(profile_id.startswith(f"i{job.number}-") for profile_id in values)
        assert found_count == (job.staged if job.executed else 0), "an import is half applied"


def check_events(caller: Caller, known: Known) -> None:
    """Sends every event again: those that were acknowledged are known, and all of them from then on."""
    for numbers in (known.recorded_events, range(known.sent_events)):
        answer = caller.events.RecordEvents(iter([events(numbers)]), metadata=caller.metadata)
        assert answer.exception_count == 0
        if numbers is known.recorded_events:
            assert answer.duplicate_count == len(numbers), "an acknowledged event was forgotten"
    known.recorded_events = set(range(known.sent_events))


@pytest.mark.slow
@pytest.mark.timeout(60 + CYCLES * 10)
def test_nothing_acknowledged_is_lost_and_nothing_is_half_applied(tmp_path: Path) -> None:
    known, rng, data_dir = Known(), random.Random(20_261_120), tmp_path / "data"
    with (
        ServerProcess(data_dir, ENVIRONMENT) as server,
        Caller(server.target, server.key) as caller,
    ):
        caller.accounts.CreateAccount(
            account_service_pb2.CreateAccountRequest(account_id="shop"), metadata=caller.metadata
        )
    token, data = "", b""
    for cycle in range(CYCLES):
        with ServerProcess(data_dir, ENVIRONMENT) as server:
            with Caller(server.target, server.key) as caller:
                settle(caller, known)
                if token:
                    offset = rng.randrange(len(data) + 1)
                    again = b"".join(block.data for block in retrieve(caller, token, offset))
                    assert again == data[offset:], "an export changed over a restart"
                values, data, token = stored(caller)
                check(values, known)
                check_events(caller, known)
            client = Client(server, known, cycle)
            client.start()
            time.sleep(rng.uniform(0, 0.7))
            server.kill()
            client.join()
    assert any(job.executed for job in known.imports), "no import was ever executed"
    assert list((data_dir / "snapshots").glob("*/*")), "no journal was ever compacted"
