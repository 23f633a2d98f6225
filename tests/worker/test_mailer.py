"""E-mail about exports, to a real SMTP server."""

import asyncio
import logging
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Literal

import pytest

from segue.domain.export import ExportState
from segue.domain.secret import Secret
from segue.worker.export_message import ExportMessage
from segue.worker.mailer import Mailer, MailServer, write_mail
from tests.worker.conftest import Certificate
from tests.worker.mail_server import PASSWORD, USERNAME, MailBox
from tests.worker.receiver import Receiver, drip_head, hang, hang_up

ADA = "ada@example.com"
PATIENCE_SECONDS = 20.0
IMPATIENCE_SECONDS = 0.3


def server(
    port: int,
    security: Literal["none", "starttls", "tls"] = "none",
    password: str | None = None,
) -> MailServer:
    username, secret = (None, None) if password is None else (USERNAME, Secret(password))
    return MailServer("127.0.0.1", port, security, "segue@example.org", username, secret)


def failed(message: ExportMessage) -> ExportMessage:
    error = "segment x names itself; change its rules and start the export again"
    return replace(
        message, error=error, links=(), file_count=0, row_count=0, state=ExportState.FAILED
    )


def text_of(mail: EmailMessage) -> str:
    content = mail.get_content()
    assert isinstance(content, str)
    return content


async def test_a_mail_has_links_count_status_and_end(message: ExportMessage) -> None:
    async with MailBox.open() as box:
        taken = await Mailer(server(box.port), PATIENCE_SECONDS).send(ADA, message)
    assert (taken.code, taken.error) == (250, "")
    (mail,) = box.mails
    assert (box.senders, box.recipients) == (["segue@example.org"], [ADA])
    assert (mail["From"], mail["To"]) == ("segue@example.org", ADA)
    assert mail["Subject"] == "Export ready: accounts/shop/exports/e1, 1234 profiles"
    assert mail["Message-ID"] == "<msg_e1@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    lines = text_of(mail).splitlines()
    assert {"Status: SUCCESS", "Count: 1234", *message.links} <= set(lines)
    assert "To be fetched until: 2023-11-14T22:19:20.000Z" in lines


async def test_a_mail_about_a_failure_has_status_error_and_remedy(message: ExportMessage) -> None:
    async with MailBox.open() as box:
        await Mailer(server(box.port), PATIENCE_SECONDS).send(ADA, failed(message))
    (mail,) = box.mails
    assert mail["Subject"] == "Export failed: accounts/shop/exports/e1"
    lines = text_of(mail).splitlines()
    assert "Status: ERROR" in lines
    assert f"Error: {failed(message).error}" in lines


async def test_a_link_of_any_length_arrives_whole(message: ExportMessage) -> None:
    link = "https://segue.example.com/" + "a" * 1500
    async with MailBox.open() as box:
        await Mailer(server(box.port), PATIENCE_SECONDS).send(ADA, replace(message, links=(link,)))
    assert link in text_of(box.mails[0]).splitlines()


async def test_starttls_encrypts_and_logs_in(
    message: ExportMessage, certificate: Certificate
) -> None:
    async with MailBox.open(tls=certificate.server, needs_login=True) as box:
        mailer = Mailer(server(box.port, "starttls", PASSWORD), PATIENCE_SECONDS, certificate.trust)
        taken = await mailer.send(ADA, message)
    assert (taken.code, box.encrypted, len(box.mails)) == (250, [True], 1)
    assert box.logins == [(USERNAME.encode(), PASSWORD.encode())]


async def test_tls_from_the_start_is_spoken_where_it_is_set(
    message: ExportMessage, certificate: Certificate
) -> None:
    async with MailBox.open(tls=certificate.server, is_wrapped=True) as box:
        mailer = Mailer(server(box.port, "tls"), PATIENCE_SECONDS, certificate.trust)
        taken = await mailer.send(ADA, message)
    assert (taken.code, len(box.mails)) == (250, 1)


async def test_nothing_is_sent_in_plain_text_where_starttls_is_set(message: ExportMessage) -> None:
    async with MailBox.open() as box:
        mailer = Mailer(server(box.port, "starttls", PASSWORD), PATIENCE_SECONDS)
        refused = await mailer.send(ADA, message)
    assert (refused.code, refused.is_final) == (0, False)
    assert "does not offer" in refused.error
    assert (box.mails, box.logins) == ([], [])


