"""Notifications from the row to the receiver: retries, restarts, bounds, and what is never written anywhere."""

import asyncio
import base64
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from standardwebhooks import Webhook

from segue.domain.export import ExportState
from segue.domain.notification import NotificationKind, NotificationState
from segue.domain.notification_schedule import ATTEMPTS, DELAYS_SECONDS
from segue.domain.secret import SECRET_BYTES
from segue.process import configure_logs
from segue.service.tokens import Tokens
from segue.settings import Settings
from segue.store import accounts, exports
from segue.worker.mailer import MailServer
from segue.worker.open import running_notifier
from tests.unit.use_cases import HandClock
from tests.worker.mail_server import PASSWORD, USERNAME, MailBox
from tests.worker.receiver import Receiver, answer, drip_body, hang, hang_up
from tests.worker.told import DAY_MILLIS, FAULT, Bench

ADA = "ada@example.com"
NO_GRACE = 0.0


@pytest.fixture
async def bench(tmp_path: Path, clock: HandClock) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, clock)
    yield bench
    await bench.store.close()


async def test_a_finished_export_is_told_by_webhook(bench: Bench) -> None:
    async with Receiver.open() as receiver, bench.running() as notifier:
        key = await bench.finish(receiver.uri)
        notifier.wake()
        status = await bench.settled(key)
    (call,) = receiver.calls
    secret = bench.secret(bench.accounts["shop"])
    told = Webhook(secret.reveal()).verify(call.body, call.headers)["data"]
    assert (told["status"], told["count"], told["errormessage"]) == ("SUCCESS", 10, None)
    assert told["link"] == "https://segue.example.com/e1/link-secret?file=0"
    assert len(told["links"]) == told["file_count"] == 2
    assert status.state is NotificationState.DELIVERED
    assert [attempt.status_code for attempt in status.attempts] == [200]


@pytest.mark.parametrize("state", [ExportState.FAILED, ExportState.ERROR])
async def test_an_export_that_could_not_be_made_is_told_as_error_with_message(
    bench: Bench, state: ExportState
) -> None:
    async with Receiver.open() as receiver:
        key = await bench.finish(receiver.uri, state=state)
        async with bench.running():
            await bench.settled(key)
    told = receiver.calls[0].json["data"]
    assert (told["status"], told["errormessage"]) == ("ERROR", FAULT.message)
    assert (told["state"], told["count"], told["link"], told["links"]) == (state.name, 0, None, [])


async def test_a_finished_export_is_told_by_e_mail(tmp_path: Path, clock: HandClock) -> None:
    async with MailBox.open(needs_login=True) as box:
        settings = Settings(
            smtp=f"127.0.0.1:{box.port}",
            smtp_security="none",
            smtp_username=USERNAME,
            smtp_password=PASSWORD,
        )
        bench = Bench(tmp_path, clock)
        key = await bench.finish(ADA, kind=NotificationKind.EMAIL)
        async with running_notifier(bench.store, bench.facts(), settings, clock):
            status = await bench.settled(key)
        await bench.store.close()
    assert status.state is NotificationState.DELIVERED
    (mail,) = box.mails
    assert mail["To"] == ADA
    assert "https://segue.example.com/e1/link-secret?file=0" in mail.get_content()


async def test_a_receiver_that_is_down_is_tried_on_schedule_with_one_id_until_it_takes_it(
    bench: Bench,
) -> None:
    async with (
        Receiver.open(answer(500), hang_up, answer(302), answer(200)) as receiver,
        bench.running() as notifier,
    ):
        started = bench.clock.millis
        key = await bench.finish(receiver.uri)
        notifier.wake()
        for count in range(1, 4):
            status = await bench.attempted(key, count)
            assert status.next_millis == bench.clock.millis + DELAYS_SECONDS[count] * 1000
            bench.clock.millis = status.next_millis - 1
            notifier.wake()
            await asyncio.sleep(0)
            bench.clock.millis += 1
            notifier.wake()
        status = await bench.settled(key)
    assert (status.state, status.attempt_count) == (NotificationState.DELIVERED, 4)
    assert [attempt.status_code for attempt in status.attempts] == [500, 0, 302, 200]
    assert [attempt.millis - started for attempt in status.attempts] == [0, 5000, 305000, 2105000]
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in receiver.calls}) == 4
    assert len({call.body for call in receiver.calls}) == 1


