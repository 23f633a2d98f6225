"""What an account must hold after imports, undos, erasures and small writes, revision by revision: the model that a crash test compares with."""

import bisect
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from segue.v1 import import_service_pb2
from segue.v1.import_service_pb2 import ImportStatus
from segue.v1.profile_pb2 import Address, Profile, ProfileBatch

TOKEN_SECONDS: Final = 30
"""`SEGUE_IMPORT_TOKEN_SECONDS` of the server: how long an import may be staged, and how long it is kept beyond its retention."""

SHARED: Final = [f"s{n}" for n in range(120)]
"""Profiles that every import writes some of; there from the beginning."""
SHARED_IN_PART: Final = 8
OWN_IN_PART: Final = 40
PADDING: Final = [Address(type="home", lines=[letter * 240 for letter in "abcde"])]
"""Makes a few imports a megabyte of journal."""

COMPLETED: Final = import_service_pb2.IMPORT_STATE_COMPLETED
CANCELLED: Final = import_service_pb2.IMPORT_STATE_CANCELLED
STAGING: Final = {
    import_service_pb2.IMPORT_STATE_INITIATED,
    import_service_pb2.IMPORT_STATE_STAGING,
}
RUNNING: Final = {
    import_service_pb2.IMPORT_STATE_QUEUED,
    import_service_pb2.IMPORT_STATE_PROCESSING,
}


@dataclass(eq=False)
class Job:
    """An import, and what its client knows of it."""

    number: int
    part_count: int
    first_shared: int
    retention_seconds: int
    erases: tuple["Job", ...] = ()
    """Imports whose own profiles it erases; empty for one that adds."""
    token: str = ""
    born: float = field(default_factory=time.monotonic)
    acknowledged: set[int] = field(default_factory=set)
    """Parts whose staging was answered."""
    executed: bool = False
    """Whether Execute was answered."""
    cancelled: bool = False
    """Whether Cancel was answered with success."""
    undo_asked: bool = False
    undo_token: str = ""
    name: str = ""
    revision: int = 0
    """Where it became visible, once that is known."""
    undo_revision: int = 0
    erased: bool = False
    """Whether an import was made that erases its profiles."""

    @property
    def life_seconds(self) -> int:
        """How long the server keeps its token."""
        return TOKEN_SECONDS + self.retention_seconds

    def age(self) -> float:
        """Returns what part of its life is over."""
        return (time.monotonic() - self.born) / self.life_seconds

    def request_id(self, purpose: str) -> str:
        """Returns the id by which a request of it is the same one again."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.number} {self.born} {purpose}"))

    def own_ids(self, part: int) -> list[str]:
        """Returns the profiles that only it writes."""
        return [f"i{self.number}-{part}-{n}" for n in range(OWN_IN_PART)]

    def shared_ids(self, part: int) -> list[str]:
        """Returns the profiles that others write too; no two parts have the same."""
        first = self.first_shared + part * SHARED_IN_PART
        return [SHARED[n % len(SHARED)] for n in range(first, first + SHARED_IN_PART)]

    def parts(self) -> range:
        """Returns its parts' numbers."""
        return range(1, self.part_count + 1)

    def ids(self, part: int) -> list[str]:
        """Returns the profiles that a part names."""
        if self.erases:
            erased = self.erases[part - 1]
            return [profile_id for each in erased.parts() for profile_id in erased.own_ids(each)]
        return self.own_ids(part) + self.shared_ids(part)

    def record_count(self, parts: Iterable[int]) -> int:
        """Returns how many records parts have."""
        return sum(len(self.ids(part)) for part in parts)

    def block(self, part: int) -> bytes:
        """Returns a part's bytes, always the same."""
        ids, mark = self.ids(part), f"m{self.number}"
        if self.erases:
            profiles = [Profile(profile_id=profile_id) for profile_id in ids]
        else:
            profiles = [
                Profile(profile_id=profile_id, country=mark, addresses=PADDING)
                for profile_id in ids
            ]
        return ProfileBatch(profiles=profiles).SerializeToString(deterministic=True)


@dataclass(frozen=True)
class Written:
    """A value that UpsertProfiles wrote to a profile."""

    revision: int
    value: str
    is_late: bool
    """Whether it was sent before without an answer, and so may have been visible earlier."""


