"""How an import ended: what is told of it when it is over."""

import enum
from dataclasses import dataclass


class ImportOutcome(enum.IntEnum):
    """The states in which an import can end; the numbers of `segue.v1.ImportState`."""

    COMPLETED = 5
    FAILED = 6
    CANCELLED = 7


@dataclass(frozen=True)
class ImportEnd:
    """An import that may have ended, in counts; nothing of its records, and no token."""

    import_id: str
    account_id: str
    display_name: str
    outcome: ImportOutcome | None
    """None while it has not ended."""
    validate_only: bool
    """Whether it only told what would happen, and wrote nothing."""
    received_count: int
    valid_count: int
    invalid_count: int
    processed_count: int
    created_count: int
    erased_count: int
    repeated_count: int
    not_honored_count: int
    exception_count: int
    revision: int
    """At which its records became visible; 0 when none did."""
    error_message: str
    """Why a FAILED import failed; empty otherwise."""

    @property
    def name(self) -> str:
        """The import's resource name."""
        return f"accounts/{self.account_id}/imports/{self.import_id}"
