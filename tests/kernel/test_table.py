"""A table as Python sees it, against a dictionary of profiles."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from segue._kernel import Snapshot, Table, Transaction, verify_snapshot
from segue.v1.profile_pb2 import Profile
from tests.kernel.definitions import EVERYBODY, SCHEMA, aged, exported, part_of, plan_of, stored

IDS = [f"p{number}" for number in range(8)]
AGES = st.dictionaries(st.sampled_from(IDS), st.integers(0, 99), max_size=5)
GROWN_UP = plan_of(
    {
        "predicate": {
            "column": 70,
            "op": "in_range",
            "low": 18,
            "low_inclusive": True,
            "high": None,
            "high_inclusive": False,
        }
    }
)

Ages = dict[str, int]
Model = dict[str, tuple[int, int, int]]
"""Age, created at, changed at."""


class TableMachine(RuleBasedStateMachine):
    """Applies, commits, rolls back, erases and holds snapshots, beside a dictionary."""

    @initialize()
    def begin(self) -> None:
        self.table = Table()
        self.model: Model = {}
        self.removed: dict[str, int] = {}
        self.revision = 0
        self.held: list[tuple[Snapshot, Model]] = []
        self.transaction: Transaction | None = None
        self.fork: Model = {}

    def teardown(self) -> None:
        if getattr(self, "transaction", None) is not None:
            self.roll_back()

    @property
    def tick(self) -> int:
        return self.revision * 10

    def next_revision(self) -> int:
        self.revision += 1
        return self.revision

    def put(self, model: Model, ages: Ages, tick: int) -> None:
        for profile_id, age in ages.items():
            created = model[profile_id][1] if profile_id in model else tick
            model[profile_id] = (age, created, tick)

    @precondition(lambda self: self.transaction is None)
    @rule(blocks=st.lists(AGES, max_size=3))
    def apply(self, blocks: list[Ages]) -> None:
        revision = self.next_revision()
        before = set(self.model)
        parts = [part_of(*(aged(*pair) for pair in ages.items())) for ages in blocks]
        applied = self.table.apply(parts, revision, self.tick)
        for ages in blocks:
            self.put(self.model, ages, self.tick)
        written = set[str]().union(*blocks)
        assert applied == (len(written), len(written - before))
        self.removed = {key: tick for key, tick in self.removed.items() if key not in written}

    @precondition(lambda self: self.transaction is None)
    @rule()
    def begin_transaction(self) -> None:
        self.next_revision()
        self.transaction = self.table.begin(self.tick)
        self.fork = dict(self.model)

    @precondition(lambda self: self.transaction is not None)
    @rule(ages=AGES)
    def apply_to_the_fork(self, ages: Ages) -> None:
        assert self.transaction is not None
        new = len(ages.keys() - self.fork.keys())
        part = part_of(*(aged(*pair) for pair in ages.items()))
        applied = self.transaction.apply(part)
        assert (applied.applied, applied.created) == (len(ages), new)
        self.put(self.fork, ages, self.tick)

    @precondition(lambda self: self.transaction is not None)
    @rule()
    def commit(self) -> None:
        assert self.transaction is not None
        written = {key for key, values in self.fork.items() if values[2] == self.tick}
        created = len(self.fork.keys() - self.model.keys())
        assert self.transaction.commit(self.revision) == (len(written), created)
        self.model, self.transaction = self.fork, None
        self.removed = {key: tick for key, tick in self.removed.items() if key not in written}

    @precondition(lambda self: self.transaction is not None)
    @rule()
    def roll_back(self) -> None:
        assert self.transaction is not None
        self.transaction.roll_back()
        self.transaction = None

    @precondition(lambda self: self.transaction is None)
    @rule(ids=st.lists(st.sampled_from([*IDS, "nobody"]), max_size=3))
    def erase(self, ids: list[str]) -> None:
        revision = self.next_revision()
        erased = {key for key in ids if self.model.pop(key, None) is not None}
        assert self.table.erase(ids, revision, self.tick) == len(erased)
        self.removed |= dict.fromkeys(erased, self.tick)

    @rule()
    def hold(self) -> None:
        self.held.append((self.table.snapshot(), dict(self.model)))

    @invariant()
    def everything_agrees(self) -> None:
        snapshot = self.table.snapshot()
        assert_equals(snapshot, self.model)
        for held, model in self.held:
            assert_equals(held, model)
        assert_changes_since(snapshot, self.tick, self.model, self.removed)


def assert_equals(snapshot: Snapshot, model: Model) -> None:
    assert snapshot.profile_count == len(model) == snapshot.count(EVERYBODY)
    assert snapshot.count(GROWN_UP) == sum(age >= 18 for age, _, _ in model.values())
    for profile_id in IDS:
        profile = stored(snapshot, profile_id)
        assert snapshot.matches(EVERYBODY, profile_id) == (profile_id in model)
        assert (None if profile is None else values_of(profile)) == model.get(profile_id)
    assert {profile.profile_id for profile in exported(snapshot)} == set(model)


def assert_changes_since(
    snapshot: Snapshot, tick: int, model: Model, removed: dict[str, int]
) -> None:
    changes = exported(snapshot, changed_from_millis=tick, include_removed=True)
    assert {it.profile_id for it in changes if not it.removed} == {
        key for key, values in model.items() if values[2] >= tick
    }
    assert {it.profile_id for it in changes if it.removed} == {
        key for key, at in removed.items() if at >= tick
    }


def values_of(profile: Profile) -> tuple[int, int, int]:
    (age,) = profile.fields
    return int(age.number), profile.created_at_millis, profile.changed_at_millis


TestTable: Any = TableMachine.TestCase
TestTable.settings = settings(stateful_step_count=20)


@pytest.fixture
def table() -> Table:
    table = Table()
    profile = aged("p1", 20)
    profile.emails.add(value="Ada@Example.com")
    profile.memberships.add(list="newsletter").fields.add(key="Plan", text="free")
    table.apply([part_of(profile, aged("p2", 3))], 7, 13)
    return table


def test_a_snapshot_on_disk_opens_as_it_was(table: Table, tmp_path: Path) -> None:
    table.erase(["p2"], 8, 17)
    before = table.snapshot()
    before.write(str(tmp_path))
    verify_snapshot(str(tmp_path))
    opened = Table.open(str(tmp_path))
    after = opened.snapshot()
    assert (after.revision, after.tick_millis, after.profile_count) == (8, 17, 1)
    assert stored(after, "p1") == stored(before, "p1")
    assert opened.apply([part_of(aged("p1", 21), aged("p2", 4))], 9, 20) == (2, 1)
    assert [it.profile_id for it in exported(opened.snapshot())] == ["p1", "p2"]


def test_a_new_member_is_active_from_the_tick_on(table: Table) -> None:
    profile = stored(table.snapshot(), "p1")
    assert profile is not None
    (membership,) = profile.memberships
    assert (membership.joined_at_millis, membership.active_at_millis) == (13, 13)


def test_dropped_columns_are_gone_and_nobody_has_changed(table: Table) -> None:
    table.drop_columns([70], 8, 17)
    profile = stored(table.snapshot(), "p1")
    assert profile is not None
    assert list(profile.fields) == []
    assert profile.changed_at_millis == 13
    assert exported(table.snapshot(), changed_from_millis=14) == []


def test_memory_grows_with_what_is_stored(table: Table) -> None:
    before = table.memory_bytes
    table.apply([part_of(*(aged(f"q{number}", number) for number in range(5_000)))], 8, 17)
    assert table.memory_bytes > before + 5_000 * 8


def test_one_profile_is_encoded_with_its_keys_spelled_out(table: Table) -> None:
    data = table.snapshot().profile(SCHEMA, "p1")
    assert data is not None
    profile = Profile.FromString(data)
    assert [field.key for field in profile.fields] == ["Age"]
    assert [email.value for email in profile.emails] == ["Ada@Example.com"]
