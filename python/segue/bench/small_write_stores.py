"""The stores that take small writes, each holding the same profiles already, and what writes some of them again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from segue.bench import postgres_rival, sqlite_rival
from segue.bench.audience import LIST_ID
from segue.bench.import_forms import ARROW, PROTOBUF
from segue.bench.postgres_server import postgres_server
from segue.bench.processes import SegueServer
from segue.bench.workload import prepare_account
from segue.client import AsyncClient, Client
from segue.v1.profile_pb2 import ProfileBatch

Write = Callable[[int], Awaitable[object]]
"""Writes the batch of a number, and returns when it is durable."""


@dataclass(frozen=True)
class Writes:
    """What is written.

    Attributes:
        stored: Rows that are there before.
        updates: As many, with other values.
        rows: Rows of a batch.
        callers: How many write at a time.
    """

    stored: pa.Table
    updates: pa.Table
    rows: int
    callers: int

    def batches(self) -> Sequence[pa.Table]:
        """Returns the updates in batches, ordered."""
        starts = range(0, self.updates.num_rows, self.rows)
        return [self.updates.slice(start, self.rows) for start in starts]


@asynccontextmanager
async def segue_writers(directory: Path, writes: Writes) -> AsyncIterator[Sequence[Write]]:
    """Calls UpsertProfiles, all callers over one connection."""
    batches = [
        ProfileBatch.FromString(b"".join(PROTOBUF.blocks(batch))) for batch in writes.batches()
    ]
    with SegueServer(directory) as server:
        with Client(server.target, api_key=server.api_key) as client:
            account = prepare_account(client, "small")
            account.import_blocks(ARROW.blocks(writes.stored), ARROW.block_format, list_id=LIST_ID)
        async with AsyncClient(server.target, api_key=server.api_key) as asynchronous:
            upsert = asynchronous.account("small").upsert_profiles

            async def write(number: int) -> None:
                result = await upsert(batches[number])
                if result.written_count != writes.rows:
                    raise AssertionError(f"{result.written_count} of {writes.rows} were written")

            yield [write] * writes.callers


@asynccontextmanager
async def sqlite_writers(directory: Path, writes: Writes) -> AsyncIterator[Sequence[Write]]:
    """Commits a transaction a batch; callers take turns, as SQLite has one writer."""
    names = writes.stored.schema.names
    connection, statement = sqlite_rival.connect(directory, names), sqlite_rival.statement(names)
    with connection:
        connection.executemany(statement, sqlite_rival.values(writes.stored))
    batches, turn = [sqlite_rival.values(batch) for batch in writes.batches()], asyncio.Lock()

    async def write(number: int) -> None:
        async with turn:
            with connection:
                connection.executemany(statement, batches[number])

    yield [write] * writes.callers
    connection.close()


@asynccontextmanager
async def postgres_writers(directory: Path, writes: Writes) -> AsyncIterator[Sequence[Write]]:
    """Commits a transaction a batch, each caller by a connection of its own, with a prepared statement and in pipeline mode."""
    import psycopg

    schema = writes.stored.schema
    marks = ", ".join(["%s"] * len(schema.names))
    statement = f"INSERT INTO profile VALUES ({marks}) {postgres_rival.updates(schema)}".encode()
    batches = [
        [tuple(row.values()) for row in batch.to_pylist()] for batch in writes.batches()
    ]

    def writer(connection: psycopg.AsyncConnection) -> Write:
        async def write(number: int) -> None:
            if writes.rows == 1:
                await connection.execute(statement, batches[number][0], prepare=True)
                return
            async with connection.transaction(), connection.cursor() as cursor:
                await cursor.executemany(statement, batches[number])

        return write

    with postgres_server(directory) as target:
        with psycopg.connect(target, autocommit=True) as connection:
            postgres_rival.table_upsert(connection, schema)(writes.stored)
        async with AsyncExitStack() as stack:
            connections = [
                await stack.enter_async_context(
                    await psycopg.AsyncConnection.connect(target, autocommit=True)
                )
                for _ in range(writes.callers)
            ]
            yield [writer(connection) for connection in connections]
