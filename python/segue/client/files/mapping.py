"""Which column of a file means which attribute, field, tag, topic or consent of a profile."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from segue.client.files.inference import infer_type
from segue.client.files.problems import MappingInvalid
from segue.v1.field_pb2 import Field, FieldType

_TEXT: Final = FieldType.FIELD_TYPE_TEXT
_NUMBER: Final = FieldType.FIELD_TYPE_NUMBER
_BOOLEAN: Final = FieldType.FIELD_TYPE_BOOLEAN
_DATE_TIME: Final = FieldType.FIELD_TYPE_DATE_TIME

ATTRIBUTES: Final[Mapping[str, FieldType.ValueType]] = {
    "profile_id": _TEXT,
    "alternate_id": _TEXT,
    "email": _TEXT,
    "phone": _TEXT,
    "customer_type": _TEXT,
    "name_prefix": _TEXT,
    "given_name": _TEXT,
    "middle_name": _TEXT,
    "family_name": _TEXT,
    "name_suffix": _TEXT,
    "full_name": _TEXT,
    "locale": _TEXT,
    "country": _TEXT,
    "region": _TEXT,
    "latitude": _NUMBER,
    "longitude": _NUMBER,
}
"""Attributes every profile has, with the type their values are written as."""

MEMBER_ATTRIBUTES: Final[Mapping[str, FieldType.ValueType]] = {
    "state": _TEXT,
    "joined_at": _DATE_TIME,
    "active_at": _DATE_TIME,
    "consent_to_track": _TEXT,
}
"""Attributes of a place on a list; only with a list."""

ALIASES: Final[Mapping[str, str]] = {"name": "full_name", "id": "profile_id"}
"""Other names by which columns map themselves, where no field has that key."""

WHOLE_ATTRIBUTES: Final = frozenset(
    (
        *("alternate_ids", "emails", "phones"),
        *("removed", "created_at", "changed_at", "import_exceptions"),
    )
)
"""Further columns of exports and of rejected records, which the server reads as they are, or passes over."""

_MARK: Final = re.compile(r"(tag|topic|consent):[a-z0-9._-]{1,100}")
"""Columns of tags, topics and consents; the server knows which there are."""

_STATES: Final = frozenset(
    ("active", "unconfirmed", "unsubscribed", "bounced", "deleted", "inactive")
)


@dataclass(frozen=True)
class Target:
    """What a column becomes.

    Attributes:
        name: An attribute, a field's key, a mark such as `tag:vip`, or a part of a list such as `newsletter/state`.
        type: How its values are stored; None when only the server knows.
    """

    name: str
    type: FieldType.ValueType | None


@dataclass(frozen=True)
class NewField:
    """A field that has to be created before the import."""

    key: str
    type: FieldType.ValueType


@dataclass(frozen=True)
class ColumnMapping:
    """Columns to read with what they become, and fields to create first."""

    targets: Mapping[str, Target]
    new_fields: Sequence[NewField] = ()

    def keeps(self, columns: Sequence[str]) -> bool:
        """Tells whether all columns mean what they are called, so that the server can read them as they are."""
        return all(
            column in self.targets and self.targets[column].name == column for column in columns
        )

    def column_of(self, target: str) -> str:
        """Returns the column that became a target; the target itself when none did."""
        for column, found in self.targets.items():
            if found.name == target:
                return column
        return target


@dataclass(frozen=True)
class MappingOptions:
    """What the caller said about columns.

    Attributes:
        named: Column → attribute, field key or mark; an empty text leaves the column out.
        create_fields: Columns that fit nothing become new fields.
        has_list: Records join a list.
        needs_profile_id: Records find their profiles by the profile id.
        ignore_unknown: Columns that fit nothing are left out.
    """

    named: Mapping[str, str]
    create_fields: bool = False
    has_list: bool = False
    needs_profile_id: bool = True
    ignore_unknown: bool = False


def map_columns(
    sample: pa.Table, fields: Iterable[Field], options: MappingOptions
) -> ColumnMapping:
    """Finds what each column means.

    What the caller named goes first; then fields by their keys, then attributes and marks, in any case; what remains becomes new fields,
    or is refused.

    Args:
        sample: The file's first rows.
        fields: Fields of the list and the account, the list's first.
        options: What the caller said.

    Raises:
        MappingInvalid: A named column is not in the file, two columns mean the same, none is the profile id, or some mean nothing.
    """
    known = _known_targets(fields, options)
    missing = [column for column in options.named if column not in sample.column_names]
    if missing:
        raise MappingInvalid(
            f"the file has no column {_listed(missing)}; it has {_listed(sample.column_names)}"
        )
    targets: dict[str, Target] = {}
    unknown: list[str] = []
    named = {column: name.casefold() for column, name in options.named.items()}
    for column in sample.column_names:
        if named.get(column) == "":
            continue
        target = (
            _target(options.named[column], known)
            if column in named
            else _own_target(column, sample, known)
        )
        if target and (column in named or target.name.casefold() not in named.values()):
            targets[column] = target
        else:
            unknown.append(column)
    if options.ignore_unknown and not options.create_fields:
        unknown = []
    new_fields = _new_fields(unknown, sample, options) if unknown else []
    for column, new in zip(unknown, new_fields, strict=False):
        targets[column] = Target(new.key, new.type)
    _check(targets, options)
    return ColumnMapping(targets, new_fields)


def _known_targets(fields: Iterable[Field], options: MappingOptions) -> dict[str, Target]:
    attributes = {**ATTRIBUTES, **(MEMBER_ATTRIBUTES if options.has_list else {})}
    known = {name: Target(name, field_type) for name, field_type in attributes.items()}
    known.update({alias: known[name] for alias, name in ALIASES.items()})
    own: dict[str, Target] = {}
    for field in fields:
        own.setdefault(field.key.casefold(), Target(field.key, field.type))
    return known | own


def _target(name: str, known: Mapping[str, Target]) -> Target | None:
    """Finds what a name stands for."""
    folded = name.casefold()
    if folded in known:
        return known[folded]
    if _MARK.fullmatch(folded):
        return Target(folded, _BOOLEAN)
    is_servers = name in WHOLE_ATTRIBUTES or "/" in name
    return Target(name, None) if is_servers else None


def _own_target(column: str, sample: pa.Table, known: Mapping[str, Target]) -> Target | None:
    target = _target(column, known)
    if target and target.name == "state" and not _holds_states(sample[column]):
        return None
    return target


def _holds_states(values: pa.ChunkedArray) -> bool:
    """Tells membership states from states of a country, which many files have under this name."""
    return {str(value).casefold() for value in values.unique().to_pylist() if value} <= _STATES


def _new_fields(
    unknown: Sequence[str], sample: pa.Table, options: MappingOptions
) -> list[NewField]:
    if not options.create_fields:
        raise MappingInvalid(
            f"no attribute or field is called {_listed(options.named.get(c) or c for c in unknown)}; "
            "create the fields, or let --create-fields do it, "
            "or say --map COLUMN=FIELD, or --map COLUMN= to leave a column out"
        )
    new_fields = []
    for column in unknown:
        field_type = infer_type(sample[column])
        if field_type is None:
            raise MappingInvalid(
                f"column {column} holds {sample[column].type}; create a field for it, "
                "as multi_select_many with its options, or leave it out with --map " + column + "="
            )
        new_fields.append(NewField(options.named.get(column) or column, field_type))
    return new_fields


def _check(targets: Mapping[str, Target], options: MappingOptions) -> None:
    columns: dict[str, str] = {}
    for column, target in targets.items():
        other = columns.setdefault(target.name.casefold(), column)
        if other != column:
            raise MappingInvalid(
                f"columns {other} and {column} both mean {target.name}; leave one out with --map {column}="
            )
    if options.needs_profile_id and "profile_id" not in columns:
        raise MappingInvalid(
            "no column is the profile id; name it with --id-column, as --id-column customer_id"
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
