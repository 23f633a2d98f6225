"""When somebody who could not be told is tried again: the schedule of Standard Webhooks."""

from typing import Final

_MINUTE, _HOUR = 60, 3600
DELAYS_SECONDS: Final = (
    0,
    5,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
"""How long after the attempt before it each attempt is made; the first one at once (Standard Webhooks, "deliverability and reliability")."""
ATTEMPTS: Final = len(DELAYS_SECONDS)
JITTER: Final = 0.1
"""The share by which a delay may grow, so that those that failed together do not come back together."""
MAX_RETRY_AFTER_SECONDS: Final = 24 * _HOUR
"""The longest wait that a receiver may ask for; no longer than the schedule's own longest."""


def next_attempt(
    attempts_made: int,
    now_millis: int,
    end_millis: int | None,
    jitter: float,
    retry_after_seconds: float,
) -> int | None:
    """Returns when the next attempt is due; None when there is none.

    Args:
        attempts_made: Attempts so far, at least 1.
        now_millis: When the last of them ended.
        end_millis: From when on there is nothing to tell any more; None where that never comes.
        jitter: From 0 until before 1, drawn anew for each attempt.
        retry_after_seconds: The least that the receiver asked to wait; 0 when it asked for nothing. No more than a day is granted.
    """
    if attempts_made >= ATTEMPTS:
        return None
    asked = min(max(retry_after_seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
    delay_seconds = max(DELAYS_SECONDS[attempts_made], asked) * (1 + JITTER * jitter)
    due_millis = now_millis + int(delay_seconds * 1000)
    return due_millis if end_millis is None or due_millis < end_millis else None
