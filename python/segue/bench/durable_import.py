"""Writing profiles durably: import over gRPC beside upserts of the same rows into SQLite and DuckDB."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import apsw
import pyarrow as pa

from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.measure import Span, span
from segue.bench.processes import SegueServer
from segue.bench.workload import BLOCK_ROWS, arrow_blocks, prepare_account, protobuf_blocks
from segue.client import AccountClient, Client
from segue.v1.block_pb2 import BlockFormat

PROTOBUF: Final = "protobuf"
ARROW: Final = "arrow"
_DUCKDB_LOAD_ROWS: Final = 120_000
_DUCKDB_UPDATE_ROWS: Final = 6_000
"""Rows of a DuckDB transaction, as it does each fastest: about a row group of new rows, far fewer of old ones."""


@dataclass(frozen=True)
class Load:
    """Rows to be written in one go."""

    case: str
    rows: pa.Table


def compare_import(profiles: int) -> list[Comparison]:
    """Loads, updates in the same order and updates in random order, each into a store that holds the step before."""
    rates = Comparison(
        f"durable import of {profiles:,} profiles",
        "rows/s",
        higher_is_better=True,
        contenders=(PROTOBUF, ARROW, "sqlite", "duckdb"),
        own=2,
        note="Protobuf and arrow: Segue, stage and execute over gRPC, the client on the same machine, three indexes. SQLite: WAL, synchronous=FULL, "
        f"{BLOCK_ROWS:,} rows a transaction, primary key only. DuckDB: {_DUCKDB_LOAD_ROWS:,} new or {_DUCKDB_UPDATE_ROWS:,} old rows "
        "a transaction, several options as one text (it updates lists far slower), primary key only.",
    )
    processor = Comparison(
        "processor time of the same imports, a million rows",
        "CPU s",
        higher_is_better=False,
        contenders=(
            f"{PROTOBUF}: server",
            f"{PROTOBUF}: client",
            f"{ARROW}: server",
            f"{ARROW}: client",
        ),
        own=4,
    )
    loads = list(_loads(profiles))
    _import_by_segue(loads, rates, processor)
    for load, seconds in _upsert_by_sqlite(loads):
        rates.put(load.case, "sqlite", load.rows.num_rows / seconds)
    for load, seconds in _upsert_by_duckdb(loads):
        rates.put(load.case, "duckdb", load.rows.num_rows / seconds)
    return [rates, processor]


def _loads(profiles: int) -> Iterator[Load]:
    connection = connect()
    make_audience(connection, profiles)
    yield Load("first load", arrow_table(connection))
    make_audience(connection, profiles, generation=1)
    yield Load("update, same order", arrow_table(connection))
    make_audience(connection, profiles, generation=2)
    yield Load("update, random order", arrow_table(connection, order="hash(profile_id)"))


def _import_by_segue(loads: Sequence[Load], rates: Comparison, processor: Comparison) -> None:
    with (
        TemporaryDirectory() as directory,
        SegueServer(Path(directory)) as server,
        Client(server.target, api_key=server.api_key) as client,
    ):
        for contender, block_format in (
            (PROTOBUF, BlockFormat.BLOCK_FORMAT_PROFILE_BATCH),
            (ARROW, BlockFormat.BLOCK_FORMAT_ARROW_IPC),
        ):
            account = prepare_account(client, contender)
            for load in loads:
                make = protobuf_blocks if contender == PROTOBUF else arrow_blocks
                blocks = list(make(load.rows))
                before = server.cpu_seconds
                measured = _import(account, blocks, block_format, load.rows.num_rows)
                millions = load.rows.num_rows / 1e6
                rates.put(load.case, contender, load.rows.num_rows / measured.wall_seconds)
                spent = (server.cpu_seconds - before) / millions
                processor.put(load.case, f"{contender}: server", spent)
                processor.put(load.case, f"{contender}: client", measured.cpu_seconds / millions)


def _import(
    account: AccountClient,
    blocks: Sequence[bytes],
    block_format: BlockFormat.ValueType,
    rows: int,
) -> Span:
    with span() as measured:
        _, status = account.import_blocks(blocks, block_format, list_id=LIST_ID)
    if status.processed_count != rows:
        raise AssertionError(f"{status.processed_count} of {rows} records were written")
    return measured


def _upsert_by_sqlite(loads: Sequence[Load]) -> Iterator[tuple[Load, float]]:
    names = loads[0].rows.schema.names
    columns = ", ".join(f'"{name}"' for name in names)
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name in names[1:])
    marks = ", ".join("?" * len(names))
    upsert = f"INSERT INTO profile ({columns}) VALUES ({marks}) ON CONFLICT ({names[0]}) DO UPDATE SET {updates}"
    with TemporaryDirectory() as directory:
        connection = apsw.Connection(f"{directory}/profiles.db")
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.execute(
            f"CREATE TABLE profile ({columns}, PRIMARY KEY ({names[0]})) WITHOUT ROWID"
        )
        for load in loads:
            seconds = 0.0
            for start in range(0, load.rows.num_rows, BLOCK_ROWS):
                rows = _sqlite_rows(load.rows.slice(start, BLOCK_ROWS))
                with span() as measured, connection:
                    connection.executemany(upsert, rows)
                seconds += measured.wall_seconds
            yield load, seconds
        connection.close()


def _sqlite_rows(rows: pa.Table) -> "list[tuple[apsw.SQLiteValue, ...]]":
    columns = [_sqlite_column(rows.column(name)) for name in rows.schema.names]
    return list(zip(*columns, strict=True))


def _sqlite_column(column: pa.ChunkedArray) -> "list[apsw.SQLiteValue]":
    if pa.types.is_list(column.type):
        return [json.dumps(value) for value in column.to_pylist()]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    elif pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    values: list[apsw.SQLiteValue] = column.to_pylist()
    return values


def _upsert_by_duckdb(loads: Sequence[Load]) -> Iterator[tuple[Load, float]]:
    import duckdb

    names = loads[0].rows.schema.names
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name in names[1:])
    rows = "SELECT * REPLACE (array_to_string(Interests, ';') AS Interests) FROM arriving"
    upsert = f"INSERT INTO profile {rows} ON CONFLICT ({names[0]}) DO UPDATE SET {updates}"
    with TemporaryDirectory() as directory:
        connection = duckdb.connect(f"{directory}/profiles.duckdb")
        connection.execute("SET threads = 2")
        connection.register("arriving", loads[0].rows.slice(0, 0))
        connection.execute(f"CREATE TABLE profile AS {rows}")
        connection.execute(f"ALTER TABLE profile ADD PRIMARY KEY ({names[0]})")
        for load in loads:
            step = _DUCKDB_LOAD_ROWS if load is loads[0] else _DUCKDB_UPDATE_ROWS
            seconds = 0.0
            for start in range(0, load.rows.num_rows, step):
                connection.register("arriving", load.rows.slice(start, step))
                with span() as measured:
                    connection.execute(upsert)
                seconds += measured.wall_seconds
            yield load, seconds
        connection.close()
