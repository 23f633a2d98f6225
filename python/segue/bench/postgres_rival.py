"""Upserts into PostgreSQL as it takes them fastest: COPY into a temporary table, then INSERT … ON CONFLICT from it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from segue.bench.measure import span
from segue.bench.postgres_server import SETTINGS, postgres_server
from segue.bench.rival import Rival, Upsert

if TYPE_CHECKING:
    import psycopg

_NEW_ROWS: Final = 100_000
_OLD_ROWS: Final = 100_000
"""Rows of a transaction."""

NOTE: Final = (
    f"PostgreSQL: COPY of ready CSV into a temporary table and INSERT … ON CONFLICT from it, {_NEW_ROWS:,} rows a transaction; fsync and "
    f"synchronous_commit on, {', '.join(f'{name} {value}' for name, value in SETTINGS.items())}."
)


def _create_table(schema: pa.Schema) -> str:
    columns = ", ".join(f'"{field.name}" {_type(field.type)}' for field in schema)
    return f"CREATE TABLE profile ({columns}, PRIMARY KEY ({schema.names[0]}))"


def updates(schema: pa.Schema) -> str:
    """Returns what an upsert does with the row that is there."""
    values = ", ".join(f'"{name}" = excluded."{name}"' for name in schema.names[1:])
    return f"ON CONFLICT ({schema.names[0]}) DO UPDATE SET {values}"


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return "text[]"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_date32(kind):
        return "date"
    if pa.types.is_boolean(kind):
        return "boolean"
    return "double precision" if pa.types.is_floating(kind) else "text"


def _csv(rows: pa.Table) -> bytes:
    """Returns rows as COPY reads them; absent is empty and texts are quoted."""
    for index, column in enumerate(rows.columns):
        if pa.types.is_list(column.type):
            texts = pc.binary_join_element_wise("{", pc.binary_join(column, ","), "}", "")
            rows = rows.set_column(index, rows.schema.names[index], texts)
    sink = io.BytesIO()
    pacsv.write_csv(rows, sink, pacsv.WriteOptions(include_header=False))
    return sink.getvalue()


def table_upsert(connection: "psycopg.Connection", schema: pa.Schema) -> Upsert:
    """Makes the table, and returns what upserts rows into it by this connection, which commits by itself."""
    insert = f"INSERT INTO profile SELECT * FROM arriving {updates(schema)}"
    connection.execute(_create_table(schema).encode())
    connection.execute("CREATE TEMP TABLE arriving (LIKE profile) ON COMMIT DELETE ROWS")

    def upsert(rows: pa.Table) -> float:
        data = _csv(rows)
        with span() as measured, connection.transaction(), connection.cursor() as cursor:
            with cursor.copy("COPY arriving FROM STDIN WITH (FORMAT csv)") as copy:
                copy.write(data)
            cursor.execute(insert.encode())
        return measured.wall_seconds

    return upsert


@contextmanager
def _open(directory: Path, schema: pa.Schema) -> Iterator[Upsert]:
    import psycopg

    with (
        postgres_server(directory) as target,
        psycopg.connect(target, autocommit=True) as connection,
    ):
        yield table_upsert(connection, schema)


POSTGRES: Final = Rival("postgresql", _NEW_ROWS, _OLD_ROWS, _open)
