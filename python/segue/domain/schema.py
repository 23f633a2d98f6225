"""An account's definitions as the kernel reads them: the JSON of `segue._kernel.Schema`."""

import json
from collections.abc import Sequence
from typing import Any, Final

from segue.domain.field import Field
from segue.domain.list import MEMBERSHIP_COLUMNS, MailingList
from segue.domain.vocabulary import Definition, DefinitionKind

EMPTY_SCHEMA: Final = b'{"lists":[],"fields":[]}'
"""Definition of an account that has defined nothing."""


def schema_definition(
    lists: Sequence[MailingList], fields: Sequence[Field], vocabulary: Sequence[Definition] = ()
) -> bytes:
    """Writes an account's definitions; what is built into every account is left out."""
    definition = {
        "lists": [{"id": item.list_id, "column": item.column} for item in lists],
        "fields": [_field(field) for field in fields],
    }
    marks = [_mark(item) for item in vocabulary if item.kind is not DefinitionKind.EVENT_TYPE]
    event_types = [
        _event_type(item) for item in vocabulary if item.kind is DefinitionKind.EVENT_TYPE
    ]
    if marks:
        definition["marks"] = marks
    if event_types:
        definition["event_types"] = event_types
    return json.dumps(definition, separators=(",", ":")).encode()


def columns_of(definition: bytes) -> set[int]:
    """Returns the columns that a schema gives to lists, fields and marks."""
    schema = json.loads(definition)
    lists = {item["column"] + i for item in schema["lists"] for i in range(MEMBERSHIP_COLUMNS)}
    return lists | {item["column"] for item in (*schema["fields"], *schema.get("marks", ()))}


def list_columns_of(definition: bytes) -> set[int]:
    """Returns the first columns of the lists in a schema."""
    return {item["column"] for item in json.loads(definition)["lists"]}


def _field(field: Field) -> dict[str, Any]:
    return {
        "column": field.column,
        "list": field.list_id,
        "key": field.key,
        "type": field.type.kernel_type.value,
        "options": list(field.options),
    }


def _mark(item: Definition) -> dict[str, Any]:
    return {"kind": item.kind.value, "id": item.definition_id, "column": item.number}


def _event_type(item: Definition) -> dict[str, Any]:
    return {
        "id": item.definition_id,
        "code": item.number,
        "properties": [{"key": each.key, "type": each.type.value} for each in item.properties],
    }
