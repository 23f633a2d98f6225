"""Paths of read masks: parts of a profile, with dots between (AIP-157, AIP-161).

A key or id stands as it is, or in backticks when it has dots, backticks (written twice) or is `*`: ``fields.`E-mail v. 2` ``. A bare `*`
where a key or id may stand means all of them.
"""

import re
from typing import Final, NamedTuple

from segue.domain.list import MEMBERSHIP_PROPERTIES

NAME_PARTS: Final = (
    "prefix",
    "given_name",
    "middle_name",
    "family_name",
    "suffix",
    "full_name",
)
"""Parts of a name, in the order of their columns."""

FIELDS: Final = "fields"
MEMBERSHIPS: Final = "memberships"
TAGS: Final = "tags"
TOPICS: Final = "topics"
CONSENTS: Final = "consents"
ENTRIES: Final = ("addresses", "preferences", "groups")
"""Collections that only formats with whole profiles hold, in the order of their columns."""
NAME: Final = "name"
PROFILE_ID: Final = "profile_id"

_COLLECTIONS: Final = frozenset({FIELDS, MEMBERSHIPS, TAGS, TOPICS, CONSENTS})
_PART: Final = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")


class PathPart(NamedTuple):
    """What stands between two dots."""

    text: str
    """Without backticks."""
    is_wildcard: bool = False
    """Whether it is a bare `*`."""


Path = tuple[PathPart, ...]


class PathInvalid(ValueError):
    """A path that is malformed or leads nowhere; its text says why and what to write instead."""


def split_path(text: str) -> Path:
    """Splits a path into its parts, of which there is one at least.

    Raises:
        PathInvalid: A part is empty, or a backtick stands alone.
    """
    parts = []
    end = -1
    while end < len(text):
        match = _PART.match(text, end + 1)
        if match is None or text[match.end() : match.end() + 1] not in {"", "."}:
            raise PathInvalid(
                "is no path; put dots between its parts, and backticks around keys that have dots"
            )
        quoted, bare = match.groups()
        parts.append(PathPart(quoted.replace("``", "`")) if quoted else PathPart(bare, bare == "*"))
        end = match.end()
    return tuple(parts)


def quoted(key: str) -> str:
    """Writes a key or id as a part of a path that is taken as it is."""
    return f"`{key.replace('`', '``')}`"


def is_named(path: Path) -> bool:
    """Tells whether a path names one thing by name, not all of a collection."""
    names = [part.text for part in path]
    if any(part.is_wildcard for part in path):
        return False
    if names[0] != MEMBERSHIPS:
        return names[0] not in _COLLECTIONS or len(path) > 1
    return len(path) > 2 and (names[2] in MEMBERSHIP_PROPERTIES or len(path) > 3)  # noqa: PLR2004 — memberships, the list, `fields`, a key


def atoms(path: Path) -> frozenset[tuple[str, ...]]:
    """Returns what a path that names something stands for, the same for each way of writing it; a whole name is its parts."""
    names = tuple(part.text for part in path)
    if names == (NAME,):
        return frozenset((NAME, part) for part in NAME_PARTS)
    if len(names) > 1 and names[-2] == FIELDS:
        return frozenset({(*names[:-1], names[-1].casefold())})
    return frozenset({names})
