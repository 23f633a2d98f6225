"""Clients that import, take back, write and read until the server dies under them, and go on where they were when it is back."""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from segue.v1 import (
    block_pb2,
    export_service_pb2,
    import_service_pb2,
    profile_service_pb2,
)
from segue.v1.import_service_pb2 import ImportStatus
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.e2e.import_history import CANCELLED, COMPLETED, History, Job, Written
from tests.e2e.server_process import Caller

PARENT: Final = "accounts/shop"
BATCH: Final = block_pb2.BLOCK_FORMAT_PROFILE_BATCH
ADD: Final = import_service_pb2.IMPORT_ACTION_ADD
DELETE: Final = import_service_pb2.IMPORT_ACTION_DELETE
RETENTIONS: Final = (0, 5, 20)
"""Seconds; 0 makes compaction delete parts as soon as their token has ended."""
GONE: Final = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
LATE: Final = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION}
"""What is answered when an import's time is over."""
POLL_SECONDS: Final = 0.005


class Worker(ABC):
    """A client whose work outlives connections."""

    def __init__(self, history: History, seed: str) -> None:
        self.history = history
        self.random = random.Random(seed)
        self.phase = "idle"
        """What it is waiting for just now."""
        self.failure: BaseException | None = None

    def run(self, target: str, key: str, is_killed: Callable[[], bool]) -> None:
        """Makes one call after the other until the server is gone."""
        with Caller(target, key) as caller:
            try:
                while not is_killed():
                    self.step(caller)
            except BaseException as error:  # noqa: BLE001 - the test's own thread raises it
                is_gone = isinstance(error, grpc.RpcError) and error.code() in GONE
                if not (is_gone and is_killed()):
                    self.failure = error

    @abstractmethod
    def step(self, caller: Caller) -> None:
        """Does the next thing."""


class Importer(Worker):
    """Opens imports, stages their parts in any order and more than once, and executes or cancels them."""

    job: Job | None = None
    cancels = False

    def step(self, caller: Caller) -> None:
        job = self.job
        if job is None:
            self.job, self.cancels = self._new_job(), False
            return
        try:
            self._go_on(caller, job)
        except grpc.RpcError as error:
            if error.code() not in LATE or job.age() < 0.9:
                raise
            self.job = None

    def _new_job(self) -> Job:
        erasure = self.history.new_erasure(4) if self.random.random() < 0.3 else None
        return erasure or self.history.new_job(
            self.random.randint(1, 4), self.random.randrange(120), self.random.choice(RETENTIONS)
        )

    def _go_on(self, caller: Caller, job: Job) -> None:
        missing = [part for part in job.parts() if part not in job.acknowledged]
        if not job.token:
            self._open(caller, job)
        elif self.cancels:
            self._cancel(caller, job)
        elif job.age() > 0.5 and not job.executed:
            self.job = None
        elif missing:
            self._stage(caller, job, missing)
        else:
            self._execute(caller, job)

    def _open(self, caller: Caller, job: Job) -> None:
        self.phase = "opening"
        request = import_service_pb2.InitiateImportRequest(
            parent=PARENT,
            display_name=str(job.number),
            action=DELETE if job.erases else ADD,
            staging_retention=Duration(seconds=job.retention_seconds),
            request_id=job.request_id("open"),
        )
        job.token = caller.imports.InitiateImport(request, metadata=caller.metadata).token

    def _stage(self, caller: Caller, job: Job, missing: list[int]) -> None:
        self.phase = "staging"
        parts = self.random.sample(missing, self.random.randint(1, len(missing)))
        if job.acknowledged and self.random.random() < 0.3:
            parts.append(self.random.choice(sorted(job.acknowledged)))
        messages = (
            import_service_pb2.StageProfilesRequest(
                token=job.token, part_number=part, format=BATCH, data=job.block(part)
            )
            for part in parts
        )
        answer = caller.imports.StageProfiles(messages, metadata=caller.metadata)
        assert answer.received_count == answer.valid_count == job.record_count(parts)
        job.acknowledged.update(parts)
        self.cancels = not job.erases and self.random.random() < 0.03

    def _execute(self, caller: Caller, job: Job) -> None:
        self.phase = "executing"
        request = import_service_pb2.ExecuteImportRequest(
            token=job.token, request_id=job.request_id("execute")
        )
        caller.imports.ExecuteImport(request, metadata=caller.metadata)
        job.executed = True
        self.cancels = not job.erases and self.random.random() < 0.1
        if not self.cancels and self.random.random() < 0.7:
            status = ended(caller, job.token)
            assert status.state == COMPLETED, status
            self.history.tell(status.revision)
        if not self.cancels:
            self.job = None

    def _cancel(self, caller: Caller, job: Job) -> None:
        self.phase = "cancelling"
        request = import_service_pb2.CancelImportRequest(token=job.token)
        try:
            caller.imports.CancelImport(request, metadata=caller.metadata)
            job.cancelled = True
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                raise
            assert ended(caller, job.token).state == COMPLETED
        self.job = None


