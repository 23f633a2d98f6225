"""What the words of rules mean for one segment: its fields, its columns, its days."""

import datetime
import zoneinfo
from dataclasses import dataclass
from typing import Final, Protocol

from segue.domain.field import FieldType

FULL_NAME_COLUMN: Final = 7
"""The kernel's column of the whole name."""

EMAIL_COLUMN: Final = 13
"""The kernel's column of the first e-mail address."""


class FieldDefinition(Protocol):
    """What rules need to know of a field."""

    @property
    def key(self) -> str:
        """Name, which is its personalisation tag without brackets."""

    @property
    def type(self) -> FieldType:
        """What it holds."""

    @property
    def options(self) -> tuple[str, ...]:
        """Names of its options; a position is an option's code."""

    @property
    def column(self) -> int:
        """Where the kernel has its values."""


@dataclass(frozen=True)
class RuleScope:
    """Everything that rules refer to and do not say."""

    fields: tuple[FieldDefinition, ...]
    """Fields that rules may name: the list's before the account's, for the first of a key is meant."""
    time_zone: zoneinfo.ZoneInfo
    """The account's; its days are those that dates in rules mean."""
    today: datetime.date | None
    """The account's date when rules come in new; None for saved ones, which the passing of years does not make wrong."""
    subscribed_column: int
    """When a profile joined the list; in a segment of the whole account, when it was created."""
    state_column: int | None
    """Membership states of the list; None for a segment of the whole account, which every profile is in."""
    name_column: int = FULL_NAME_COLUMN
    email_column: int = EMAIL_COLUMN

    def field(self, tag: str) -> FieldDefinition | None:
        """Finds the field of a personalisation tag, in brackets or not, without regard to case."""
        bracketed = tag.startswith("[") and tag.endswith("]")
        key = (tag[1:-1] if bracketed else tag).casefold()
        return next((field for field in self.fields if field.key.casefold() == key), None)
