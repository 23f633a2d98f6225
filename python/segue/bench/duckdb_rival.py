"""Upserts into DuckDB from Arrow: no database that runs inside of the program reads them faster."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from segue.bench.measure import span
from segue.bench.rival import Rival, Upsert

_NEW_ROWS: Final = 120_000
_OLD_ROWS: Final = 25_000
"""Rows of a transaction, as DuckDB does each fastest: about a row group of new rows, fewer of old ones."""

NOTE: Final = f"DuckDB: from Arrow, {_NEW_ROWS:,} new or {_OLD_ROWS:,} old rows a transaction, several options as one text (it updates lists far slower)."


@contextmanager
def _open(directory: Path, schema: pa.Schema) -> Iterator[Upsert]:
    import duckdb

    names = schema.names
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name in names[1:])
    rows = "SELECT * REPLACE (array_to_string(Interests, ';') AS Interests) FROM arriving"
    statement = f"INSERT INTO profile {rows} ON CONFLICT ({names[0]}) DO UPDATE SET {updates}"
    with duckdb.connect(str(directory / "profiles.duckdb")) as connection:
        connection.execute("SET threads = 2")
        connection.register("arriving", schema.empty_table())
        connection.execute(f"CREATE TABLE profile AS {rows}")
        connection.execute(f"ALTER TABLE profile ADD PRIMARY KEY ({names[0]})")

        def upsert(arriving: pa.Table) -> float:
            connection.register("arriving", arriving)
            with span() as measured:
                connection.execute(statement)
            return measured.wall_seconds

        yield upsert


DUCKDB: Final = Rival("duckdb", _NEW_ROWS, _OLD_ROWS, _open)
