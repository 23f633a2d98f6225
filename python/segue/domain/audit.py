"""The audit log: what was done in bulk to an account's profiles, and by whose key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SERVER: Final = "server"
"""The actor of what a job does on its own."""


@dataclass(frozen=True)
class AuditEntry:
    """One thing that was done; without personal data."""

    millis: int
    actor: str
    """Resource name of a key, `admin`, or `SERVER`."""
    action: str
    """As `import.execute`."""
    resource: str
    """Name of what it was done to."""
    revision: int = 0
    """The revision it made; 0 where it made none."""
    counts: Mapping[str, int] = field(default_factory=dict)