class Undoer(Worker):
    """Takes some imports back."""

    job: Job | None = None

    def step(self, caller: Caller) -> None:
        job = self.job = self.job or self._choose()
        if job is None:
            self.phase = "idle"
            time.sleep(POLL_SECONDS)
            return
        self.phase, job.undo_asked = "undoing", True
        request = import_service_pb2.UndoImportRequest(token=job.token)
        try:
            token = caller.imports.UndoImport(request, metadata=caller.metadata).token
            assert job.undo_token in {"", token}, "an undo was asked for twice"
            job.undo_token = token
            status = ended(caller, token)
            assert status.state == COMPLETED, status
            self.history.tell(status.revision)
        except grpc.RpcError as error:
            if error.code() not in LATE or job.age() < 0.9:
                raise
        self.job = None

    def _choose(self) -> Job | None:
        waiting = [
            job
            for job in self.history.jobs[-60:]
            if job.revision and not job.erases and not job.undo_asked and job.age() < 0.5
        ]
        return self.random.choice(waiting) if waiting else None


class Writer(Worker):
    """Writes a few profiles at a time, which nobody else writes."""

    batch: ProfileBatch | None = None
    revision = 0

    def __init__(self, history: History, seed: str, name: str) -> None:
        super().__init__(history, seed)
        self._name = name
        self._count = 0

    def step(self, caller: Caller) -> None:
        self.phase, is_late = "writing", self.batch is not None
        batch = self.batch = self.batch or self._new_batch()
        request = profile_service_pb2.UpsertProfilesRequest(parent=PARENT, batch=batch)
        answer = caller.profiles.UpsertProfiles(request, metadata=caller.metadata)
        assert answer.written_count == len(batch.profiles)
        assert answer.revision > self.revision, "a revision went back"
        self.revision = answer.revision
        self.history.tell(answer.revision)
        for profile in batch.profiles:
            written = Written(answer.revision, profile.country, is_late)
            self.history.small.setdefault(profile.profile_id, []).append(written)
            del self.history.pending[profile.profile_id]
        self.batch = None
        time.sleep(self.random.uniform(0, 0.02))

    def _new_batch(self) -> ProfileBatch:
        self._count += 1
        ids = self.random.sample(range(60), self.random.randint(1, 20))
        values = {f"{self._name}{n}": f"w{self._count}" for n in ids}
        self.history.pending.update(values)
        return ProfileBatch(profiles=[Profile(profile_id=k, country=v) for k, v in values.items()])


class Reader(Worker):
    """Reads the whole account at one revision, again and again."""

    def __init__(self, history: History, seed: str) -> None:
        super().__init__(history, seed)
        self.seen: list[tuple[int, dict[str, str]]] = []
        """States that are to be checked, in order of their revisions."""

    def step(self, caller: Caller) -> None:
        self.phase = "reading"
        self.seen.append(whole_account(caller))
        self.phase = "idle"
        time.sleep(0.1)


def ended(caller: Caller, token: str) -> ImportStatus:
    """Waits for the end of an import that is executed."""
    request = import_service_pb2.GetImportStatusRequest(token=token)
    while True:
        status = caller.imports.GetImportStatus(request, metadata=caller.metadata)
        if status.state in {COMPLETED, import_service_pb2.IMPORT_STATE_FAILED, CANCELLED}:
            return status
        time.sleep(POLL_SECONDS)


def all_imports(caller: Caller) -> list[ImportStatus]:
    """Lists the account's imports."""
    found: list[ImportStatus] = []
    request = import_service_pb2.ListImportsRequest(parent=PARENT, page_size=1000)
    while True:
        page = caller.imports.ListImports(request, metadata=caller.metadata)
        found += page.imports
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def whole_account(caller: Caller) -> tuple[int, dict[str, str]]:
    """Reads a revision of the account: countries by profiles. Anew when profiles are erased meanwhile, which takes exports with them."""
    request = export_service_pb2.InitiateExportRequest(
        parent=PARENT, format=BATCH, read_mask=FieldMask(paths=["country"])
    )
    while True:
        try:
            opened = caller.exports.InitiateExport(request, metadata=caller.metadata)
            return opened.revision, _retrieved(caller, opened.token)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                raise


def _retrieved(caller: Caller, token: str) -> dict[str, str]:
    values: dict[str, str] = {}
    retrieve = export_service_pb2.RetrieveExportRequest(token=token)
    for block in caller.exports.RetrieveExport(retrieve, metadata=caller.metadata):
        for profile in ProfileBatch.FromString(block.data).profiles:
            assert profile.profile_id not in values, "a profile is doubled"
            values[profile.profile_id] = profile.country
    cancel = export_service_pb2.CancelExportRequest(token=token)
    caller.exports.CancelExport(cancel, metadata=caller.metadata)
    return values


class Load:
    """All clients together."""

    def __init__(self, history: History, seed: int) -> None:
        self.reader = Reader(history, f"{seed} reader")
        self.workers: list[Worker] = [
            *(Importer(history, f"{seed} importer {n}") for n in range(3)),
            *(Writer(history, f"{seed} writer {name}", name) for name in "uv"),
            Undoer(history, f"{seed} undoer"),
            self.reader,
        ]
        self._threads: list[threading.Thread] = []
        self._is_killed = threading.Event()

    def start(self, target: str, key: str) -> None:
        """Lets everybody go on against a server."""
        self._is_killed.clear()
        self._threads = [
            threading.Thread(
                target=worker.run, args=(target, key, self._is_killed.is_set), daemon=True
            )
            for worker in self.workers
        ]
        for thread in self._threads:
            thread.start()

    def killing(self) -> set[str]:
        """Says that the server is about to die; returns what somebody is waiting for."""
        self._is_killed.set()
        return {worker.phase for worker in self.workers} - {"idle"}

    def join(self) -> None:
        """Waits until everybody has noticed, and raises what went wrong for one of them."""
        for thread in self._threads:
            thread.join()
        for worker in self.workers:
            if worker.failure is not None:
                raise worker.failure
