"""Calls of webhooks, to real receivers that behave well and badly."""

import asyncio
import datetime
import logging
from collections.abc import Sequence

import pytest
from standardwebhooks import Webhook

from segue.domain.secret import derive_webhook_secret
from segue.worker.addresses import Resolver
from segue.worker.export_message import ExportMessage
from segue.worker.webhook_sender import MAX_BODY_BYTES, WebhookSender
from tests.unit.use_cases import HandClock
from tests.worker.conftest import Certificate, loopback, nowhere
from tests.worker.receiver import (
    Behaviour,
    Flood,
    Receiver,
    answer,
    babble,
    drip_body,
    drip_head,
    hang,
    hang_up,
)

SECRET = derive_webhook_secret(bytes(32), 1)
PATIENCE_SECONDS = 20.0
IMPATIENCE_SECONDS = 0.3


def sender(
    clock: HandClock, timeout_seconds: float = PATIENCE_SECONDS, resolve: Resolver = nowhere
) -> WebhookSender:
    return WebhookSender(timeout_seconds, resolve, clock, allow_private=True)


async def test_a_call_has_status_count_and_link_and_verifies_by_standard_webhooks(
    clock: HandClock, message: ExportMessage
) -> None:
    async with Receiver.open() as receiver:
        taken = await sender(clock).send(receiver.uri, message, SECRET)
    (call,) = receiver.calls
    assert (taken.code, taken.error) == (200, "")
    assert call.line == "POST /hook?token=s3cret HTTP/1.1"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert call.headers["user-agent"].startswith("Segue")
    verified = Webhook(SECRET.reveal()).verify(call.body, call.headers)
    assert verified["type"] == "export.finished"
    assert verified["data"] == {
        "status": "SUCCESS",
        "errormessage": None,
        "export": "accounts/shop/exports/e1",
        "state": "COMPLETE",
        "count": 1234,
        "byte_count": 56789,
        "file_count": 2,
        "link": message.links[0],
        "links": list(message.links),
        "snapshot_time": "2023-11-14T22:13:20.003Z",
        "expire_time": "2023-11-14T22:19:20.000Z",
    }


async def test_another_account_s_secret_does_not_verify(
    clock: HandClock, message: ExportMessage
) -> None:
    async with Receiver.open() as receiver:
        await sender(clock).send(receiver.uri, message, SECRET)
    (call,) = receiver.calls
    other = derive_webhook_secret(bytes(32), 2)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(other.reveal()).verify(call.body, call.headers)


def test_the_library_signs_as_the_specification_s_example_does() -> None:
    moment = datetime.datetime.fromtimestamp(1614265330, datetime.UTC)
    signature = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_every_2xx_is_taken(clock: HandClock, message: ExportMessage, code: int) -> None:
    async with Receiver.open(answer(code, body=b"")) as receiver:
        taken = await sender(clock).send(receiver.uri, message, SECRET)
    assert (taken.code, taken.error) == (code, "")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 400, 401, 404, 429, 500, 502, 503])
async def test_every_other_answer_is_tried_again(
    clock: HandClock, message: ExportMessage, code: int
) -> None:
    async with Receiver.open(answer(code)) as receiver:
        refused = await sender(clock).send(receiver.uri, message, SECRET)
    assert (refused.code, refused.is_final) == (code, False)
    assert str(code) in refused.error


async def test_410_ends_it_for_good(clock: HandClock, message: ExportMessage) -> None:
    async with Receiver.open(answer(410)) as receiver:
        refused = await sender(clock).send(receiver.uri, message, SECRET)
    assert (refused.code, refused.is_final) == (410, True)


async def test_a_redirect_is_not_followed(clock: HandClock, message: ExportMessage) -> None:
    async with (
        Receiver.open() as hidden,
        Receiver.open(answer(307, f"location: {hidden.uri}")) as receiver,
    ):
        refused = await sender(clock).send(receiver.uri, message, SECRET)
    assert (refused.code, hidden.connections, receiver.connections) == (307, 0, 1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("-5", 0), ("soon", 0), ("1" * 4000, 0), ("", 0), ("1e9", 0)],
)
@pytest.mark.parametrize("code", [429, 503])
async def test_retry_after_is_read_as_seconds(
    clock: HandClock, message: ExportMessage, code: int, value: str, seconds: int
) -> None:
    async with Receiver.open(answer(code, f"retry-after: {value}")) as receiver:
        refused = await sender(clock).send(receiver.uri, message, SECRET)
    assert refused.retry_after_seconds == seconds


async def test_retry_after_is_read_as_a_date(clock: HandClock, message: ExportMessage) -> None:
    clock.millis = 1_700_000_000_000
    date = "retry-after: Tue, 14 Nov 2023 22:15:20 GMT"
    async with Receiver.open(answer(429, date)) as receiver:
        refused = await sender(clock).send(receiver.uri, message, SECRET)
    assert refused.retry_after_seconds == 120


