"""What all calls of a server share: who may call, how many calls are in flight, what can be read, whether the server stops."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from segue.domain.key import Principal
from segue.errors import KeyInvalid, LimitExceeded, ServerStopping
from segue.transport.grpc.metrics import CallMetrics
from segue.transport.grpc.min_revision import Reach

_BEARER: Final = "bearer "

Authenticate = Callable[[str], Awaitable[Principal]]
"""Returns who holds a secret, or raises `KeyInvalid`."""


@dataclass(frozen=True)
class CallLimits:
    """How many calls are served at once, and how long."""

    max_calls: int
    """Calls of all accounts."""
    max_account_calls: int
    """Calls of one account."""
    unary_deadline_seconds: float
    """Deadline of unary calls that bring none."""


@dataclass
class CallDesk:
    """What all calls of a server share."""

    authenticate: Authenticate
    reach: Reach
    limits: CallLimits
    metrics: CallMetrics
    log: Any = field(default_factory=lambda: structlog.get_logger().bind())
    """Ready to write: a logger fresh from `get_logger` is put together anew for each line, also for one below the level."""
    stopping: bool = False
    """Whether new calls are refused."""
    in_flight: int = 0
    account_in_flight: Counter[str] = field(default_factory=Counter)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while the server stops and no call is in flight."""

    def stop(self) -> None:
        """Refuses calls from now on."""
        self.stopping = True
        self._tell_idle()

    def enter(self) -> None:
        """Counts a call that begins."""
        self.in_flight += 1

    def check_open(self) -> None:
        """Checks that a call which has entered may go on.

        Raises:
            ServerStopping: The server takes no new calls.
            LimitExceeded: Too many calls are in flight.
        """
        if self.stopping:
            raise ServerStopping("the server is stopping; try again")
        _check_limit("calls", self.in_flight, self.limits.max_calls)

    def enter_account(self, account_id: str) -> None:
        """Counts a call for its account.

        Raises:
            LimitExceeded: Too many calls of the account are in flight.
        """
        self.account_in_flight[account_id] += 1
        _check_limit(
            "account_calls", self.account_in_flight[account_id], self.limits.max_account_calls
        )

    def leave(self, account_id: str | None) -> None:
        """Gives back the place of a call that ended."""
        self.in_flight -= 1
        if account_id is not None:
            self.account_in_flight[account_id] -= 1
            if not self.account_in_flight[account_id]:
                del self.account_in_flight[account_id]
        self._tell_idle()

    def _tell_idle(self) -> None:
        if self.stopping and not self.in_flight:
            self.idle.set()


def _check_limit(limit: str, count: int, maximum: int) -> None:
    if count > maximum:
        raise LimitExceeded(
            f"{maximum} calls are in flight; wait for one to end",
            {"limit": limit, "maximum": maximum},
        )


def secret_of(authorization: str) -> str:
    """Returns the secret that stands behind `Bearer`.

    Raises:
        KeyInvalid: There is none.
    """
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise KeyInvalid("the call has no key; send authorization: Bearer <key>")
    return authorization[len(_BEARER) :].strip()
