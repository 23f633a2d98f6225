"""Notifications: who is told that a job has ended, how, and how far that is (seeds 000, 001 and 003)."""

import enum
from dataclasses import dataclass, field


class JobKind(enum.Enum):
    """The kinds of jobs whose end is told."""

    EXPORT = "export"
    IMPORT = "import"


class NotificationKind(enum.IntEnum):
    """How somebody is told."""

    EMAIL = 1
    WEBHOOK = 2


class NotificationState(enum.IntEnum):
    """Where a notification stands; the numbers of `segue.v1.NotificationState`."""

    PENDING = 1
    DELIVERED = 2
    FAILED = 3


@dataclass(frozen=True)
class NotificationTarget:
    """Whom to tell, and how (seeds 000 and 003)."""

    kind: NotificationKind
    address: str = field(repr=False)
    """E-mail address or https address; personal data or a secret path, so never printed."""


@dataclass(frozen=True)
class NotificationAttempt:
    """One attempt to tell somebody."""

    millis: int
    status_code: int
    """HTTP status or SMTP code; 0 for no answer."""
    error: str
    """Empty when it was taken; without addresses."""


@dataclass(frozen=True)
class NotificationStatus:
    """How far a notification is."""

    state: NotificationState
    attempt_count: int
    next_millis: int | None
    attempts: tuple[NotificationAttempt, ...]
