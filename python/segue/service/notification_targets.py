"""Who may be told that an export or an import has ended, by what the server is set to."""

from dataclasses import dataclass

from segue.domain.notification import NotificationKind, NotificationTarget
from segue.domain.notification_address import check_email_address, check_webhook_uri
from segue.errors import FieldInvalid, FieldViolation


@dataclass(frozen=True)
class NotificationTargets:
    """The ways of telling that the server has."""

    sends_email: bool = False
    """Whether a mail server is set."""
    allow_private: bool = False
    """Whether webhooks may go to private networks, and by http."""

    def check(self, target: NotificationTarget) -> None:
        """Checks whom the field `notify` of a request wants to be told.

        Raises:
            FieldInvalid: The address is malformed or forbidden, or the server sends no e-mail.
        """
        if target.kind is NotificationKind.WEBHOOK:
            check_webhook_uri(
                target.address, "notify.webhook_uri", allow_private=self.allow_private
            )
            return
        check_email_address(target.address, "notify.email_address")
        if not self.sends_email:
            raise FieldInvalid(
                FieldViolation(
                    "notify.email_address",
                    "cannot be used: this server sends no e-mail; name a webhook, or set SEGUE_SMTP",
                )
            )
