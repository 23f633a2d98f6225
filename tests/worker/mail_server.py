"""A real SMTP server on loopback that keeps what it is given, or refuses it as it is told."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USERNAME, PASSWORD = "segue", "pass-word"


@dataclass
class MailBox:
    """What arrived, and what is answered to the next commands."""

    port: int = 0
    recipient_reply: str = "250 OK"
    data_reply: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)
    senders: list[str | None] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.recipient_reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_reply

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content
        assert content is not None
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.senders.append(envelope.mail_from)
        self.recipients.extend(envelope.rcpt_tos)
        self.encrypted.append(session.ssl is not None)
        return self.data_reply

    def authenticate(
        self, _: SMTP, __: Session, ___: Envelope, ____: str, login: LoginPassword
    ) -> AuthResult:
        self.logins.append((login.login, login.password))
        is_right = (login.login, login.password) == (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=is_right)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        tls: ssl.SSLContext | None = None,
        is_wrapped: bool = False,
        needs_login: bool = False,
    ) -> AsyncIterator[Self]:
        """Serves mail; with a certificate by STARTTLS, or wrapped in TLS from the start."""
        box = cls()
        loop = asyncio.get_running_loop()
        protocols: list[SMTP] = []

        def protocol() -> SMTP:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of logging in without TLS, which a test does
                made = SMTP(
                    box,
                    hostname="mail.example",
                    loop=loop,
                    tls_context=None if is_wrapped else tls,
                    require_starttls=tls is not None and not is_wrapped,
                    authenticator=box.authenticate if needs_login else None,
                    auth_required=needs_login,
                    auth_require_tls=tls is not None and not is_wrapped,
                )
            protocols.append(made)
            return made

        server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if is_wrapped else None)
        box.port = server.sockets[0].getsockname()[1]
        try:
            yield box
        finally:
            server.close()
            for each in protocols:
                if each.transport is not None:
                    each.transport.close()
            await asyncio.sleep(0)
