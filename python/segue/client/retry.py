"""Decides whether a failed call is made again, and when."""

import random
from dataclasses import dataclass
from typing import Final

from segue.client.errors import BlockDamaged, ClientError, LimitReached, Unavailable

_TRANSPORT_CODES: Final = frozenset({"CANCELLED", "INTERNAL", "UNKNOWN"})


@dataclass(frozen=True)
class RetryPolicy:
    """How patient a client is.

    Attributes:
        attempts: Tries in a row without any progress, the first included.
        first_delay_seconds: Wait before the second try; each further one is twice as long.
        longest_delay_seconds: No wait is longer, unless the server asks for it.
    """

    attempts: int = 6
    first_delay_seconds: float = 0.1
    longest_delay_seconds: float = 5.0


class RetryBudget:
    """Counts the tries of one call or stream."""

    def __init__(self, policy: RetryPolicy) -> None:
        """Starts with every try of the policy."""
        self._policy = policy
        self._failures = 0

    def succeeded(self) -> None:
        """Notes progress: the tries count anew."""
        self._failures = 0

    def delay_after(self, error: ClientError) -> float | None:
        """Returns seconds to wait before the next try, or None when this was the last.

        Waits grow twofold and are shortened by chance, so that many clients do not come back at one moment.
        """
        self._failures += 1
        if self._failures >= self._policy.attempts:
            return None
        longest = self._policy.longest_delay_seconds
        delay = min(longest, self._policy.first_delay_seconds * 2.0 ** (self._failures - 1))
        jittered = delay * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, guards nothing
        return max(jittered, error.retry_after_seconds)


def is_unavailable(error: ClientError) -> bool:
    """Tells whether a repeatable call is made again: the server was away, and took nothing."""
    return isinstance(error, Unavailable)


def is_broken_stream(error: ClientError) -> bool:
    """Tells whether a stream that can resume does so.

    Besides an unavailable server these are damaged blocks, and breaks that the transport reports with another code
    and without a reason of ours, as when a server is killed between two frames.
    """
    if isinstance(error, Unavailable | BlockDamaged):
        return True
    return not error.reason and error.code in _TRANSPORT_CODES


def is_sent_again(error: ClientError) -> bool:
    """Tells whether requests that the server may have taken, and counts once, are sent again.

    Besides broken streams these are refusals for want of room, where the server says when there will be some.
    """
    if isinstance(error, LimitReached):
        return error.retry_after_seconds > 0
    return is_broken_stream(error)