async def test_nothing_is_sent_to_a_server_that_is_not_trusted(
    message: ExportMessage, certificate: Certificate
) -> None:
    async with MailBox.open(tls=certificate.server, needs_login=True) as box:
        refused = await Mailer(server(box.port, "starttls", PASSWORD), PATIENCE_SECONDS).send(
            ADA, message
        )
    assert refused.error
    assert not refused.is_final
    assert (box.mails, box.logins) == ([], [])


@pytest.mark.parametrize("security", ["none", "starttls"])
async def test_a_wrong_password_is_the_operators_to_mend_so_the_mail_waits(
    message: ExportMessage, certificate: Certificate, security: Literal["none", "starttls"]
) -> None:
    tls = certificate.server if security == "starttls" else None
    async with MailBox.open(tls=tls, needs_login=True) as box:
        mailer = Mailer(server(box.port, security, "wrong"), PATIENCE_SECONDS, certificate.trust)
        refused = await mailer.send(ADA, message)
    assert (refused.code, refused.is_final, box.mails) == (535, False, [])


@pytest.mark.parametrize("stage", ["recipient_reply", "data_reply"])
@pytest.mark.parametrize(
    ("code", "is_final"), [(421, False), (450, False), (451, False), (550, True), (554, True)]
)
async def test_5xx_ends_it_and_4xx_is_tried_again(
    message: ExportMessage, stage: str, code: int, *, is_final: bool
) -> None:
    async with MailBox.open() as box:
        setattr(box, stage, f"{code} {ADA} is not for us")
        refused = await Mailer(server(box.port), PATIENCE_SECONDS).send(ADA, message)
    assert (refused.code, refused.is_final) == (code, is_final)
    assert ADA not in refused.error


@pytest.mark.parametrize("behaviour", [hang, hang_up, drip_head])
async def test_a_server_that_does_not_speak_smtp_or_does_not_answer_is_tried_again(
    message: ExportMessage, behaviour: object
) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(writer)  # type: ignore[operator]
        finally:
            writer.transport.abort()

    tasks: set[asyncio.Task[None]] = set()
    listener = await asyncio.start_server(
        lambda reader, writer: tasks.add(asyncio.ensure_future(serve(reader, writer))),
        "127.0.0.1",
        0,
    )
    port = listener.sockets[0].getsockname()[1]
    refused = await Mailer(server(port), IMPATIENCE_SECONDS).send(ADA, message)
    listener.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert refused.error
    assert not refused.is_final


async def test_a_server_that_is_down_or_not_set_is_tried_again(message: ExportMessage) -> None:
    async with Receiver.open() as receiver:
        port = receiver.port
    down = await Mailer(server(port), PATIENCE_SECONDS).send(ADA, message)
    unset = await Mailer(None, PATIENCE_SECONDS).send(ADA, message)
    assert (down.code, down.is_final) == (0, False)
    assert (unset.code, unset.is_final) == (0, False)
    assert "SEGUE_SMTP" in unset.error


@pytest.mark.parametrize(
    "address", ["ada@example.com\r\nBcc: all@example.com", "ada@example.com, b@c.de", "ada"]
)
async def test_an_address_with_more_in_it_is_no_address(
    message: ExportMessage, address: str
) -> None:
    async with MailBox.open() as box:
        refused = await Mailer(server(box.port), PATIENCE_SECONDS).send(address, message)
    assert (refused.is_final, box.mails) == (True, [])


def test_no_header_can_be_smuggled_in_by_what_a_mail_is_about(message: ExportMessage) -> None:
    for hostile in (
        replace(message, name="x\r\nBcc: all@example.com"),
        replace(message, message_id="x>\r\nBcc: all@example.com"),
    ):
        with pytest.raises(ValueError, match="linefeed or carriage return"):
            write_mail("segue@example.org", ADA, hostile)
    hostile = replace(failed(message), error="a\r\n.\r\nBcc: all@example.com")
    mail = message_from_bytes(
        write_mail("segue@example.org", ADA, hostile).as_bytes(), policy=default
    )
    assert mail["Bcc"] is None


async def test_logs_at_their_most_talkative_name_nobody(
    message: ExportMessage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.CRITICAL, "mail.log")  # the test's own server
    caplog.set_level(logging.CRITICAL, "mail.debug")
    async with MailBox.open(needs_login=True) as box:
        await Mailer(server(box.port, "none", PASSWORD), PATIENCE_SECONDS).send(ADA, message)
        box.recipient_reply = f"550 {ADA}"
        await Mailer(server(box.port, "none", PASSWORD), PATIENCE_SECONDS).send(ADA, message)
    for private in (ADA, PASSWORD, "one-secret"):
        assert private not in caplog.text