@pytest.mark.parametrize("behaviour", [hang, drip_head])
async def test_a_receiver_that_does_not_come_to_an_end_is_left(
    clock: HandClock, message: ExportMessage, behaviour: Behaviour
) -> None:
    async with Receiver.open(behaviour) as receiver:
        refused = await sender(clock, IMPATIENCE_SECONDS).send(receiver.uri, message, SECRET)
    assert (refused.code, refused.error) == (0, "there was no answer in time")


@pytest.mark.parametrize("behaviour", [hang_up, babble])
async def test_a_connection_without_an_answer_is_tried_again(
    clock: HandClock, message: ExportMessage, behaviour: Behaviour
) -> None:
    async with Receiver.open(behaviour) as receiver:
        refused = await sender(clock).send(receiver.uri, message, SECRET)
    assert (refused.code, refused.is_final) == (0, False)
    assert refused.error == "the connection ended without an answer"


async def test_what_was_taken_stays_taken_when_its_body_never_ends(
    clock: HandClock, message: ExportMessage
) -> None:
    async with Receiver.open(drip_body) as receiver:
        taken = await sender(clock, IMPATIENCE_SECONDS).send(receiver.uri, message, SECRET)
    assert (taken.code, taken.error) == (200, "")


async def test_an_endless_answer_is_cut_off_and_not_inflated(
    clock: HandClock, message: ExportMessage
) -> None:
    flood = Flood()
    async with Receiver.open(flood) as receiver:
        taken = await sender(clock).send(receiver.uri, message, SECRET)
    assert taken.code == 200
    buffers_of_the_system = 16 << 20
    assert flood.sent < MAX_BODY_BYTES + buffers_of_the_system


async def test_cookies_of_a_receiver_are_not_sent_again(
    clock: HandClock, message: ExportMessage
) -> None:
    async with Receiver.open(answer(500, "set-cookie: a=b; path=/"), answer(200)) as receiver:
        webhooks = sender(clock)
        for _ in range(2):
            await webhooks.send(receiver.uri, message, SECRET)
    assert [call.headers.get("cookie") for call in receiver.calls] == [None, None]


async def test_proxies_of_the_environment_are_not_used(
    clock: HandClock, message: ExportMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Receiver.open() as proxy, Receiver.open() as receiver:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        taken = await sender(clock).send(receiver.uri, message, SECRET)
    assert (taken.code, proxy.connections) == (200, 0)


async def test_tls_names_the_host_and_connects_to_the_address_that_was_vetted(
    clock: HandClock, message: ExportMessage, certificate: Certificate
) -> None:
    asked = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    webhooks = WebhookSender(
        PATIENCE_SECONDS, resolve, clock, allow_private=True, trust=certificate.trust
    )
    async with Receiver.open(tls=certificate.server) as receiver:
        uri = f"https://receiver.example:{receiver.port}/hook"
        taken = await webhooks.send(uri, message, SECRET)
    assert (taken.code, asked) == (200, [("receiver.example", receiver.port)])
    assert receiver.calls[0].headers["host"] == f"receiver.example:{receiver.port}"


@pytest.mark.parametrize("name", ["receiver.example", "other.example"])
async def test_a_certificate_that_nobody_trusts_or_of_another_name_ends_the_call(
    clock: HandClock, message: ExportMessage, certificate: Certificate, name: str
) -> None:
    trust = certificate.trust if name == "other.example" else None
    webhooks = WebhookSender(PATIENCE_SECONDS, loopback, clock, allow_private=True, trust=trust)
    async with Receiver.open(tls=certificate.server) as receiver:
        refused = await webhooks.send(f"https://{name}:{receiver.port}/", message, SECRET)
    assert refused.error == "no trusted TLS connection could be made"
    assert receiver.calls == []


async def test_an_address_that_cannot_be_reached_gives_way_to_the_next(
    clock: HandClock, message: ExportMessage
) -> None:
    async def resolve(_: str, __: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with Receiver.open() as receiver:
        uri = f"http://receiver.example:{receiver.port}/"
        taken = await sender(clock, resolve=resolve).send(uri, message, SECRET)
    assert (taken.code, receiver.connections) == (200, 1)


async def test_names_that_hang_end_with_the_call(clock: HandClock, message: ExportMessage) -> None:
    async def resolve(_: str, __: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    webhooks = sender(clock, IMPATIENCE_SECONDS, resolve)
    refused = await webhooks.send("https://receiver.example/", message, SECRET)
    assert refused.error == "there was no answer in time"


@pytest.mark.parametrize("behaviour", [answer(200), answer(500), answer(302), hang_up])
async def test_logs_at_their_most_talkative_name_nobody(
    clock: HandClock,
    message: ExportMessage,
    behaviour: Behaviour,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Receiver.open(behaviour) as receiver:
        uri = f"http://receiver.example:{receiver.port}/path-secret?token=s3cret"
        refused = await sender(clock, resolve=loopback).send(uri, message, SECRET)
    for private in ("receiver.example", "s3cret", "path-secret", SECRET.reveal(), "one-secret"):
        assert private not in caplog.text + refused.error + repr(message) + repr(refused)
