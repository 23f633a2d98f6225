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

MEMBERSHIP_COLUMNS: Final = 4
"""Columns of a list: state, joined at, active at, consent to track."""


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
