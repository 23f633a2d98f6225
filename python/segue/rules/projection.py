"""From the paths of a read mask to the columns of an account that they stand for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from segue.domain.field import KEY_CHARACTERS, Field
from segue.domain.list import MEMBERSHIP_COLUMNS, MEMBERSHIP_PROPERTIES, MailingList
from segue.domain.mask_path import (
    CONSENTS,
    ENTRIES,
    FIELDS,
    MEMBERSHIPS,
    NAME,
    NAME_PARTS,
    PROFILE_ID,
    TAGS,
    TOPICS,
    PathInvalid,
    PathPart,
    split_path,
)
from segue.errors import FieldViolation

Columns = tuple[int, ...]

_FIRST_OF_NAME: Final = 2
_FIRST_OF_ENTRIES: Final = 24

BUILTIN_PATHS: Final[Mapping[tuple[str, ...], Columns]] = {
    (PROFILE_ID,): (0,),
    ("customer_type",): (1,),
    (NAME,): tuple(range(_FIRST_OF_NAME, _FIRST_OF_NAME + len(NAME_PARTS))),
    **{(NAME, part): (_FIRST_OF_NAME + i,) for i, part in enumerate(NAME_PARTS)},
    ("locale",): (8,),
    ("country",): (9,),
    ("region",): (10,),
    ("latitude",): (11,),
    ("longitude",): (12,),
    ("emails",): (13,),
    ("phones",): (16,),
    ("alternate_ids",): (19,),
    ("created_at",): (22,),
    ("changed_at",): (23,),
    **{(name,): (_FIRST_OF_ENTRIES + i,) for i, name in enumerate(ENTRIES)},
}
"""The kernel's columns that every account has; identifiers go by the column of their first value."""


class ProfilePaths:
    """Which columns the paths of one account's profiles stand for."""

    def __init__(
        self,
        lists: Sequence[MailingList],
        fields: Iterable[Field],
        marks: Mapping[str, Mapping[str, int]],
    ) -> None:
        """Takes what the account has defined.

        Args:
            lists: Its lists.
            fields: Its fields and those of its lists.
            marks: Columns by id, of `tags`, `topics` and `consents`.
        """
        self._lists = {item.list_id: item.column for item in lists}
        self._account_fields: dict[str, Columns] = {}
        self._list_fields: dict[str, dict[str, Columns]] = {item.list_id: {} for item in lists}
        self._any_list_fields: dict[str, Columns] = {}
        for field in fields:
            key = field.key.casefold()
            if field.list_id is None:
                self._account_fields[key] = (field.column,)
            else:
                self._list_fields[field.list_id][key] = (field.column,)
                self._any_list_fields[key] = (
                    *self._any_list_fields.get(key, ()),
                    field.column,
                )
        self._marks = {
            collection: {name: (column,) for name, column in columns.items()}
            for collection, columns in marks.items()
        }

    def columns(self, text: str) -> Columns:
        """Finds the columns of a path, in no order.

        Raises:
            PathInvalid: It is malformed, or names what the account does not have.
        """
        path = split_path(text)
        names = tuple(part.text for part in path)
        if names in BUILTIN_PATHS:
            return BUILTIN_PATHS[names]
        head, rest = path[0], path[1:]
        if head.is_wildcard and not rest:
            return self._everything()
        if head.text == FIELDS:
            return _of_keys(self._account_fields, rest, "field of the account")
        if head.text == MEMBERSHIPS:
            return self._memberships(rest)
        if head.text in self._marks:
            return _of_ids(self._marks[head.text], rest, _MARK_NAMES[head.text])
        raise PathInvalid(
            "is no part of a profile; write paths as emails, name.given_name, fields.Age, memberships.news.state or tags.vip"
        )

    def _everything(self) -> Columns:
        paths = (*(".".join(names) for names in BUILTIN_PATHS), FIELDS, MEMBERSHIPS, *self._marks)
        return tuple(column for path in paths for column in self.columns(path))

    def _memberships(self, rest: Sequence[PathPart]) -> Columns:
        if not rest:
            rest = (PathPart("*", is_wildcard=True),)
        of_list, below = rest[0], rest[1:]
        if of_list.is_wildcard:
            firsts, fields = tuple(self._lists.values()), self._any_list_fields
        elif of_list.text in self._lists:
            firsts, fields = (self._lists[of_list.text],), self._list_fields[of_list.text]
        else:
            raise PathInvalid(
                f"there is no list {_shown(of_list.text)}; correct the id, or create it"
            )
        if not below:
            own = tuple(first + i for first in firsts for i in range(MEMBERSHIP_COLUMNS))
            return (*own, *_of_keys(fields, (), "field"))
        name = below[0].text
        if name == FIELDS:
            kind = "field of any list" if of_list.is_wildcard else "field of the list"
            return _of_keys(fields, below[1:], kind)
        if name in MEMBERSHIP_PROPERTIES and len(below) == 1:
            return tuple(first + MEMBERSHIP_PROPERTIES.index(name) for first in firsts)
        raise PathInvalid(
            f"is no part of a membership; those are {', '.join(MEMBERSHIP_PROPERTIES)} and fields.KEY"
        )


_MARK_NAMES: Final = {TAGS: "tag", TOPICS: "topic", CONSENTS: "consent type"}


def _of_keys(columns: Mapping[str, Columns], rest: Sequence[PathPart], kind: str) -> Columns:
    """Finds fields by their keys, without regard to case."""
    return _of_ids(columns, [part._replace(text=part.text.casefold()) for part in rest], kind, rest)


def _of_ids(
    columns: Mapping[str, Columns],
    rest: Sequence[PathPart],
    kind: str,
    written: Sequence[PathPart] | None = None,
) -> Columns:
    """Finds all of a collection, or what an id names.

    Args:
        columns: By id, as it is compared.
        rest: The path below the collection.
        kind: What the collection has, for people.
        written: `rest` as it was written, where that differs.
    """
    if not rest or (rest[0].is_wildcard and len(rest) == 1):
        return tuple(column for found in columns.values() for column in found)
    name = (written or rest)[0].text
    if len(rest) > 1:
        raise PathInvalid(
            f"leads below the {kind} {_shown(name)}; write keys and ids that have dots in backticks, as fields.`v. 2`"
        )
    if rest[0].text not in columns:
        raise PathInvalid(f"there is no {kind} {_shown(name)}; correct the name, or create it")
    return columns[rest[0].text]


def _shown(name: str) -> str:
    """Writes a name in an answer, where only the beginning of a long one has room."""
    return repr(name if len(name) <= KEY_CHARACTERS else f"{name[:KEY_CHARACTERS]}…")


def project(
    read_mask: Sequence[str], paths: ProfilePaths
) -> tuple[Columns | None, list[FieldViolation]]:
    """Finds the columns of a read mask, ascending and each once; None, which is all, for one without paths.

    Returns:
        The columns, and what is wrong with paths: all of them.
    """
    found: set[int] = set()
    violations = []
    for position, path in enumerate(read_mask):
        try:
            found.update(paths.columns(path))
        except PathInvalid as error:
            violations.append(FieldViolation(f"read_mask.paths[{position}]", str(error)))
    return (tuple(sorted(found)) if read_mask else None), violations
