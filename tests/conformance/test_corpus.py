"""Every case of the corpus, asked of the rules' front ends, the oracle and DuckDB."""

from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest

from segue.errors import RulesInvalid, SegueError
from tests.conformance import database, oracle, sql
from tests.conformance.corpus import Case, load_cases
from tests.conformance.kernel_table import compiled
from tests.conformance.population import load_population

CASES = load_cases()
SELECTING = [case for case in CASES if case.expected_members() is not None]
REFUSED = [case for case in CASES if "codes" in case.entry or "vendor_code" in case.entry]
FAULTY = [case for case in CASES if "error" in case.entry]
LEAST_SAID = 0.9
"""Share of the selecting cases that SQL must be able to say."""


def labels(cases: list[Case]) -> list[str]:
    return [case.label for case in cases]


def test_cases_are_many_and_each_has_its_own_name() -> None:
    assert len(CASES) >= 400
    assert [label for label, count in Counter(labels(list(CASES))).items() if count > 1] == []


@pytest.mark.parametrize("case", REFUSED, ids=labels(REFUSED))
def test_refused_rules_are_answered_each_with_its_numbers(case: Case) -> None:
    with pytest.raises(RulesInvalid) as caught:
        case.condition()
    assert caught.value.vendor_code == case.vendor_code
    found = [[result.rule_code, result.clause_code] for result in caught.value.results]
    assert found == case.entry.get("codes", found)
    assert len(found) == sum(len(group) or 1 for group in case.rules)


@pytest.mark.parametrize("case", SELECTING, ids=labels(SELECTING))
def test_the_oracle_selects_the_members_written(case: Case) -> None:
    people = load_population().people
    found = oracle.members(case.condition(), people, case.moment, case.zone, case.world)
    assert found == case.expected_members()


@pytest.mark.parametrize("case", FAULTY, ids=labels(FAULTY))
def test_wrong_conditions_are_refused_with_their_reason(case: Case) -> None:
    with pytest.raises(SegueError) as caught:
        compiled(case)
    assert caught.value.reason == case.entry["error"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    population = load_population()
    with database.open_database(population.account, population.people) as opened:
        yield opened


def test_duckdb_selects_the_members_written_wherever_sql_can_say_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    unsaid = 0
    for case in SELECTING:
        try:
            found = _selected(case, connection)
        except sql.Unsayable:
            unsaid += 1
        else:
            assert found == case.expected_members(), case.label
    assert unsaid <= (1 - LEAST_SAID) * len(SELECTING)


def _selected(case: Case, connection: duckdb.DuckDBPyConnection) -> set[str]:
    kinds = database.kinds_of(load_population().account, case.list_id)
    said = sql.Speaker(case.moment, case.zone, case.world, kinds).say(case.condition())
    statement = f"SELECT profile_id FROM {sql.people(case.list_id)} AS p WHERE {said}"
    return {row[0] for row in connection.execute(statement).fetchall()}
