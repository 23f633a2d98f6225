"""Custom fields of lists and accounts."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.list import MEMBERSHIP_PROPERTIES
from segue.domain.regions import COUNTRIES, US_STATES
from segue.errors import FieldInvalid, FieldViolation

FIRST_COLUMN: Final = 64
"""Columns below are built into every account."""

KEY_CHARACTERS: Final = 100
OPTION_CHARACTERS: Final = 250
MAX_OPTIONS: Final = 10_000


class FieldType(enum.StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "date_time"
    MULTI_SELECT_ONE = "multi_select_one"
    MULTI_SELECT_MANY = "multi_select_many"
    COUNTRY = "country"
    US_STATE = "us_state"

    @property
    def has_options(self) -> bool:
        """Whether its values come from options that are given with the field."""
        return self in {FieldType.MULTI_SELECT_ONE, FieldType.MULTI_SELECT_MANY}

    @property
    def fixed_options(self) -> tuple[str, ...]:
        """Options that every field of the type has."""
        return _FIXED_OPTIONS.get(self, ())

    @property
    def kernel_type(self) -> "FieldType":
        """How the kernel, which knows no places, keeps its values."""
        return FieldType.MULTI_SELECT_ONE if self.fixed_options else self


_FIXED_OPTIONS: Final = {FieldType.COUNTRY: COUNTRIES, FieldType.US_STATE: US_STATES}


@dataclass(frozen=True)
class Field:
    """A field as it is stored."""

    account_id: str
    list_id: str | None
    """None for a field of the account."""
    key: str
    type: FieldType
    display_name: str
    options: tuple[str, ...]
    column: int
    create_millis: int
    version: int

    @property
    def parent(self) -> str:
        """Resource name of its list or account."""
        account = f"accounts/{self.account_id}"
        return account if self.list_id is None else f"{account}/lists/{self.list_id}"


MEMBERSHIP_KEYS: Final = frozenset(MEMBERSHIP_PROPERTIES)
"""Columns of a list in flat formats, which a list's field could not be told from."""


def check_key(key: str, list_id: str | None, field: str) -> None:
    """Checks the key of a list's field, or of the account's for None.

    Raises:
        FieldInvalid: It is empty, too long, has brackets, slashes or control characters, or names a membership's own column.
    """
    if list_id is not None and key.casefold() in MEMBERSHIP_KEYS:
        raise FieldInvalid(
            FieldViolation(field, f"{key} is a column of every list; choose another key")
        )
    if not 1 <= len(key) <= KEY_CHARACTERS or not key.isprintable() or set(key) & set("[]/"):
        raise FieldInvalid(
            FieldViolation(
                field, f"must be 1-{KEY_CHARACTERS} printable characters without [ ] and /"
            )
        )


def check_options(field_type: FieldType, options: Sequence[str], field: str) -> None:
    """Checks that a field comes with options when its type takes them, and good ones.

    Raises:
        FieldInvalid: Options are missing, superfluous, too many, too long or repeated.
    """
    problem = _problem_of_options(field_type, options)
    if problem:
        raise FieldInvalid(FieldViolation(field, problem))


def _problem_of_options(field_type: FieldType, options: Sequence[str]) -> str | None:
    if not field_type.has_options:
        return "only multi-select fields take options; leave them out" if options else None
    if not 1 <= len(options) <= MAX_OPTIONS:
        return f"a multi-select field needs 1-{MAX_OPTIONS} options"
    if any(
        not 1 <= len(option) <= OPTION_CHARACTERS or not option.isprintable() for option in options
    ):
        return f"each option must be 1-{OPTION_CHARACTERS} printable characters"
    if len({option.casefold() for option in options}) < len(options):
        return "options must differ by more than upper and lower case"
    return None
