"""Rows of tags, topics, consent types and event types. Those that are built into every account have none."""

import json
from typing import Final

from segue.domain.account import Account
from segue.domain.field import FieldType
from segue.domain.vocabulary import Definition, DefinitionKind, EventProperty
from segue.store.base import Connection, Row

_COLUMNS: Final = (
    "kind, definition_id, display_name, labels, properties, number, create_millis, version"
)


def select(
    tx: Connection, account: Account, kind: DefinitionKind, after: str, limit: int
) -> list[Definition]:
    """Reads what an account defined of a kind in order of ids, what comes after one."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM vocabulary WHERE account = ? AND kind = ? AND definition_id > ?"
        " ORDER BY definition_id LIMIT ?",
        (account.key, kind.value, after, limit),
    )
    return [_definition(account, row) for row in rows]


def select_all(tx: Connection, account: Account) -> list[Definition]:
    """Reads everything an account defined in order of kinds and numbers."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM vocabulary WHERE account = ? ORDER BY kind, number", (account.key,)
    )
    return [_definition(account, row) for row in rows]


def find(
    tx: Connection, account: Account, kind: DefinitionKind, definition_id: str
) -> Definition | None:
    """Reads a definition."""
    rows = list(
        tx.execute(
            f"SELECT {_COLUMNS} FROM vocabulary WHERE account = ? AND kind = ? AND definition_id = ?",
            (account.key, kind.value, definition_id),
        )
    )
    return _definition(account, rows[0]) if rows else None


def count(tx: Connection, account: Account, kind: DefinitionKind) -> int:
    """Counts what an account defined of a kind."""
    (row,) = tx.execute(
        "SELECT count(*) FROM vocabulary WHERE account = ? AND kind = ?", (account.key, kind.value)
    )
    return int(row[0])


def insert(tx: Connection, account: Account, item: Definition) -> None:
    """Adds a definition."""
    tx.execute(
        f"INSERT INTO vocabulary (account, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account.key,
            item.kind.value,
            item.definition_id,
            item.display_name,
            json.dumps(item.labels),
            _properties_text(item),
            item.number,
            item.create_millis,
            item.version,
        ),
    )


def update(tx: Connection, account: Account, item: Definition) -> None:
    """Writes a definition's display name, labels, properties and version."""
    tx.execute(
        "UPDATE vocabulary SET display_name = ?, labels = ?, properties = ?, version = ?"
        " WHERE account = ? AND kind = ? AND definition_id = ?",
        (
            item.display_name,
            json.dumps(item.labels),
            _properties_text(item),
            item.version,
            account.key,
            item.kind.value,
            item.definition_id,
        ),
    )


def delete(tx: Connection, account: Account, item: Definition) -> None:
    """Removes a definition."""
    tx.execute(
        "DELETE FROM vocabulary WHERE account = ? AND kind = ? AND definition_id = ?",
        (account.key, item.kind.value, item.definition_id),
    )


def _properties_text(item: Definition) -> str:
    return json.dumps([[each.key, each.type.value] for each in item.properties])


def _definition(account: Account, row: Row) -> Definition:
    kind, definition_id, display_name, labels, properties, number, create_millis, version = row
    return Definition(
        account.account_id,
        DefinitionKind(kind),
        definition_id,
        display_name,
        tuple((language, label) for language, label in json.loads(labels)),
        tuple(
            EventProperty(key, FieldType(type_name)) for key, type_name in json.loads(properties)
        ),
        number,
        create_millis,
        version,
    )
