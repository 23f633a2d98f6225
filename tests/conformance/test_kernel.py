"""Every case of the corpus that selects, asked of the kernel."""

import pytest

from segue._kernel import Snapshot
from tests.conformance.corpus import Case, load_cases
from tests.conformance.kernel_table import compiled, load_table
from tests.conformance.population import load_population

SELECTING = [case for case in load_cases() if case.expected_members() is not None]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    population = load_population()
    recorded_at = population.events_recorded_at
    return load_table(population.account, population.people, recorded_at).snapshot()


@pytest.mark.parametrize("case", SELECTING, ids=[case.label for case in SELECTING])
def test_the_kernel_selects_the_members_written(case: Case, snapshot: Snapshot) -> None:
    plan = compiled(case)
    ids = [person.profile_id for person in load_population().people]
    found = {profile_id for profile_id in ids if snapshot.matches(plan, profile_id)}
    assert found == case.expected_members()
    assert snapshot.count(plan) == len(found)
