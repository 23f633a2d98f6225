"""The change clock: ticks never fall, and a pinned tick is closed."""

from hypothesis import given
from hypothesis import strategies as st

from segue._kernel import next_tick
from segue.kernel.clock import ChangeClock

# Steps of the clock, also backwards, between calls of one account's ledger.
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["stamp", "pin", "reserve", "restart"]), st.integers(-20, 20)),
    max_size=60,
)


@given(ACTIONS)
def test_no_commit_falls_into_or_under_a_closed_tick(actions: list[tuple[str, int]]) -> None:
    now, clock = 1_700_000_000_000, ChangeClock(0, 0)
    commits: list[int] = []
    pins: list[int] = []
    reserved: int | None = None
    for action, step in actions:
        now += step
        if action == "pin":
            pins.append(clock.pin(now))
            assert all(tick <= pins[-1] for tick in commits)
            continue
        if reserved is not None:
            assert all(reserved >= next_tick(pin) for pin in pins)
            commits.append(reserved)
            clock.release()
            reserved = None
        if action == "stamp":
            commits.append(clock.stamp(now))
            assert all(commits[-1] >= next_tick(pin) for pin in pins)
        elif action == "reserve":
            reserved = clock.reserve(now)
            assert all(reserved > tick for tick in commits)
        else:
            clock = ChangeClock(max(commits, default=0), max(pins, default=0))
    assert commits == sorted(commits)
    assert pins == sorted(pins)
    assert all(tick % 10 in {0, 3, 7} for tick in commits + pins)
