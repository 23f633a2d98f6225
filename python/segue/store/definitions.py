"""Rows of lists, fields and schema versions."""

import dataclasses
import json
from typing import Final

from segue.domain.account import Account
from segue.domain.field import Field, FieldType
from segue.domain.list import MailingList
from segue.domain.schema import schema_definition
from segue.store import vocabulary
from segue.store.base import Connection, Row

_LIST: Final = "list_id, display_name, first_column, create_millis, update_millis, version"
_FIELD: Final = (
    "list_id, field_key, type, display_name, options, field_column, create_millis, version"
)


def select_lists(
    tx: Connection, account: Account, after: str = "", limit: int = -1
) -> list[MailingList]:
    """Reads an account's lists in order of ids, those after one."""
    rows = tx.execute(
        f"SELECT {_LIST} FROM list WHERE account = ? AND list_id > ? ORDER BY list_id LIMIT ?",
        (account.key, after, limit),
    )
    return [MailingList(account.account_id, *row) for row in rows]


def find_list(tx: Connection, account: Account, list_id: str) -> MailingList | None:
    """Reads a list."""
    rows = list(
        tx.execute(
            f"SELECT {_LIST} FROM list WHERE account = ? AND list_id = ?", (account.key, list_id)
        )
    )
    return MailingList(account.account_id, *rows[0]) if rows else None


def insert_list(tx: Connection, account: Account, item: MailingList) -> None:
    """Adds a list."""
    tx.execute(
        f"INSERT INTO list (account, {_LIST}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account.key, *dataclasses.astuple(item)[1:]),
    )


def update_list(tx: Connection, account: Account, item: MailingList) -> None:
    """Writes a list's display name, time and version."""
    tx.execute(
        "UPDATE list SET display_name = ?, update_millis = ?, version = ? WHERE account = ? AND list_id = ?",
        (item.display_name, item.update_millis, item.version, account.key, item.list_id),
    )


def delete_list(tx: Connection, account: Account, list_id: str) -> None:
    """Removes a list and its fields."""
    tx.execute("DELETE FROM field WHERE account = ? AND list_id = ?", (account.key, list_id))
    tx.execute("DELETE FROM list WHERE account = ? AND list_id = ?", (account.key, list_id))


def select_fields(tx: Connection, account: Account) -> list[Field]:
    """Reads all fields of an account and its lists in order of creation."""
    rows = tx.execute(
        f"SELECT {_FIELD} FROM field WHERE account = ? ORDER BY field_column", (account.key,)
    )
    return [_field(account, row) for row in rows]


def select_fields_of(
    tx: Connection, account: Account, list_id: str | None, after: int, limit: int
) -> list[Field]:
    """Reads the fields of one list, or of the account for None, in order of creation, those after a column."""
    rows = tx.execute(
        f"SELECT {_FIELD} FROM field WHERE account = ? AND list_id = ? AND field_column > ?"
        " ORDER BY field_column LIMIT ?",
        (account.key, list_id or "", after, limit),
    )
    return [_field(account, row) for row in rows]


def find_field(tx: Connection, account: Account, list_id: str | None, key: str) -> Field | None:
    """Reads a field by its key, without regard to case."""
    rows = list(
        tx.execute(
            f"SELECT {_FIELD} FROM field WHERE account = ? AND list_id = ? AND folded_key = ?",
            (account.key, list_id or "", key.casefold()),
        )
    )
    return _field(account, rows[0]) if rows else None


def insert_field(tx: Connection, account: Account, field: Field) -> None:
    """Adds a field."""
    tx.execute(
        f"INSERT INTO field (account, folded_key, {_FIELD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account.key,
            field.key.casefold(),
            field.list_id or "",
            field.key,
            field.type.value,
            field.display_name,
            json.dumps(field.options),
            field.column,
            field.create_millis,
            field.version,
        ),
    )


def update_field(tx: Connection, account: Account, field: Field) -> None:
    """Writes a field's display name, options and version."""
    tx.execute(
        "UPDATE field SET display_name = ?, options = ?, version = ? WHERE account = ? AND field_column = ?",
        (field.display_name, json.dumps(field.options), field.version, account.key, field.column),
    )


def delete_field(tx: Connection, account: Account, field: Field) -> None:
    """Removes a field."""
    tx.execute(
        "DELETE FROM field WHERE account = ? AND field_column = ?", (account.key, field.column)
    )


def insert_schema(tx: Connection, account: Account) -> int:
    """Keeps the account's definitions as they are now under the next version number; returns it."""
    definition = schema_definition(
        select_lists(tx, account), select_fields(tx, account), vocabulary.select_all(tx, account)
    )
    version = newest_schema(tx, account.key) + 1
    tx.execute(
        "INSERT INTO schema (account, version, definition) VALUES (?, ?, ?)",
        (account.key, version, definition),
    )
    return version


def newest_schema(tx: Connection, account: int) -> int:
    """Reads the number of an account's newest schema version; 0 when there is none."""
    (row,) = tx.execute(
        "SELECT coalesce(max(version), 0) FROM schema WHERE account = ?", (account,)
    )
    return int(row[0])


def find_schema(tx: Connection, account: int, version: int) -> bytes:
    """Reads a schema version's definition."""
    (row,) = tx.execute(
        "SELECT definition FROM schema WHERE account = ? AND version = ?", (account, version)
    )
    return bytes(row[0])


def count_rows(tx: Connection, table: str, account: int) -> int:
    """Counts an account's rows of one of the tables `list`, `field`."""
    (row,) = tx.execute(f"SELECT count(*) FROM {table} WHERE account = ?", (account,))
    return int(row[0])


def _field(account: Account, row: Row) -> Field:
    list_id, key, kind, display_name, options, column, create_millis, version = row
    return Field(
        account.account_id,
        list_id or None,
        key,
        FieldType(kind),
        display_name,
        tuple(json.loads(options)),
        column,
        create_millis,
        version,
    )
