"""No address of a webhook, however it is written or looked up, makes this server connect to anything but the open network."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest

from segue.domain.secret import derive_webhook_secret
from segue.worker.addresses import SystemResolver
from segue.worker.export_message import ExportMessage
from segue.worker.webhook_sender import WebhookSender
from tests.unit.use_cases import HandClock
from tests.worker.conftest import Certificate
from tests.worker.receiver import Receiver, answer

SECRET = derive_webhook_secret(bytes(32), 1)
SECONDS = 5.0

WRITTEN = """
https://127.0.0.1:PORT/            https://127.0.0.1./               https://127.1:PORT/              https://127.0.1:PORT/
https://0.0.0.0:PORT/              https://0:PORT/                   https://00000000000:PORT/        https://2130706433:PORT/
https://0x7f000001:PORT/           https://0x7f.0.0.1:PORT/          https://0x7F.1:PORT/             https://0x:PORT/
https://017700000001:PORT/         https://0177.0.0.1:PORT/          https://127.0.0.01:PORT/         https://127.000.000.001:PORT/
https://10.0.0.1:PORT/             https://172.16.0.1:PORT/          https://172.31.255.255:PORT/     https://192.168.1.1:PORT/
https://169.254.169.254/latest/    https://169.254.170.2/v2/         https://100.64.0.1:PORT/         https://100.100.100.200/
https://192.0.0.192/               https://192.0.2.1/                https://198.18.0.1/              https://203.0.113.9/
https://224.0.0.1/                 https://239.255.255.250/          https://240.0.0.1/               https://255.255.255.255/
https://168.63.129.16/             https://192.88.99.1/              https://[::1]:PORT/              https://[::]:PORT/
https://[0:0:0:0:0:0:0:1]:PORT/    https://[::ffff:127.0.0.1]:PORT/  https://[::ffff:7f00:1]:PORT/    https://[::ffff:a9fe:a9fe]/
https://[::127.0.0.1]:PORT/        https://[::ffff:0:127.0.0.1]:PORT/ https://[64:ff9b::7f00:1]:PORT/ https://[64:ff9b::10.0.0.1]/
https://[64:ff9b:1::7f00:1]:PORT/  https://[2002:7f00:1::]:PORT/     https://[2002:a9fe:a9fe::1]/     https://[2001:0:7f00:1::1]/
https://[fc00::1]/                 https://[fd00:ec2::254]/          https://[fe80::1]/               https://[fe80::1%25lo]:PORT/
https://[fec0::1]/                 https://[ff02::1]/                https://[2001:db8::1]/           https://[100::1]/
https://[::1%lo]:PORT/             https://[127.0.0.1]:PORT/         https://localhost:PORT/          https://LOCALHOST:PORT/
https://localhost.:PORT/           https://a.localhost:PORT/         https://a@127.0.0.1:PORT/        https://example.com@127.0.0.1:PORT/
https://example.com:443@[::1]:PORT https://127.0.0.1:PORT#.example.com/ https://127.0.0.1:PORT\\.example.com/ https://127.0.0.1%2f.example.com/
https://127.0.0.1%00.example.com/  https://%31%32%37.0.0.1:PORT/     https://①②⑦.⓪.⓪.①:PORT/           https://127。0。0。1:PORT/
https://ⓛocalhost:PORT/            https://127.0.0.1:PORT:443/       https://127.0.0.1\t:PORT/        https:\\\\127.0.0.1:PORT/
https:/127.0.0.1:PORT/             https:127.0.0.1:PORT/             //127.0.0.1:PORT/                http://127.0.0.1:PORT/
http://example.com:PORT/           file:///etc/passwd                gopher://127.0.0.1:PORT/         ftp://127.0.0.1:PORT/
https://127.0.0.1:22/              https://8.8.8.8:25/               https://8.8.8.8:0/               https://8.8.8.8:65536/
https://ip6-localhost:PORT/        https://::1:PORT/                 https://[::1]]:PORT/             https://example.com/%0d%0a:x\r\n
"""
"""Addresses as somebody may send them; the machine's own name server is asked for names."""

