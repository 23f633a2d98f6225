"""Ids that callers choose for accounts and lists, and texts for people."""

import re
from typing import Final

from segue.errors import FieldInvalid, FieldViolation

_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
DISPLAY_NAME_CHARACTERS = 200


def check_id(value: str, field: str) -> None:
    """Checks the last part of an account's or list's name.

    Raises:
        FieldInvalid: It is not 1-63 of `a-z 0-9 -` starting with a letter.
    """
    if not _ID.fullmatch(value):
        raise FieldInvalid(
            FieldViolation(field, "must be 1-63 of a-z, 0-9 and -, starting with a letter")
        )


def check_display_name(value: str, field: str) -> None:
    """Checks a name for people.

    Raises:
        FieldInvalid: It is too long or has control characters.
    """
    if len(value) > DISPLAY_NAME_CHARACTERS or not value.isprintable():
        raise FieldInvalid(
            FieldViolation(field, f"must be at most {DISPLAY_NAME_CHARACTERS} printable characters")
        )
