"""Upserts into SQLite: one statement, many rows a transaction, as durable as ours."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import apsw
import pyarrow as pa

from segue.bench.measure import span
from segue.bench.rival import Rival, Upsert

if TYPE_CHECKING:
    Value: TypeAlias = apsw.SQLiteValue  # only its stub has it

_BATCH_ROWS: Final = 6_000

NOTE: Final = (
    f"SQLite: WAL, synchronous=FULL, WITHOUT ROWID, {_BATCH_ROWS:,} rows a transaction, from Python values; it does not write rows that stay as "
    "they are."
)


def connect(directory: Path, names: list[str]) -> apsw.Connection:
    """Makes a database with an empty table of the columns; the first is the key."""
    connection = apsw.Connection(str(directory / "profiles.db"))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.execute(
        f"CREATE TABLE profile ({_columns(names)}, PRIMARY KEY ({names[0]})) WITHOUT ROWID"
    )
    return connection


def statement(names: list[str]) -> str:
    """Returns the upsert of one row."""
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name in names[1:])
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO profile ({_columns(names)}) VALUES ({marks}) ON CONFLICT ({names[0]}) DO UPDATE SET {updates}"


def values(rows: pa.Table) -> "list[tuple[Value, ...]]":
    """Returns rows as SQLite keeps them: moments and days as numbers, several options as JSON."""
    columns = [_column(rows.column(name)) for name in rows.schema.names]
    return list(zip(*columns, strict=True))


def _columns(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _column(column: pa.ChunkedArray) -> "list[Value]":
    if pa.types.is_list(column.type):
        return [json.dumps(value) for value in column.to_pylist()]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    elif pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    listed: list[Value] = column.to_pylist()
    return listed


@contextmanager
def _open(directory: Path, schema: pa.Schema) -> Iterator[Upsert]:
    connection, text = connect(directory, schema.names), statement(schema.names)

    def upsert(rows: pa.Table) -> float:
        prepared = values(rows)
        with span() as measured, connection:
            connection.executemany(text, prepared)
        return measured.wall_seconds

    yield upsert
    connection.close()


SQLITE: Final = Rival("sqlite", _BATCH_ROWS, _BATCH_ROWS, _open)