class History:
    """Knows of every change by its revision, and so what the account is at each."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.highest_revision = 0
        """The highest that was ever told."""
        self.state = dict.fromkeys(SHARED, "m0")
        """Countries of profiles, those of small writes left out, at `_revision`."""
        self.small: dict[str, list[Written]] = {}
        self.pending: dict[str, str] = {}
        """Values of small writes that were not answered."""
        self._revision = 0
        self._events: list[tuple[int, str, Job, ImportStatus]] = []
        self._before: dict[int, dict[str, str]] = {}
        self._lock = threading.Lock()

    def new_job(self, part_count: int, first_shared: int, retention_seconds: int) -> Job:
        """Makes an import that adds."""
        with self._lock:
            job = Job(len(self.jobs) + 1, part_count, first_shared, retention_seconds)
            self.jobs.append(job)
            return job

    def new_erasure(self, least: int) -> Job | None:
        """Makes an import that erases what those wrote that cannot be taken back any more; None while these are few."""
        with self._lock:
            old = [
                job
                for job in self.jobs
                if job.revision and not job.undo_asked and not job.erases and not job.erased
                if job.age() > 1.05
            ]
            if len(old) < least:
                return None
            for erased in old:
                erased.erased = True
            job = Job(len(self.jobs) + 1, len(old), 0, 0, tuple(old))
            self.jobs.append(job)
            return job

    def tell(self, revision: int) -> None:
        """Notes a revision that the server told of."""
        self.highest_revision = max(self.highest_revision, revision)

    def learn(self, listed: Iterable[ImportStatus]) -> None:
        """Takes in what the server says of all imports, and compares it with what was acknowledged."""
        names = dict[int, ImportStatus]()
        for status in listed:
            job = self.jobs[int(status.display_name) - 1]
            if status.action == import_service_pb2.IMPORT_ACTION_UNDO:
                self._learn_undo(job, status)
                continue
            assert job.number not in names, "an import was opened twice"
            names[job.number] = status
            self._learn_import(job, status)
        for job in self.jobs:
            if job.token and job.age() < 0.95:
                assert job.number in names, f"import {job.number} was lost"

    def _learn_import(self, job: Job, status: ImportStatus) -> None:
        assert job.name in {"", status.name}
        job.name = status.name
        acknowledged = job.record_count(job.acknowledged)
        assert status.received_count >= acknowledged, f"import {job.number} lost a part"
        assert status.received_count <= job.record_count(job.parts()), "a part counts twice"
        assert status.received_count == status.valid_count
        assert status.state in {COMPLETED, CANCELLED} | STAGING | RUNNING, status
        if job.cancelled:
            assert status.state == CANCELLED, "an import came back that was given up"
        elif job.executed:
            assert status.state not in STAGING, "an acknowledged execution was forgotten"
        if status.state == COMPLETED:
            assert job.revision in {0, status.revision}, "an import moved to another revision"
            if not job.revision:
                check_counts(job, status)
                job.revision = status.revision
                self._add(job.revision, "erase" if job.erases else "import", job, status)
        else:
            assert not job.revision, "a completed import is not completed any more"

    def _learn_undo(self, job: Job, status: ImportStatus) -> None:
        assert job.undo_asked, "an undo that nobody asked for"
        assert status.state in {COMPLETED} | RUNNING, status
        if status.state == COMPLETED:
            assert job.undo_revision in {0, status.revision}, "an import was taken back twice"
            if not job.undo_revision:
                job.undo_revision = status.revision
                self._add(job.undo_revision, "undo", job, status)

    def _add(self, revision: int, kind: str, job: Job, status: ImportStatus) -> None:
        assert revision > self._revision, "a change came in before a state that did not show it"
        self.tell(revision)
        bisect.insort(self._events, (revision, kind, job, status), key=lambda event: event[0])

    def check(self, revision: int, found: dict[str, str]) -> None:
        """Compares a state of the account at a revision with what it must be; revisions ascend from check to check."""
        self._advance(revision)
        ids = self.small.keys() | self.pending.keys()
        small = {profile_id: found.get(profile_id, "") for profile_id in ids}
        rest = {key: value for key, value in found.items() if key not in ids}
        if rest != self.state:
            raise AssertionError(_difference(revision, self.state, rest))
        for profile_id, value in small.items():
            allowed = self._allowed(profile_id, revision)
            assert value in allowed, f"{profile_id} is {value} at {revision}, not {allowed}"

    def _advance(self, revision: int) -> None:
        assert revision >= self._revision, "a revision went back"
        self._revision = revision
        while self._events and self._events[0][0] <= revision:
            _, kind, job, status = self._events.pop(0)
            getattr(self, f"_{kind}")(job, status)

    def _import(self, job: Job, _: ImportStatus) -> None:
        shared = [each for part in job.parts() for each in job.shared_ids(part)]
        self._before[job.number] = {each: self.state[each] for each in shared}
        for part in job.parts():
            self.state |= dict.fromkeys(job.ids(part), f"m{job.number}")

    def _undo(self, job: Job, status: ImportStatus) -> None:
        before = self._before.pop(job.number)
        back = {each: old for each, old in before.items() if self.state[each] == f"m{job.number}"}
        own = [each for part in job.parts() for each in job.own_ids(part)]
        for each in own:
            del self.state[each]
        self.state |= back
        counts = (status.processed_count, status.exception_count)
        assert counts == (len(own) + len(back), len(before) - len(back)), (job, status)

    def _erase(self, job: Job, _: ImportStatus) -> None:
        for part in job.parts():
            for each in job.ids(part):
                del self.state[each]

    def _allowed(self, profile_id: str, revision: int) -> set[str]:
        """Returns what a small write may have left at a revision: what was acknowledged, or the write after it that broke."""
        written = self.small.get(profile_id, [])
        count = bisect.bisect_right(written, revision, key=lambda each: each.revision)
        allowed = {written[count - 1].value if count else ""}
        if count < len(written):
            allowed |= {written[count].value} if written[count].is_late else set()
        elif profile_id in self.pending:
            allowed.add(self.pending[profile_id])
        return allowed


def check_counts(job: Job, status: ImportStatus) -> None:
    """Compares the counts of an import that completed with its records, each of which names another profile."""
    records = job.record_count(job.parts())
    own = 0 if job.erases else sum(len(job.own_ids(part)) for part in job.parts())
    counts = (status.received_count, status.processed_count, status.created_count)
    assert counts == (records, records, own), (job, status)
    assert (status.repeated_count, status.not_honored_count, status.exception_count) == (0, 0, 0)
    assert status.erased_count == (records if job.erases else 0)


def _difference(revision: int, wanted: dict[str, str], found: dict[str, str]) -> str:
    wrong = sorted(
        each for each in wanted.keys() | found.keys() if wanted.get(each) != found.get(each)
    )
    told = [f"{each}: {wanted.get(each)} → {found.get(each)}" for each in wrong[:10]]
    return f"at revision {revision} {len(wrong)} profiles are not what they must be: {told}"
