"""Rows of accounts and API keys."""

from collections.abc import Sequence
from typing import Final

from segue.domain.account import Account
from segue.domain.key import ApiKey, Principal
from segue.store.base import Connection, Row

_COLUMNS: Final = "key, account_id, display_name, time_zone, create_millis, update_millis, version, revision, profile_count"


def insert(
    tx: Connection, account_id: str, display_name: str, time_zone: str, now: int, column: int
) -> Account:
    """Adds an account whose first free column is given."""
    tx.execute(
        "INSERT INTO account (account_id, display_name, time_zone, create_millis, update_millis, version,"
        " next_column, revision, tick_millis, pinned_millis, profile_count) VALUES (?, ?, ?, ?, ?, 1, ?, 0, 0, 0, 0)",
        (account_id, display_name, time_zone, now, now, column),
    )
    account = find(tx, account_id)
    if account is None:
        raise LookupError(account_id)
    return account


def find(tx: Connection, account_id: str) -> Account | None:
    """Reads an account by its id."""
    rows = list(tx.execute(f"SELECT {_COLUMNS} FROM account WHERE account_id = ?", (account_id,)))
    return Account(*rows[0]) if rows else None


def find_by_key(tx: Connection, key: int) -> Account | None:
    """Reads an account by its number."""
    rows = list(tx.execute(f"SELECT {_COLUMNS} FROM account WHERE key = ?", (key,)))
    return Account(*rows[0]) if rows else None


def select(tx: Connection, after: str, limit: int) -> list[Account]:
    """Reads accounts in order of ids, those after one."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM account WHERE account_id > ? ORDER BY account_id LIMIT ?",
        (after, limit),
    )
    return [Account(*row) for row in rows]


def select_numbers(tx: Connection) -> list[int]:
    """Reads the numbers of all accounts."""
    return [row[0] for row in tx.execute("SELECT key FROM account")]


def update(tx: Connection, account: Account) -> None:
    """Writes an account's display name, time zone, time and version."""
    tx.execute(
        "UPDATE account SET display_name = ?, time_zone = ?, update_millis = ?, version = ? WHERE key = ?",
        (
            account.display_name,
            account.time_zone,
            account.update_millis,
            account.version,
            account.key,
        ),
    )


def delete(tx: Connection, key: int) -> None:
    """Removes an account with everything that refers to it."""
    tx.execute("DELETE FROM account WHERE key = ?", (key,))


def take_columns(tx: Connection, key: int, count: int) -> int:
    """Gives an account's next column numbers away for good; returns the first."""
    (row,) = tx.execute(
        "UPDATE account SET next_column = next_column + ? WHERE key = ? RETURNING next_column",
        (count, key),
    )
    first: int = row[0] - count
    return first


def take_event_code(tx: Connection, key: int) -> int:
    """Gives an account's next code of event types away for good."""
    (row,) = tx.execute(
        "UPDATE account SET next_event_code = next_event_code + 1 WHERE key = ? RETURNING next_event_code",
        (key,),
    )
    code: int = row[0] - 1
    return code


def insert_key(
    tx: Connection, account: int | None, key_id: str, digest: bytes, display_name: str, now: int
) -> None:
    """Adds a key of an account, or an admin's for None."""
    tx.execute(
        "INSERT INTO api_key (key_id, account, digest, display_name, create_millis) VALUES (?, ?, ?, ?, ?)",
        (key_id, account, digest, display_name, now),
    )


def find_principal(tx: Connection, digest: bytes) -> tuple[bytes, Principal] | None:
    """Reads who holds a key by its digest; the stored digest comes along to be compared."""
    rows = list(
        tx.execute(
            "SELECT digest, account.account_id, key_id FROM api_key LEFT JOIN account ON account.key = api_key.account"
            " WHERE digest = ?",
            (digest,),
        )
    )
    if not rows:
        return None
    stored, account_id, key_id = rows[0]
    if account_id is None:
        return stored, Principal(None)
    return stored, Principal(account_id, f"accounts/{account_id}/apiKeys/{key_id}")


def has_admin_key(tx: Connection) -> bool:
    """Tells whether the first start has happened."""
    return bool(list(tx.execute("SELECT 1 FROM api_key WHERE account IS NULL LIMIT 1")))


def delete_admin_keys(tx: Connection) -> None:
    """Removes every admin's key."""
    tx.execute("DELETE FROM api_key WHERE account IS NULL")


def select_keys(
    tx: Connection, account: Account, after: Sequence[int | str], limit: int
) -> list[ApiKey]:
    """Reads an account's keys in order of creation, those after a (time, id)."""
    rows = tx.execute(
        "SELECT key_id, display_name, create_millis FROM api_key WHERE account = ? AND (create_millis, key_id) > (?, ?)"
        " ORDER BY create_millis, key_id LIMIT ?",
        (account.key, *after, limit),
    )
    return [_api_key(account, row) for row in rows]


def count_keys(tx: Connection, account: int) -> int:
    """Counts an account's keys."""
    (row,) = tx.execute("SELECT count(*) FROM api_key WHERE account = ?", (account,))
    return int(row[0])


def delete_key(tx: Connection, account: int, key_id: str) -> bool:
    """Removes a key; tells whether there was one."""
    return bool(
        list(
            tx.execute(
                "DELETE FROM api_key WHERE account = ? AND key_id = ? RETURNING 1",
                (account, key_id),
            )
        )
    )


def _api_key(account: Account, row: Row) -> ApiKey:
    return ApiKey(account.account_id, *row)
