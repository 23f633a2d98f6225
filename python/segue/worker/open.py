"""Puts together what tells of jobs that ended, as the settings say."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from segue.domain.secret import Secret
from segue.domain.timestamp import Clock
from segue.settings import Settings, host_and_port
from segue.store.base import Store
from segue.worker.addresses import SystemResolver
from segue.worker.mailer import Mailer, MailServer
from segue.worker.notifier import Facts, Notifier
from segue.worker.webhook_sender import WebhookSender


@asynccontextmanager
async def running_notifier(
    store: Store,
    facts: Facts,
    settings: Settings,
    clock: Clock,
    trust: ssl.SSLContext | None = None,
) -> AsyncIterator[Notifier]:
    """Tells of jobs that ended as long as the context is open; `settings.shutdown_grace_seconds` are given to what is under way at its end.

    Args:
        store: Where notifications are; outlives the context.
        facts: What messages are made of.
        settings: How mail and webhooks are sent.
        clock: Tells the time.
        trust: Whose certificates count; None is those that the machine trusts.
    """
    with closing(SystemResolver(settings.notification_jobs)) as resolver:
        webhooks = WebhookSender(
            settings.notification_timeout_seconds,
            resolver,
            clock,
            allow_private=settings.allow_private_webhooks,
            trust=trust,
        )
        mailer = Mailer(mail_server(settings), settings.notification_timeout_seconds, trust)
        notifier = Notifier(store, facts, webhooks, mailer, settings.notification_jobs, clock)
        notifier.start()
        try:
            yield notifier
        finally:
            await notifier.close(settings.shutdown_grace_seconds)


def mail_server(settings: Settings) -> MailServer | None:
    """Returns the mail server that the settings name; None when they name none."""
    if settings.smtp is None:
        return None
    host, port = host_and_port("smtp", settings.smtp)
    password = settings.smtp_password
    return MailServer(
        host,
        port,
        settings.smtp_security,
        settings.smtp_sender,
        settings.smtp_username,
        None if password is None else Secret(password.get_secret_value()),
    )
