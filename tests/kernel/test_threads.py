"""Tables, snapshots and transactions used by many threads at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from segue._kernel import Table
from tests.kernel.definitions import EVERYBODY, aged, exported, part_of, plan_of, stored

N_PROFILES = 200
IDS = [f"p{number}" for number in range(N_PROFILES)]


def aged_exactly(age: int) -> dict[str, object]:
    bounds = {"low": age, "low_inclusive": True, "high": age, "high_inclusive": True}
    return {"predicate": {"column": 70, "op": "in_range", **bounds}}


def test_readers_see_whole_commits_only() -> None:
    table = Table()
    table.apply([part_of(*(aged(key, 0) for key in IDS))], 1, 3)
    plans = [plan_of(aged_exactly(age)) for age in range(20)]
    done = Event()

    def write() -> None:
        for age in range(1, len(plans)):
            table.apply([part_of(*(aged(key, age) for key in IDS))], age + 1, 10 * age)
        done.set()

    def read() -> int:
        reads = 0
        while not done.is_set() or reads == 0:
            snapshot = table.snapshot()
            plan = plans[snapshot.revision - 1]
            assert snapshot.count(plan) == snapshot.count(EVERYBODY) == N_PROFILES
            assert len(exported(snapshot)) == N_PROFILES
            reads += 1
        return reads

    with ThreadPoolExecutor() as threads:
        readers = [threads.submit(read) for _ in range(3)]
        threads.submit(write).result()
        assert all(reader.result() > 0 for reader in readers)


def test_writers_on_many_threads_lose_nothing() -> None:
    table = Table()

    def write(writer: int) -> None:
        for number in range(20):
            table.apply([part_of(aged(f"{writer}/{number}", number))], 1, 3)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    assert table.snapshot().profile_count == 160


def test_a_transaction_may_end_on_another_thread_than_it_began_on() -> None:
    table = Table()
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        transaction = first.submit(table.begin, 3).result()
        second.submit(transaction.apply, part_of(aged("p", 1))).result()
        waiting = first.submit(table.apply, [part_of(aged("p", 2))], 2, 7)
        assert second.submit(transaction.commit, 1).result() == (1, 1)
        assert waiting.result() == (1, 0)
    profile = stored(table.snapshot(), "p")
    assert profile is not None
    assert profile.fields[0].number == 2


def test_an_export_is_read_by_threads_at_once() -> None:
    table = Table()
    table.apply([part_of(*(aged(key, 1) for key in IDS))], 1, 3)
    snapshot = table.snapshot()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: exported(snapshot), range(8)))
    assert all(answer == answers[0] for answer in answers)
