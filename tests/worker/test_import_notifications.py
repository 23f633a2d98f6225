"""Imports that ended, from the row to the receiver: each end, by webhook and by e-mail, with counts and without anything that is secret."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from standardwebhooks import Webhook

from segue.domain.imports import ImportState
from segue.domain.notification import (
    JobKind,
    NotificationKind,
    NotificationState,
    NotificationTarget,
)
from segue.domain.notification_schedule import ATTEMPTS, DELAYS_SECONDS
from segue.errors import FieldInvalid
from segue.process import configure_logs
from segue.service.notification_targets import NotificationTargets
from segue.store import accounts, notifications
from segue.worker.mailer import MailServer
from tests.unit.use_cases import HandClock
from tests.worker.mail_server import MailBox
from tests.worker.receiver import Receiver, answer, hang, hang_up
from tests.worker.told import DAY_MILLIS, IMPORT_FAULT, Bench

ADA = "ada@example.com"
NAME = "accounts/shop/imports/i1"
ENDED = {
    "import": NAME,
    "display_name": "Spring customers",
    "errormessage": None,
    "validate_only": False,
    "received_count": 9,
    "valid_count": 7,
    "invalid_count": 2,
    "processed_count": 0,
    "repeated_count": 0,
    "not_honored_count": 0,
    "created_count": 0,
    "erased_count": 0,
    "exception_count": 4,
    "revision": None,
}
WRITTEN = {
    "processed_count": 5,
    "created_count": 3,
    "repeated_count": 1,
    "not_honored_count": 2,
    "revision": 11,
}
TOLD = {
    ImportState.COMPLETED: {**ENDED, **WRITTEN, "state": "COMPLETED"},
    ImportState.FAILED: {**ENDED, "state": "FAILED", "errormessage": IMPORT_FAULT},
    ImportState.CANCELLED: {**ENDED, "state": "CANCELLED"},
}
"""The whole body's data after each end."""


@pytest.fixture
async def bench(tmp_path: Path, clock: HandClock) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, clock, job_kind=JobKind.IMPORT)
    yield bench
    await bench.store.close()


def mailing(tmp_path: Path, clock: HandClock, box: MailBox) -> Bench:
    server = MailServer("127.0.0.1", box.port, "none", "segue@example.org")
    return Bench(tmp_path, clock, server, job_kind=JobKind.IMPORT)


@pytest.mark.parametrize("outcome", TOLD)
async def test_a_webhook_is_told_how_an_import_ended_with_its_counts(
    bench: Bench, outcome: ImportState
) -> None:
    async with Receiver.open() as receiver, bench.running() as notifier:
        started = bench.clock.millis
        key = await bench.end_import(receiver.uri, outcome)
        notifier.wake()
        status = await bench.settled(key)
    (call,) = receiver.calls
    secret = bench.secret(bench.accounts["shop"])
    verified = Webhook(secret.reveal()).verify(call.body, call.headers)
    assert verified["type"] == f"import.{outcome.name.lower()}"
    assert verified["data"] == TOLD[outcome]
    assert call.headers["webhook-id"] == "msg_i1"
    assert (status.state, status.next_millis) == (NotificationState.DELIVERED, None)
    (attempt,) = status.attempts
    assert (attempt.millis, attempt.status_code, attempt.error) == (started, 200, "")


@pytest.mark.parametrize("outcome", TOLD)
async def test_an_e_mail_tells_how_an_import_ended_with_its_counts(
    tmp_path: Path, clock: HandClock, outcome: ImportState
) -> None:
    async with MailBox.open() as box:
        bench = mailing(tmp_path, clock, box)
        key = await bench.end_import(ADA, outcome, kind=NotificationKind.EMAIL)
        async with bench.running():
            status = await bench.settled(key)
        await bench.store.close()
    assert status.state is NotificationState.DELIVERED
    (mail,) = box.mails
    assert (mail["To"], mail["Message-ID"]) == (ADA, "<msg_i1@example.org>")
    assert mail["Subject"] == f"Import {outcome.name.lower()}: {NAME}"
    lines = mail.get_content().splitlines()
    told = {"Display name: Spring customers", f"State: {outcome.name}", "Records received: 9"}
    assert {*told, "Valid: 7", "Invalid: 2", "Exceptions: 4"} <= set(lines)
    assert (f"Error: {IMPORT_FAULT}" in lines) == (outcome is ImportState.FAILED)
    assert ("Revision: 11" in lines) == (outcome is ImportState.COMPLETED)
    assert ("none of its records was written" in lines[0]) == (outcome is not ImportState.COMPLETED)


