"""Tells people and programs of jobs that ended, and tries again until they are told or the job's time is over.

The rows are the truth: what is due is read from them, and what became of an attempt is written to them before anything else is done about it.
An attempt that a crash interrupts is made again, so a message may come twice, with the same id; none is lost.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from segue.domain.notification import (
    JobKind,
    NotificationAttempt,
    NotificationKind,
    NotificationState,
    NotificationStatus,
)
from segue.domain.notification_schedule import next_attempt
from segue.domain.secret import Secret
from segue.domain.timestamp import Clock
from segue.store import notifications
from segue.store.base import Connection, Store
from segue.store.notifications import NotificationRow
from segue.worker.answer import Answer
from segue.worker.job_facts import JobFacts, ToldJob
from segue.worker.mailer import Mailer
from segue.worker.message import Message
from segue.worker.webhook_sender import WebhookSender

LONGEST_SLEEP_SECONDS: Final = 60.0
"""How long the loop sleeps at most, as the machine's time may be set meanwhile."""
FAILURE_SECONDS: Final = 1.0
"""How long it waits after the database failed."""
ACCOUNT_SHARE: Final = 4
"""One account has at most this part of all attempts under way, so that its dead receivers hold up no other's."""

_UNPREPARED: Final = Answer(0, "the message could not be prepared")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Facts:
    """What messages are made of, and signed with."""

    jobs: Mapping[JobKind, JobFacts]
    """What is known of each kind of job."""
    secret: Callable[[int], Secret]
    """What the webhooks of an account, by its number, are signed with."""


class Notifier:
    """Tells of jobs that ended until it is closed."""

    def __init__(
        self,
        store: Store,
        facts: Facts,
        webhooks: WebhookSender,
        mailer: Mailer,
        jobs: int,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Takes the rows, the ways to tell, and how many attempts may be under way at once.

        Args:
            store: Where notifications are.
            facts: What messages are made of.
            webhooks: Tells programs.
            mailer: Tells people.
            jobs: Attempts under way at once.
            clock: Tells the time that the schedule goes by.
            jitter: Draws from 0 until before 1.
        """
        self._store = store
        self._facts = facts
        self._webhooks = webhooks
        self._mailer = mailer
        self._jobs = jobs
        self._share = max(1, jobs // ACCOUNT_SHARE)
        self._clock = clock
        self._jitter = jitter
        self._under_way: dict[int, tuple[int, asyncio.Task[None]]] = {}
        """Accounts and attempts by notification."""
        self._woken = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to tell of what is due, what an earlier process left behind included."""
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Says that a job has ended, or that the time has moved."""
        self._woken.set()

    async def close(self, grace_seconds: float) -> None:
        """Starts no more attempts, gives those under way some time, and breaks off the rest, which stay due."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        attempts = [attempt for _, attempt in self._under_way.values()]
        if attempts:
            await asyncio.wait(attempts, timeout=grace_seconds)
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                sleep_seconds = await self._start_due()
            except Exception as error:  # noqa: BLE001 - one bad round must not end them all
                _log.error("notifications.failed", error=type(error).__name__)
                sleep_seconds = FAILURE_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(sleep_seconds):
                    await self._woken.wait()

    async def _start_due(self) -> float:
        """Starts attempts while there is something due and room for it; returns how long nothing more is to be done."""
        while len(self._under_way) < self._jobs:
            told = tuple(self._under_way)
            counts = Counter(account for account, _ in self._under_way.values())
            busy = tuple(account for account, count in counts.items() if count >= self._share)
            now = self._clock()

            def work(
                tx: Connection,
                now: int = now,
                told: tuple[int, ...] = told,
                busy: tuple[int, ...] = busy,
            ) -> tuple[list[NotificationRow], int | None]:
                found = notifications.select_due(tx, now, 1, told, busy)
                return found, None if found else notifications.next_due(tx, told, busy)

            found, due_millis = await self._store.read(work)
            if not found:
                until_due = (
                    LONGEST_SLEEP_SECONDS if due_millis is None else (due_millis - now) / 1000
                )
                return min(until_due, LONGEST_SLEEP_SECONDS)
            for row in found:
                attempt = asyncio.create_task(self._attempt(row))
                self._under_way[row.key] = (row.account, attempt)
        return LONGEST_SLEEP_SECONDS

    async def _attempt(self, row: NotificationRow) -> None:
        try:
            await self._tell(row)
        except Exception as error:  # noqa: BLE001 - it stays due; the text of an error may name who is told
            _log.error("notification.failed", **_named(row), error=type(error).__name__)
            await asyncio.sleep(FAILURE_SECONDS)
        finally:
            del self._under_way[row.key]
            self._woken.set()

    async def _tell(self, row: NotificationRow) -> None:
        def read(tx: Connection) -> tuple[ToldJob | None, NotificationStatus | None]:
            found = self._facts.jobs[row.job_kind].find(tx, row.job)
            return found, notifications.read(tx, row.job_kind, row.job)

        job, status = await self._store.read(read)
        if job is None or status is None:
            return
        started_millis = self._clock()
        is_over = job.end_millis is not None and started_millis >= job.end_millis
        if is_over or job.compose is None:
            kind = row.job_kind.value
            answer = Answer(0, f"the {kind} ended before it could be told", is_final=True)
        else:
            first_millis = status.attempts[0].millis if status.attempts else started_millis
            answer = await self._send(row, job.compose, first_millis)
        await self._record(row, job, started_millis, answer)

    async def _send(
        self,
        row: NotificationRow,
        compose: Callable[[int], Awaitable[Message]],
        first_millis: int,
    ) -> Answer:
        try:
            message = await compose(first_millis)
            if row.kind is NotificationKind.EMAIL:
                return await self._mailer.send(row.address, message)
            secret = self._facts.secret(row.account)
            return await self._webhooks.send(row.address, message, secret)
        except Exception as error:  # noqa: BLE001 - a fault of ours is an attempt that failed, not one without end
            _log.error("notification.unprepared", **_named(row), error=type(error).__name__)
            return _UNPREPARED

    async def _record(
        self, row: NotificationRow, job: ToldJob, started_millis: int, answer: Answer
    ) -> None:
        state, due_millis = NotificationState.DELIVERED, None
        if answer.error:
            due_millis = (
                None
                if answer.is_final
                else next_attempt(
                    row.attempt_count + 1,
                    self._clock(),
                    job.end_millis,
                    self._jitter(),
                    answer.retry_after_seconds,
                )
            )
            state = NotificationState.FAILED if due_millis is None else NotificationState.PENDING
        attempt = NotificationAttempt(started_millis, answer.code, answer.error)
        await self._store.write(
            lambda tx: notifications.record(tx, row.key, attempt, state, due_millis)
        )
        _log.info(
            "notification.attempted",
            **_named(row),
            kind=row.kind.name,
            number=row.attempt_count + 1,
            state=state.name,
            code=answer.code,
        )


def _named(row: NotificationRow) -> dict[str, int]:
    """Returns what a log line calls a notification's job."""
    return {row.job_kind.value: row.job}
