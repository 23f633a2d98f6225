"""Numbered SQL files that bring a database to the newest schema."""

import hashlib
from importlib import resources
from typing import Final

import apsw

from segue.errors import StoreUnavailable

_DIRECTORY: Final = resources.files("segue.store") / "migrations"


def migrate(connection: apsw.Connection) -> None:
    """Applies the migrations that the database has not seen, each in one transaction.

    Raises:
        StoreUnavailable: A migration that was applied has other text now, or is unknown here.
    """
    list(
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)"
        )
    )
    applied = dict(connection.execute("SELECT name, digest FROM migration"))
    files = sorted(
        (entry for entry in _DIRECTORY.iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    if unknown := set(applied) - {entry.name for entry in files}:
        raise StoreUnavailable(
            f"the data directory belongs to a newer version, which applied {min(unknown)}"
        )
    for entry in files:
        text = entry.read_text(encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        if applied.get(entry.name, digest) != digest:
            raise StoreUnavailable(f"migration {entry.name} is not the one the database has seen")
        if entry.name not in applied:
            with connection:
                list(connection.execute(text))
                list(
                    connection.execute(
                        "INSERT INTO migration (name, digest) VALUES (?, ?)", (entry.name, digest)
                    )
                )
