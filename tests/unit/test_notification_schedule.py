"""When those are tried again who could not be told."""

from hypothesis import given
from hypothesis import strategies as st

from segue.domain.notification_schedule import (
    ATTEMPTS,
    DELAYS_SECONDS,
    JITTER,
    MAX_RETRY_AFTER_SECONDS,
    next_attempt,
)

NEVER_MILLIS = 1 << 60
JITTERS = st.floats(0, 1, exclude_max=True)


def test_the_table_is_that_of_standard_webhooks_and_ends_after_three_days() -> None:
    minute, hour = 60, 3600
    assert DELAYS_SECONDS[:4] == (0, 5, 5 * minute, 30 * minute)
    assert sum(DELAYS_SECONDS) == 75 * hour + 35 * minute + 5


@given(st.lists(JITTERS, min_size=ATTEMPTS, max_size=ATTEMPTS))
def test_waits_grow_and_attempts_end(jitters: list[float]) -> None:
    now, waits = 0, []
    for made, jitter in enumerate(jitters, start=1):
        due = next_attempt(made, now, NEVER_MILLIS, jitter, 0)
        if due is None:
            assert made == ATTEMPTS
            break
        waits.append(due - now)
        now = due
    assert len(waits) == ATTEMPTS - 1
    assert waits == sorted(waits)
    assert sum(DELAYS_SECONDS) * 1000 <= now <= sum(DELAYS_SECONDS) * 1000 * (1 + JITTER)


@given(st.integers(1, ATTEMPTS - 1), JITTERS, st.floats(-1e9, 1e12))
def test_what_a_receiver_asks_for_delays_never_hastens_and_has_an_end(
    made: int, jitter: float, asked_seconds: float
) -> None:
    plain = next_attempt(made, 0, NEVER_MILLIS, jitter, 0)
    due = next_attempt(made, 0, NEVER_MILLIS, jitter, asked_seconds)
    assert plain is not None
    assert due is not None
    assert due >= plain
    assert due + 1 >= min(asked_seconds, MAX_RETRY_AFTER_SECONDS) * 1000
    assert due <= MAX_RETRY_AFTER_SECONDS * 1000 * (1 + JITTER)


@given(st.integers(1, ATTEMPTS + 5), st.integers(0, 1 << 50), st.integers(0, 1 << 50), JITTERS)
def test_nothing_is_due_after_the_end(made: int, now: int, end: int, jitter: float) -> None:
    due = next_attempt(made, now, end, jitter, 0)
    assert due is None or now < due < end