async def test_an_import_that_only_validated_is_not_told_as_one_that_wrote(
    tmp_path: Path, clock: HandClock
) -> None:
    async with MailBox.open() as box, Receiver.open() as receiver:
        bench = mailing(tmp_path, clock, box)
        keys = [
            await bench.end_import(ADA, kind=NotificationKind.EMAIL, validate_only=True),
            await bench.end_import(receiver.uri, import_id="i2", validate_only=True),
        ]
        async with bench.running():
            for key in keys:
                await bench.settled(key)
        await bench.store.close()
    assert "nothing was written" in box.mails[0].get_content()
    data = receiver.calls[0].json["data"]
    assert (data["validate_only"], data["processed_count"], data["revision"]) == (True, 0, None)


async def test_a_receiver_that_is_down_is_tried_on_schedule_and_every_attempt_is_logged(
    bench: Bench,
) -> None:
    async with (
        Receiver.open(answer(500), hang_up, answer(200)) as receiver,
        bench.running() as notifier,
    ):
        started = bench.clock.millis
        key = await bench.end_import(receiver.uri)
        notifier.wake()
        for count in range(1, 3):
            status = await bench.attempted(key, count)
            assert status.next_millis == bench.clock.millis + DELAYS_SECONDS[count] * 1000
            bench.clock.millis = status.next_millis
            notifier.wake()
        status = await bench.settled(key)
    assert (status.state, status.attempt_count) == (NotificationState.DELIVERED, 3)
    assert [attempt.status_code for attempt in status.attempts] == [500, 0, 200]
    assert [attempt.millis - started for attempt in status.attempts] == [0, 5000, 305000]
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len({call.body for call in receiver.calls}) == 1


async def test_an_import_is_told_after_its_token_has_ended_until_the_last_attempt(
    bench: Bench,
) -> None:
    async with Receiver.open(answer(500)) as receiver, bench.running() as notifier:
        key = await bench.end_import(receiver.uri)
        for count in range(1, ATTEMPTS + 1):
            notifier.wake()
            status = await bench.attempted(key, count)
            bench.clock.millis = status.next_millis or bench.clock.millis
        bench.clock.millis += DAY_MILLIS
        notifier.wake()
        await asyncio.sleep(0.05)
    status = await bench.status(key)
    assert (status.state, status.next_millis) == (NotificationState.FAILED, None)
    assert len(receiver.calls) == ATTEMPTS


async def test_what_ended_before_the_process_did_is_told_by_the_next_one(bench: Bench) -> None:
    async with Receiver.open(hang, answer(200)) as receiver:
        key = await bench.end_import(receiver.uri, ImportState.CANCELLED)
        later = await bench.end_import(receiver.uri, import_id="i2")
        bench.jobs = 1
        async with bench.running(grace_seconds=0.0):
            await receiver.arrived.wait()
        await bench.store.close()
        again = Bench(bench.data_dir, bench.clock, job_kind=JobKind.IMPORT)
        async with again.running():
            statuses = [await again.settled(job) for job in (key, later)]
        bench.store = again.store
    assert [(status.state, status.attempt_count) for status in statuses] == [
        (NotificationState.DELIVERED, 1)
    ] * 2
    assert [call.headers["webhook-id"] for call in receiver.calls[:1]] == ["msg_i1"]
    assert sorted(call.headers["webhook-id"] for call in receiver.calls[1:]) == ["msg_i1", "msg_i2"]


async def test_exports_and_imports_of_one_number_are_told_apart_within_one_bound(
    bench: Bench,
) -> None:
    bench.jobs = 4
    async with Receiver.open() as receiver:
        imported = await bench.end_import(receiver.uri)
        exported = await bench.finish(receiver.uri)
        assert imported == exported
        async with bench.running():
            await bench.settled(imported)
            bench.job_kind = JobKind.EXPORT
            status = await bench.settled(exported)
    assert status.state is NotificationState.DELIVERED
    assert [call.json["type"] for call in receiver.calls] == ["import.completed", "export.finished"]
    assert receiver.most_open_calls == 1