LOOKED_UP = """
127.0.0.1  127.8.8.8  0.0.0.0  10.1.2.3  172.20.0.1  192.168.0.1  169.254.169.254  100.127.255.255  192.0.0.8  198.19.255.255  224.0.0.251
255.255.255.255  ::1  ::  ::ffff:127.0.0.1  ::ffff:10.0.0.1  ::7f00:1  64:ff9b::7f00:1  64:ff9b:1::1  2002:7f00:1::1  2002:c0a8:101::  2001:0:1::1
fc00::1  fdff::1  fe80::1  fe80::1%lo  fec0::1  ff05::2  2001:db8::2  3fff::1  100::  5f00::1
"""
"""Where a name may lead that somebody else's name server answers for."""


_seen: list[list[Any]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _seen:
        _seen[-1].append(arguments[1])


sys.addaudithook(_hook)


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Hears from the interpreter of every address that any socket is connected to."""
    _seen.append([])
    try:
        yield _seen[-1]
    finally:
        _seen.pop()


@pytest.mark.parametrize("template", re.split(r" {2,}|\n", WRITTEN.strip("\n")))
async def test_an_address_that_is_written_so_is_not_called(
    clock: HandClock, message: ExportMessage, certificate: Certificate, template: str
) -> None:
    async with Receiver.open(tls=certificate.server) as receiver:
        with closing(SystemResolver(1)) as resolver, connections() as tried:
            webhooks = WebhookSender(
                SECONDS, resolver, clock, allow_private=False, trust=certificate.trust
            )
            uri = template.replace("PORT", str(receiver.port))
            refused = await webhooks.send(uri, message, SECRET)
    assert refused.code == 0
    assert refused.error
    assert (receiver.connections, tried) == (0, [])


@pytest.mark.parametrize("private", LOOKED_UP.split())
@pytest.mark.parametrize("beside", [[], ["8.8.8.8"]], ids=["alone", "beside-a-public-one"])
async def test_a_name_that_leads_inside_is_not_called(
    clock: HandClock,
    message: ExportMessage,
    certificate: Certificate,
    private: str,
    beside: list[str],
) -> None:
    async def resolve(_: str, __: int) -> Sequence[str]:
        return [*beside, private]

    webhooks = WebhookSender(SECONDS, resolve, clock, allow_private=False, trust=certificate.trust)
    async with Receiver.open(tls=certificate.server) as receiver:
        with connections() as tried:
            uri = f"https://receiver.example:{receiver.port}/"
            refused = await webhooks.send(uri, message, SECRET)
    assert refused.error == "the host has no public address"
    assert (receiver.connections, tried) == (0, [])


async def test_a_name_is_looked_up_once_so_that_its_second_answer_counts_for_nothing(
    clock: HandClock, message: ExportMessage, certificate: Certificate
) -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def resolve(_: str, __: int) -> Sequence[str]:
        return answers.pop(0)

    webhooks = WebhookSender(SECONDS, resolve, clock, allow_private=True, trust=certificate.trust)
    async with Receiver.open(tls=certificate.server) as receiver:
        with connections() as tried:
            uri = f"https://receiver.example:{receiver.port}/"
            taken = await webhooks.send(uri, message, SECRET)
    assert (taken.code, answers) == (200, [["127.0.0.2"]])
    assert tried == [("127.0.0.1", receiver.port)]


async def test_unknown_names_and_names_that_lead_inside_are_told_in_the_same_words(
    clock: HandClock, message: ExportMessage, certificate: Certificate
) -> None:
    async def resolve(host: str, _: int) -> Sequence[str]:
        if host == "database.internal":
            return ["10.0.0.5"]
        raise OSError("unknown")

    webhooks = WebhookSender(SECONDS, resolve, clock, allow_private=False, trust=certificate.trust)
    inside, unknown = [
        await webhooks.send(f"https://{host}/", message, SECRET)
        for host in ("database.internal", "nowhere.internal")
    ]
    assert inside == unknown


async def test_a_redirect_inside_is_not_followed(
    clock: HandClock, message: ExportMessage, certificate: Certificate
) -> None:
    async def resolve(_: str, __: int) -> Sequence[str]:
        return ["127.0.0.1"]

    webhooks = WebhookSender(SECONDS, resolve, clock, allow_private=True, trust=certificate.trust)
    away = answer(302, "location: http://169.254.169.254/latest/")
    async with Receiver.open(away, tls=certificate.server) as receiver:
        with connections() as tried:
            uri = f"https://receiver.example:{receiver.port}/"
            refused = await webhooks.send(uri, message, SECRET)
    assert refused.code == 302
    assert tried == [("127.0.0.1", receiver.port)]


def test_the_tables_have_at_least_sixty_addresses() -> None:
    assert len(set(WRITTEN.split())) >= 60