async def test_it_is_given_up_after_the_last_attempt(bench: Bench) -> None:
    async with Receiver.open(answer(500)) as receiver, bench.running() as notifier:
        key = await bench.finish(receiver.uri)
        for count in range(1, ATTEMPTS + 1):
            notifier.wake()
            status = await bench.attempted(key, count)
            bench.clock.millis = status.next_millis or bench.clock.millis
        await bench.settled(key)
        bench.clock.millis += DAY_MILLIS
        notifier.wake()
        await asyncio.sleep(0.05)
    assert (status.state, status.next_millis) == (NotificationState.FAILED, None)
    assert len(receiver.calls) == ATTEMPTS


async def test_it_is_given_up_when_the_next_attempt_would_come_after_the_exports_end(
    bench: Bench,
) -> None:
    async with Receiver.open(answer(500)) as receiver, bench.running() as notifier:
        key = await bench.finish(receiver.uri, lifetime_millis=10_000)
        notifier.wake()
        status = await bench.attempted(key, 1)
        assert status.next_millis is not None
        bench.clock.millis = status.next_millis
        notifier.wake()
        status = await bench.settled(key)
    assert (status.state, len(receiver.calls)) == (NotificationState.FAILED, 2)


@pytest.mark.parametrize("ended", ["expired", "cancelled", "withdrawn"])
async def test_what_is_over_before_it_could_be_told_is_not_told(bench: Bench, ended: str) -> None:
    async with Receiver.open() as receiver:
        key = await bench.finish(receiver.uri)
        if ended == "expired":
            bench.clock.millis += 8 * DAY_MILLIS
        else:
            state = ExportState[ended.upper()]
            now = bench.clock.millis + 1
            assert await bench.store.write(lambda tx: exports.end(tx, key, state, now))
        async with bench.running():
            status = await bench.settled(key)
    assert (status.state, receiver.connections) == (NotificationState.FAILED, 0)
    assert status.attempts[0].error == "the export ended before it could be told"


async def test_410_ends_it_and_429_delays_it(bench: Bench) -> None:
    async with (
        Receiver.open(answer(429, "retry-after: 120"), answer(410)) as receiver,
        bench.running() as notifier,
    ):
        key = await bench.finish(receiver.uri)
        notifier.wake()
        status = await bench.attempted(key, 1)
        assert status.next_millis == bench.clock.millis + 120_000
        bench.clock.millis += 120_000
        notifier.wake()
        status = await bench.settled(key)
    assert (status.state, status.attempt_count) == (NotificationState.FAILED, 2)


async def test_what_was_under_way_when_the_process_ended_is_told_again_with_the_same_id(
    bench: Bench,
) -> None:
    async with Receiver.open(hang, answer(200)) as receiver:
        key = await bench.finish(receiver.uri)
        async with bench.running(NO_GRACE):
            await receiver.arrived.wait()
        status = await bench.status(key)
        assert (status.state, status.attempt_count) == (NotificationState.PENDING, 0)
        await bench.store.close()
        again = Bench(bench.data_dir, bench.clock)
        async with again.running():
            status = await again.settled(key)
        await again.store.close()
        bench.store = Bench(bench.data_dir, bench.clock).store
    assert (status.state, status.attempt_count) == (NotificationState.DELIVERED, 1)
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len(receiver.calls) == 2


async def test_closing_waits_for_what_is_under_way(bench: Bench) -> None:
    bench.timeout_seconds = 0.3
    async with Receiver.open(drip_body) as receiver:
        key = await bench.finish(receiver.uri)
        async with bench.running(grace_seconds=20.0):
            await receiver.arrived.wait()
        status = await bench.status(key)
    assert status.state is NotificationState.DELIVERED


async def test_attempts_under_way_are_bounded_and_one_account_does_not_take_all(
    bench: Bench,
) -> None:
    bench.jobs, bench.timeout_seconds = 8, 20.0
    gate = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await answer(200)(writer)

    async with Receiver.open(wait) as slow, Receiver.open() as quick:
        held = [await bench.finish(slow.uri, account="busy", export_id=f"b{n}") for n in range(20)]
        other = await bench.finish(quick.uri, account="other", export_id="o")
        async with bench.running():
            await bench.settled(other)
            assert slow.most_open_calls == bench.jobs // 4
            gate.set()
            for key in held:
                await bench.settled(key)
    assert (slow.most_open_calls, len(slow.calls)) == (bench.jobs // 4, 20)


async def test_all_accounts_together_stay_within_the_bound(bench: Bench) -> None:
    bench.jobs = 4
    gate = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter) -> None:
        if receiver.open_calls >= bench.jobs:
            gate.set()
        await gate.wait()
        await answer(200)(writer)

    async with Receiver.open(wait) as receiver:
        keys = [
            await bench.finish(receiver.uri, account=f"a{n % 6}", export_id=f"e{n}")
            for n in range(24)
        ]
        async with bench.running():
            for key in keys:
                await bench.settled(key)
    assert (receiver.most_open_calls, len(receiver.calls)) == (bench.jobs, 24)


