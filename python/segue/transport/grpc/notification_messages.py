"""Notifications as callers ask for them and see them, the same for every kind of job."""

from segue.domain.notification import NotificationKind, NotificationStatus, NotificationTarget
from segue.errors import FieldInvalid, FieldViolation
from segue.transport.grpc.messages import optional_timestamp, timestamp
from segue.v1 import notification_pb2


def notification_target_of(message: notification_pb2.NotificationTarget) -> NotificationTarget:
    """Returns whom a request wants to be told, in a field `notify` that was sent.

    Raises:
        FieldInvalid: It names nobody.
    """
    match message.WhichOneof("target"):
        case "email_address":
            return NotificationTarget(NotificationKind.EMAIL, message.email_address)
        case "webhook_uri":
            return NotificationTarget(NotificationKind.WEBHOOK, message.webhook_uri)
    raise FieldInvalid(
        FieldViolation("notify.target", "is missing; name an e-mail or an https address")
    )


def notification_status_message(status: NotificationStatus) -> notification_pb2.NotificationStatus:
    """Returns how far a notification is, and what became of its attempts."""
    return notification_pb2.NotificationStatus(
        state=notification_pb2.NotificationState.ValueType(status.state),
        attempt_count=status.attempt_count,
        next_attempt_time=optional_timestamp(status.next_millis),
        attempts=[
            notification_pb2.NotificationAttempt(
                attempt_time=timestamp(attempt.millis),
                status_code=attempt.status_code,
                error=attempt.error,
            )
            for attempt in status.attempts
        ],
    )
