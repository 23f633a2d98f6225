"""Sends e-mail about jobs that ended, in plain text, through the operator's mail server."""

import asyncio
import datetime
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Literal

import aiosmtplib

from segue.domain.notification_address import check_email_address
from segue.domain.secret import Secret
from segue.errors import FieldInvalid
from segue.worker.answer import Answer
from segue.worker.message import Message

_LOGIN_CODES: Final = {530, 534, 535, 538}
"""Replies about how we log in (RFC 4954): the operator's to mend, so the message waits."""
_FIRST_PERMANENT: Final = 500
_LONGEST_LINE: Final = 900
"""RFC 5321 allows 998; links stay on one line."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    sender: str
    username: str | None = None
    password: Secret | None = None


class Mailer:
    """Tells people by e-mail."""

    def __init__(
        self,
        server: MailServer | None,
        timeout_seconds: float,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Takes how mail is sent.

        Args:
            server: Where to; None sends nothing, and every message waits.
            timeout_seconds: How long one message may take as a whole.
            trust: Whose certificates count; None is those that the machine trusts.
        """
        self._server = server
        self._timeout_seconds = timeout_seconds
        self._trust = trust or ssl.create_default_context()

    async def send(self, address: str, message: Message) -> Answer:
        """Sends one message; a refusal for good (5xx) of the recipient or the content is final, all else may be tried again."""
        if self._server is None:
            return Answer(0, "this server has no mail server; its operator sets SEGUE_SMTP")
        try:
            check_email_address(address, "email_address")
        except FieldInvalid:
            return Answer(0, "the address is none that mail can be sent to", is_final=True)
        return await self._hand_over(
            self._server, write_mail(self._server.sender, address, message)
        )

    async def _hand_over(self, server: MailServer, mail: EmailMessage) -> Answer:
        client = self._client(server)
        answer: Answer | None = None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await client.connect()
                await client.send_message(mail)
                # The server has the message now: what goes wrong with the farewell must not send it twice.
                answer = Answer(250)
                await client.quit()
        except TimeoutError:
            return answer or Answer(0, "the mail server did not answer in time")
        except (aiosmtplib.SMTPException, OSError) as error:
            return answer or _refusal(error)
        finally:
            client.close()
        return answer

    def _client(self, server: MailServer) -> aiosmtplib.SMTP:
        is_tls = server.security != "none"
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=None if server.password is None else server.password.reveal(),
            local_hostname=_domain(server.sender),
            timeout=self._timeout_seconds,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._trust if is_tls else None,
        )


def write_mail(sender: str, address: str, message: Message) -> EmailMessage:
    """Writes the mail about a job that ended; repeated, it has the same Message-ID, by which mailboxes know it."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=_LONGEST_LINE))
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = message.subject()
    mail["Date"] = format_datetime(
        datetime.datetime.fromtimestamp(message.millis // 1000, datetime.UTC)
    )
    mail["Message-ID"] = f"<{message.message_id}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(message.lines()) + "\n")
    return mail


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("<> ") or "localhost"


def _refusal(error: Exception) -> Answer:
    """Tells what kind of failure it is by the code alone: the server's words may repeat addresses."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        return _coded(error.recipients[0].code, "the mail server refused the recipient")
    if isinstance(error, aiosmtplib.SMTPDataError):
        return _coded(error.code, "the mail server refused the message")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Answer(error.code, f"the mail server refused us with {error.code}")
    # What is raised where STARTTLS or logging in is not offered is the base class itself.
    if type(error) in {aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported}:
        return Answer(0, "the mail server does not offer what the settings ask for")
    return Answer(0, "the mail server could not be reached, or ended the connection")


def _coded(code: int, words: str) -> Answer:
    is_final = code >= _FIRST_PERMANENT and code not in _LOGIN_CODES
    return Answer(code, f"{words} with {code}", is_final=is_final)