async def test_everything_is_delivered_in_the_end_however_receivers_fail(bench: Bench) -> None:
    chance = random.Random(5)
    failures = [answer(500), answer(503, "retry-after: 7"), hang_up, answer(404), answer(301)]
    answers = [chance.choice([*failures, answer(200), answer(204, body=b"")]) for _ in range(60)]
    async with Receiver.open(*answers, answer(200)) as receiver:
        keys = [await bench.finish(receiver.uri, export_id=f"e{n}") for n in range(20)]
        async with bench.running() as notifier:
            while any(
                [(await bench.status(key)).state is NotificationState.PENDING for key in keys]
            ):
                bench.clock.millis += 3_600_000
                notifier.wake()
                await asyncio.sleep(0.01)
    statuses = [await bench.status(key) for key in keys]
    assert {status.state for status in statuses} == {NotificationState.DELIVERED}
    assert {call.headers["webhook-id"] for call in receiver.calls} == {
        f"msg_e{n}" for n in range(20)
    }
    assert len(receiver.calls) == sum(status.attempt_count for status in statuses)


async def test_a_fault_of_ours_is_an_attempt_and_is_tried_again(bench: Bench) -> None:
    bench.broken = True
    async with Receiver.open() as receiver, bench.running() as notifier:
        key = await bench.finish(receiver.uri)
        notifier.wake()
        status = await bench.attempted(key, 1)
        assert (status.state, receiver.connections) == (NotificationState.PENDING, 0)
        bench.broken = False
        bench.clock.millis += 5000
        notifier.wake()
        status = await bench.settled(key)
    assert status.state is NotificationState.DELIVERED


async def test_an_account_that_is_deleted_while_it_is_told_leaves_nothing(bench: Bench) -> None:
    gate = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await answer(500)(writer)

    async with Receiver.open(wait) as receiver:
        await bench.finish(receiver.uri)
        async with bench.running():
            await receiver.arrived.wait()
            key = bench.accounts["shop"]
            await bench.store.write(lambda tx: accounts.delete(tx, key))
            gate.set()
    for table in ("notification", "notification_attempt"):
        (row,) = await bench.store.read(
            lambda tx, table=table: list(tx.execute(f"SELECT count(*) FROM {table}"))  # type: ignore[misc]
        )
        assert row == (0,)


async def test_nothing_secret_or_personal_stands_in_the_log_or_the_rows_of_attempts(
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
        bad = Receiver.open(answer(500, body=ADA.encode()), hang_up, answer(200))
        async with MailBox.open() as box, bad as receiver:
            box.recipient_reply = f"450 {ADA} is busy"
            server = MailServer("127.0.0.1", box.port, "none", "segue@example.org")
            bench = Bench(tmp_path, clock, server)
            keys = [
                await bench.finish(receiver.uri),
                await bench.finish(ADA, kind=NotificationKind.EMAIL, export_id="e2"),
            ]
            async with bench.running() as notifier:
                for count in range(1, 4):
                    bench.broken = count == 2
                    statuses = [await bench.attempted(key, count) for key in keys]
                    clock.millis += 3_600_000
                    notifier.wake()
            await bench.store.close()
    finally:
        structlog.configure(**before)
    written = capsys.readouterr().err + caplog.text + repr(statuses)
    assert [attempt.status_code for attempt in statuses[1].attempts] == [450, 0, 450]
    assert "notification.attempted" in written
    for private in (ADA, "s3cret", "link-secret", "127.0.0.1", "whsec_"):
        assert private not in written


def test_an_accounts_secret_is_always_the_same_and_nobody_elses(tmp_path: Path) -> None:
    other_dir = tmp_path / "other"
    other_dir.mkdir()
    tokens, elsewhere = Tokens(tmp_path), Tokens(other_dir)
    secret = tokens.webhook_secret(1).reveal()
    assert secret.startswith("whsec_")
    assert tokens.webhook_secret(1).reveal() == secret
    others = {tokens.webhook_secret(11).reveal(), elsewhere.webhook_secret(1).reveal()}
    assert secret not in others
    assert len(others) == 2
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == SECRET_BYTES
