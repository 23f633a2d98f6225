"""Values of match criteria: how many there may be, and what is said of those of another kind (seed 000)."""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from segue.domain.export import MatchBy, MatchCriteria
from segue.errors import FieldViolation

MAX_VALUES: Final = 1_000_000
"""Values one request may have; the kernel takes no more."""

MAX_TYPE_BYTES: Final = 100
"""Longest type of an identifier and longest customer type that is stored."""


class CheckedValues(Protocol):
    """Values that the kernel looked at."""

    @property
    def wrong_count(self) -> int:
        """Values that are of another kind."""

    @property
    def wrong_positions(self) -> Sequence[int]:
        """Positions of the first of them, ascending."""


def match_type_of(match: MatchCriteria) -> str | None:
    """Returns the type that is asked for, None for any."""
    return match.match_type.strip() or None


def has_fitting_count(match: MatchCriteria) -> bool:
    """Whether there are as many values as a request may have."""
    return 1 <= len(match.values) <= MAX_VALUES


def check_match(
    match: MatchCriteria | None, checked: CheckedValues | None
) -> Iterator[FieldViolation]:
    """Finds what is wrong with match criteria; tells positions of values, never values.

    Args:
        match: What was sent.
        checked: What the kernel found of its values; None where there are too many or too few, so that it did not look.
    """
    if match is None:
        return
    if len(match.match_type.encode()) > MAX_TYPE_BYTES:
        yield FieldViolation(
            "match_criteria.match_type", f"is longer than {MAX_TYPE_BYTES} bytes, as no type is"
        )
    if match.match_by is MatchBy.ALTERNATE_ID and match_type_of(match) is None:
        yield FieldViolation(
            "match_criteria.match_type", "is required for ALTERNATE_ID; name the type of the ids"
        )
    if not has_fitting_count(match):
        yield FieldViolation(
            "match_criteria.values", f"has {len(match.values):,} entries; send 1 to {MAX_VALUES:,}"
        )
    if checked is not None:
        yield from _of_another_kind(match, checked)


def _of_another_kind(match: MatchCriteria, checked: CheckedValues) -> Iterator[FieldViolation]:
    for position in checked.wrong_positions:
        yield FieldViolation(f"match_criteria.values[{position}]", _PROBLEMS[match.match_by])
    if checked.wrong_count > len(checked.wrong_positions):
        yield FieldViolation(
            "match_criteria.values",
            f"has {checked.wrong_count:,} such entries in all, of {len(match.values):,}; correct them or choose another match_by",
        )


_PROBLEMS: Final = {
    MatchBy.PROFILE_ID: "is no profile id; they have 1 to 255 bytes",
    MatchBy.ALTERNATE_ID: "is no alternate id; they have 1 to 256 bytes",
    MatchBy.EMAIL_ADDRESS: "is no e-mail address; write it as name@example.com",
    MatchBy.PHONE_NUMBER: (
        "is no phone number in E.164 form; write it as +46701234567, with 7 to 15 digits"
    ),
}
"""What is said of a value that the kernel found to be of another kind."""