async def test_an_end_that_is_said_twice_is_told_once_and_keeps_its_schedule(bench: Bench) -> None:
    async with Receiver.open(answer(500)) as receiver, bench.running() as notifier:
        key = await bench.end_import(receiver.uri)
        notifier.wake()
        due_millis = (await bench.attempted(key, 1)).next_millis
        now = bench.clock.millis
        await bench.store.write(lambda tx: notifications.set_due(tx, JobKind.IMPORT, key, now))
        assert (await bench.status(key)).next_millis == due_millis
    assert len(receiver.calls) == 1


async def test_a_private_network_is_not_called(bench: Bench) -> None:
    bench.allow_private = False
    async with Receiver.open() as receiver:
        keys = [
            await bench.end_import(receiver.uri),
            await bench.end_import(f"https://inside.example:{receiver.port}/", import_id="i2"),
        ]
        async with bench.running():
            plain = await bench.settled(keys[0])
            named = await bench.attempted(keys[1], 1)
    assert receiver.connections == 0
    assert (plain.state, named.state) == (NotificationState.FAILED, NotificationState.PENDING)
    assert [attempt.status_code for attempt in (*plain.attempts, *named.attempts)] == [0, 0]


@pytest.mark.parametrize(
    ("kind", "address", "field"),
    [
        (NotificationKind.WEBHOOK, "https://127.0.0.1/hook", "notify.webhook_uri"),
        (NotificationKind.WEBHOOK, "http://receiver.example/hook", "notify.webhook_uri"),
        (NotificationKind.EMAIL, "nobody", "notify.email_address"),
        (NotificationKind.EMAIL, ADA, "notify.email_address"),
    ],
)
def test_a_target_that_cannot_be_told_is_refused_by_its_field(
    kind: NotificationKind, address: str, field: str
) -> None:
    with pytest.raises(FieldInvalid) as refusal:
        NotificationTargets().check(NotificationTarget(kind, address))
    assert [violation.field for violation in refusal.value.violations] == [field]
    assert address not in str(refusal.value)


async def test_an_account_that_is_deleted_takes_its_notifications_along(bench: Bench) -> None:
    async with Receiver.open(answer(500)) as receiver, bench.running() as notifier:
        key = await bench.end_import(receiver.uri)
        notifier.wake()
        await bench.attempted(key, 1)
    owner = bench.accounts["shop"]
    await bench.store.write(lambda tx: accounts.delete(tx, owner))
    for table in ("notification", "notification_attempt"):
        (row,) = await bench.store.read(
            lambda tx, table=table: list(tx.execute(f"SELECT count(*) FROM {table}"))  # type: ignore[misc]
        )
        assert row == (0,)


async def test_nobody_who_is_told_stands_in_messages_logs_or_rows_of_attempts(
    tmp_path: Path,
    clock: HandClock,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = structlog.get_config()
    configure_logs("debug")
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.CRITICAL, "mail.log")  # the test's own server
    try:
        bad = Receiver.open(answer(500, body=ADA.encode()))
        async with MailBox.open() as box, bad as receiver:
            box.recipient_reply = f"450 {ADA} is busy"
            bench = mailing(tmp_path, clock, box)
            keys = [
                await bench.end_import(receiver.uri),
                await bench.end_import(ADA, kind=NotificationKind.EMAIL, import_id="i2"),
            ]
            async with bench.running():
                statuses = [await bench.attempted(key, 1) for key in keys]
            await bench.store.close()
    finally:
        structlog.configure(**before)
    written = capsys.readouterr().err + caplog.text + repr(statuses)
    assert "notification.attempted" in written
    for private in (ADA, "s3cret", "127.0.0.1", "whsec_", "Spring"):
        assert private not in written
    told = json.dumps(receiver.calls[0].json)
    assert set(receiver.calls[0].json["data"]) == set(TOLD[ImportState.COMPLETED])
    assert "http" not in told
    assert "token" not in told
