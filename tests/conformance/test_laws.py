"""Laws of conditions: the kernel, the oracle and DuckDB agree; and, or and not are those of sets."""

import datetime
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from segue._kernel import Plan, Snapshot, Table
from segue.domain.condition import And, Condition, Not, Or
from segue.rules.lowering import lower_members
from tests.conformance import database, oracle, sql
from tests.conformance.corpus import saved_segments, scope_at
from tests.conformance.kernel_table import load_table
from tests.conformance.person import Person, World
from tests.conformance.population import load_population
from tests.conformance.strategies import DAY, NOON, ZONES, conditions, moments, people
from tests.conformance.wire import millis

ACCOUNT = load_population().account
WORLD = World("news", saved_segments())
RECORDED_AT = NOON + 400 * DAY


@dataclass(frozen=True)
class Asked:
    """People in the kernel, asked at a moment and place."""

    persons: tuple[Person, ...]
    snapshot: Snapshot
    moment: datetime.datetime
    zone: zoneinfo.ZoneInfo

    def plan(self, condition: Condition) -> Plan:
        """Compiles a condition on the list's active members."""
        scope = scope_at("news", self.zone, self.moment)
        lowered = lower_members(condition, scope, millis(self.moment))
        return Plan(ACCOUNT.schema, lowered, millis(self.moment))

    def members(self, condition: Condition) -> set[str]:
        """Asks the kernel of every person, and whether it counts as many."""
        plan = self.plan(condition)
        ids = {person.profile_id for person in self.persons}
        found = {profile_id for profile_id in ids if self.snapshot.matches(plan, profile_id)}
        assert self.snapshot.count(plan) == len(found)
        return found


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    persons = draw(people())
    snapshot = load_table(ACCOUNT, persons, RECORDED_AT).snapshot()
    return Asked(persons, snapshot, draw(moments), draw(ZONES))


@given(asked(), st.lists(conditions, min_size=1, max_size=5))
def test_the_kernel_selects_whom_the_oracle_selects(
    known: Asked, asked_conditions: Sequence[Condition]
) -> None:
    for condition in asked_conditions:
        expected = oracle.members(condition, known.persons, known.moment, known.zone, WORLD)
        assert known.members(condition) == expected


@settings(max_examples=15)
@given(people(), moments, ZONES, st.lists(conditions, min_size=1, max_size=5))
def test_duckdb_selects_whom_the_oracle_selects(
    persons: tuple[Person, ...],
    moment: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    asked_conditions: Sequence[Condition],
) -> None:
    speaker = sql.Speaker(moment, zone, WORLD, database.kinds_of(ACCOUNT, "news"))
    with database.open_database(ACCOUNT, persons) as connection:
        for condition in asked_conditions:
            try:
                said = speaker.say(condition)
            except sql.Unsayable:
                continue
            statement = f"SELECT profile_id FROM {sql.people('news')} AS p WHERE {said}"
            found = {row[0] for row in connection.execute(statement).fetchall()}
            assert found == oracle.members(condition, persons, moment, zone, WORLD)


@given(asked(), conditions, conditions)
def test_de_morgan(known: Asked, one: Condition, other: Condition) -> None:
    both, either = And((one, other)), Or((one, other))
    assert known.members(Not(both)) == known.members(Or((Not(one), Not(other))))
    assert known.members(Not(either)) == known.members(And((Not(one), Not(other))))


@given(asked(), conditions)
def test_a_negative_is_the_exact_complement(known: Asked, condition: Condition) -> None:
    everybody = known.members(And(()))
    assert known.members(Not(condition)) == everybody - known.members(condition)
    assert known.members(Not(Not(condition))) == known.members(condition)
    assert known.members(Or(())) == set()


@given(asked(), conditions, conditions, conditions)
def test_groups_neither_count_nor_have_an_order_and_distribute(
    known: Asked, one: Condition, other: Condition, third: Condition
) -> None:
    in_order = known.members(And((Or((one, other)), third)))
    assert known.members(And((third, Or((other, one, other)), third))) == in_order
    distributed = Or((And((one, third)), And((other, third))))
    assert known.members(distributed) == in_order
    assert known.members(And((one, Or((one, other))))) == known.members(one)


@given(asked(), conditions)
def test_members_of_a_table_are_those_of_its_parts(known: Asked, condition: Condition) -> None:
    half = len(known.persons) // 2
    parts = [
        Asked(part, load_table(ACCOUNT, part, RECORDED_AT).snapshot(), known.moment, known.zone)
        for part in (known.persons[:half], known.persons[half:])
    ]
    found = [part.members(condition) for part in parts]
    assert set.union(*found) == known.members(condition)
    assert all(not one & other for one, other in pairwise(found))


@settings(max_examples=20)
@given(asked(), conditions)
def test_a_snapshot_read_back_gives_the_same_members(known: Asked, condition: Condition) -> None:
    with TemporaryDirectory() as directory:
        known.snapshot.write(directory)
        reopened = replace(known, snapshot=Table.open(directory).snapshot())
        assert reopened.members(condition) == known.members(condition)
