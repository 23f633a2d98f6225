"""Accounts: the tenants everything else belongs to."""

import zoneinfo
from dataclasses import dataclass

from segue.errors import FieldInvalid, FieldViolation


@dataclass(frozen=True)
class Account:
    """An account as it is stored."""

    key: int
    """Its number in the store; never shown."""
    account_id: str
    display_name: str
    time_zone: str
    create_millis: int
    update_millis: int
    version: int
    """Grows with every change; the etag."""
    revision: int = 0
    profile_count: int = 0

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Time zone in which its days begin."""
        return zoneinfo.ZoneInfo(self.time_zone)


def check_time_zone(value: str, field: str) -> None:
    """Checks the name of a time zone.

    Raises:
        FieldInvalid: The zone database has no such name.
    """
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FieldInvalid(
            FieldViolation(field, "is no IANA time zone; write one as Europe/Stockholm")
        ) from error
