"""Mailing lists and their counts."""

from dataclasses import dataclass
from typing import Final

MEMBERSHIP_STATES: Final = (
    "Active",
    "Unconfirmed",
    "Unsubscribed",
    "Bounced",
    "Deleted",
    "Inactive",
)
"""States of a membership; a position here is the option code in the list's state column."""

MEMBERSHIP_PROPERTIES: Final = ("state", "joined_at", "active_at", "consent_to_track")
"""What a list knows of each member, in the order of its columns."""

MEMBERSHIP_COLUMNS: Final = len(MEMBERSHIP_PROPERTIES)
"""Columns of a list."""


@dataclass(frozen=True)
class MailingList:
    """A list as it is stored."""

    account_id: str
    list_id: str
    display_name: str
    column: int
    """First of its membership columns: the state."""
    create_millis: int
    update_millis: int
    version: int

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/lists/{self.list_id}"

    @property
    def joined_at_column(self) -> int:
        """Column of the subscription date."""
        return self.column + 1


@dataclass(frozen=True)
class ListStats:
    """Members of a list by state, in the order of `MEMBERSHIP_STATES`."""

    name: str
    counts: tuple[int, ...]
    revision: int
