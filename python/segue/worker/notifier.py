"""Tells people and programs of exports that are finished, and tries again until they are told or the export's time is over.

The rows are the truth: what is due is read from them, and what became of an attempt is written to them before anything else is done about it.
An attempt that a crash interrupts is made again, so a message may come twice, with the same id; none is lost.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from segue.domain.export import (
    ExportStatus,
    NotificationAttempt,
    NotificationKind,
    NotificationState,
    NotificationStatus,
)
from segue.domain.notification_schedule import next_attempt
from segue.domain.secret import Secret
from segue.domain.timestamp import Clock
from segue.store import export_notifications, exports
from segue.store.base import Connection, Store
from segue.store.export_notifications import NotificationRow
from segue.store.exports import ExportRow
from segue.worker.answer import Answer
from segue.worker.export_message import compose, is_told
from segue.worker.mailer import Mailer
from segue.worker.webhook_sender import WebhookSender

LONGEST_SLEEP_SECONDS: Final = 60.0
"""How long the loop sleeps at most, as the machine's time may be set meanwhile."""
FAILURE_SECONDS: Final = 1.0
"""How long it waits after the database failed."""
ACCOUNT_SHARE: Final = 4
"""One account has at most this part of all attempts under way, so that its dead receivers hold up no other's."""

_ENDED: Final = Answer(0, "the export ended before it could be told", is_final=True)
_UNPREPARED: Final = Answer(0, "the message could not be prepared")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ExportFacts:
    """What a message is made of, asked for at every attempt."""

    describe: Callable[[ExportRow], Awaitable[ExportStatus]]
    """The export as callers see it."""
    links: Callable[[ExportRow, int], str]
    """Where the file of a number can be fetched."""
    secret: Callable[[int], Secret]
    """What the webhooks of an account, by its number, are signed with."""


class Notifier:
    """Tells of exports until it is closed."""

    def __init__(
        self,
        store: Store,
        facts: ExportFacts,
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
        """Accounts and attempts by export."""
        self._woken = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to tell of what is due, what an earlier process left behind included."""
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Says that an export has ended, or that the time has moved."""
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
            exports_told = tuple(self._under_way)
            counts = Counter(account for account, _ in self._under_way.values())
            busy = tuple(account for account, count in counts.items() if count >= self._share)
            now = self._clock()

            def work(
                tx: Connection,
                now: int = now,
                told: tuple[int, ...] = exports_told,
                busy: tuple[int, ...] = busy,
            ) -> tuple[list[NotificationRow], int | None]:
                found = export_notifications.select_due(tx, now, 1, told, busy)
                return found, None if found else export_notifications.next_due(tx, told, busy)

            found, due_millis = await self._store.read(work)
            if not found:
                until_due = (
                    LONGEST_SLEEP_SECONDS if due_millis is None else (due_millis - now) / 1000
                )
                return min(until_due, LONGEST_SLEEP_SECONDS)
            for row in found:
                attempt = asyncio.create_task(self._attempt(row))
                self._under_way[row.export] = (row.account, attempt)
        return LONGEST_SLEEP_SECONDS

    async def _attempt(self, row: NotificationRow) -> None:
        try:
            await self._tell(row)
        except Exception as error:  # noqa: BLE001 - it stays due; the text of an error may name who is told
            _log.error("notification.failed", export=row.export, error=type(error).__name__)
            await asyncio.sleep(FAILURE_SECONDS)
        finally:
            del self._under_way[row.export]
            self._woken.set()

    async def _tell(self, row: NotificationRow) -> None:
        def read(tx: Connection) -> tuple[ExportRow | None, NotificationStatus | None]:
            found = exports.find_by_key(tx, row.export)
            return found, export_notifications.status(tx, row.export)

        export, status = await self._store.read(read)
        if export is None or status is None:
            return
        started_millis = self._clock()
        if started_millis >= export.expire_millis or not is_told(export.state):
            answer = _ENDED
        else:
            first_millis = status.attempts[0].millis if status.attempts else started_millis
            answer = await self._send(row, export, first_millis)
        await self._record(row, export, started_millis, answer)

    async def _send(self, row: NotificationRow, export: ExportRow, first_millis: int) -> Answer:
        try:
            described = await self._facts.describe(export)
            message = compose(export, described, self._facts.links, first_millis)
            if row.kind is NotificationKind.EMAIL:
                return await self._mailer.send(row.address, message)
            secret = self._facts.secret(export.account)
            return await self._webhooks.send(row.address, message, secret)
        except Exception as error:  # noqa: BLE001 - a fault of ours is an attempt that failed, not one without end
            _log.error("notification.unprepared", export=row.export, error=type(error).__name__)
            return _UNPREPARED

    async def _record(
        self, row: NotificationRow, export: ExportRow, started_millis: int, answer: Answer
    ) -> None:
        state, due_millis = NotificationState.DELIVERED, None
        if answer.error:
            due_millis = (
                None
                if answer.is_final
                else next_attempt(
                    row.attempt_count + 1,
                    self._clock(),
                    export.expire_millis,
                    self._jitter(),
                    answer.retry_after_seconds,
                )
            )
            state = NotificationState.FAILED if due_millis is None else NotificationState.PENDING
        attempt = NotificationAttempt(started_millis, answer.code, answer.error)
        await self._store.write(
            lambda tx: export_notifications.record(tx, row.export, attempt, state, due_millis)
        )
        _log.info(
            "notification.attempted",
            export=row.export,
            kind=row.kind.name,
            number=row.attempt_count + 1,
            state=state.name,
            code=answer.code,
        )
