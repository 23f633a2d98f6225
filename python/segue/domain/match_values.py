"""Values of match criteria: what identifiers of each kind look like, and the form in which the kernel finds them (seed 000)."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from segue.domain.export import MatchBy, MatchCriteria
from segue.errors import FieldViolation

MAX_VALUES: Final = 1_000_000
"""Values one request may have; the kernel takes no more."""

MAX_TYPE_BYTES: Final = 100
"""Longest type of an identifier and longest customer type that is stored."""

MAX_PROFILE_ID_BYTES: Final = 255
MAX_IDENTIFIER_BYTES: Final = 256

_POSITIONS_TOLD: Final = 10
"""Wrong values that are told one by one; of more, only the number is."""

_LABEL: Final = rb"[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]{0,61}[A-Za-z0-9\x80-\xff])?"
_EMAIL: Final = re.compile(
    rb"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\x80-\xff-]{1,64}@" + _LABEL + rb"(?:\." + _LABEL + rb")*"
)
"""The kernel's rule, that of the HTML standard with letters beyond ASCII, of UTF-8."""

_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN_DIGITS: Final = str.maketrans("", "", " .-()")


def normal_value(match_by: MatchBy, value: str) -> str | None:
    """Brings a value into the form in which it is looked for; None when it is of another kind."""
    return _KINDS[match_by][0](value)


def normal_values(match: MatchCriteria) -> list[str]:
    """Returns the values that are looked for, each once, in order; those of another kind are left out.

    Note:
        Some seconds for a million; not for the event loop.
    """
    normal = (normal_value(match.match_by, value) for value in match.values)
    return sorted({value for value in normal if value is not None})


def match_type_of(match: MatchCriteria) -> str | None:
    """Returns the type that is asked for, None for any."""
    return match.match_type.strip() or None


def check_match(match: MatchCriteria | None) -> Iterator[FieldViolation]:
    """Finds what is wrong with match criteria; tells positions of values, never values.

    Note:
        Some seconds for a million; not for the event loop.
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
    if not 1 <= len(match.values) <= MAX_VALUES:
        yield FieldViolation(
            "match_criteria.values", f"has {len(match.values):,} entries; send 1 to {MAX_VALUES:,}"
        )
    else:
        yield from _check_kind(match)


def _check_kind(match: MatchCriteria) -> Iterator[FieldViolation]:
    normal, problem = _KINDS[match.match_by]
    wrong = [position for position, value in enumerate(match.values) if normal(value) is None]
    for position in wrong[:_POSITIONS_TOLD]:
        yield FieldViolation(f"match_criteria.values[{position}]", problem)
    if len(wrong) > _POSITIONS_TOLD:
        yield FieldViolation(
            "match_criteria.values",
            f"has {len(wrong):,} such entries in all, of {len(match.values):,}; correct them or choose another match_by",
        )


def _email(value: str) -> str | None:
    stripped = value.strip()
    encoded = stripped.encode()
    is_email = len(encoded) <= MAX_IDENTIFIER_BYTES and _EMAIL.fullmatch(encoded)
    return stripped if is_email else None


def _phone(value: str) -> str | None:
    bare = value.strip().translate(_BETWEEN_DIGITS)
    return bare if _PHONE.fullmatch(bare) else None


def _text_of(max_bytes: int) -> Callable[[str], str | None]:
    def text(value: str) -> str | None:
        return value if 1 <= len(value.encode()) <= max_bytes and "\0" not in value else None

    return text


_KINDS: Final[dict[MatchBy, tuple[Callable[[str], str | None], str]]] = {
    MatchBy.PROFILE_ID: (
        _text_of(MAX_PROFILE_ID_BYTES),
        f"is no profile id; they have 1 to {MAX_PROFILE_ID_BYTES} bytes",
    ),
    MatchBy.ALTERNATE_ID: (
        _text_of(MAX_IDENTIFIER_BYTES),
        f"is no alternate id; they have 1 to {MAX_IDENTIFIER_BYTES} bytes",
    ),
    MatchBy.EMAIL_ADDRESS: (_email, "is no e-mail address; write it as name@example.com"),
    MatchBy.PHONE_NUMBER: (
        _phone,
        "is no phone number in E.164 form; write it as +46701234567, with 7 to 15 digits",
    ),
}
"""By kind: what brings a value into its form, and what is said of one that is of another kind."""
