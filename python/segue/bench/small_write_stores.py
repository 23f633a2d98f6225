"""The stores that take small writes, each holding the same profiles already, and what writes some of them again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from segue.bench import postgres_rival, sqlite_rival
from segue.bench.audience import LIST_ID
from segue.bench.import_forms import ARROW, PROTOBUF
from segue.bench.postgres_server import postgres_server
from segue.bench.processes import SegueServer
from segue.bench.workload import prepare_account
from segue.client import AsyncClient, Client
from segue.v1.profile_pb2 import ProfileBatch

Item = TypeVar("Item")
Write = Callable[[int], Awaitable[None]]
"""Writes the batch of a number, and returns when it is durable."""
Prepare = Callable[[pa.Table, int], Sequence[Write]]
"""Makes rows ready in batches of some; returns what writes them, one for each caller."""


@asynccontextmanager
async def segue_store(directory: Path, stored: pa.Table, callers: int) -> AsyncIterator[Prepare]:
    """Calls UpsertProfiles, all callers over one connection."""
    with SegueServer(directory) as server:
        with Client(server.target, api_key=server.api_key) as client:
            account = prepare_account(client, "small")
            account.import_blocks(ARROW.blocks(stored), ARROW.block_format, list_id=LIST_ID)
        async with AsyncClient(server.target, api_key=server.api_key) as asynchronous:
            upsert = asynchronous.account("small").upsert_profiles

            def prepare(updates: pa.Table, rows: int) -> Sequence[Write]:
                blocks = replace(PROTOBUF, block_rows=rows).blocks(updates)
                messages = [ProfileBatch.FromString(block) for block in blocks]

                async def write(number: int) -> None:
                    written = await upsert(messages[number])
                    if written.written_count != rows:
                        raise AssertionError(f"{written.written_count} of {rows} were written")

                return [write] * callers

            yield prepare


@asynccontextmanager
async def sqlite_store(directory: Path, stored: pa.Table, callers: int) -> AsyncIterator[Prepare]:
    """Commits a transaction a batch; callers take turns, as SQLite has one writer."""
    names = stored.schema.names
    connection, statement = sqlite_rival.connect(directory, names), sqlite_rival.statement(names)
    with connection:
        connection.executemany(statement, sqlite_rival.values(stored))
    turn = asyncio.Lock()

    def prepare(updates: pa.Table, rows: int) -> Sequence[Write]:
        values = _batches(sqlite_rival.values(updates), rows)

        async def write(number: int) -> None:
            async with turn:
                with connection:
                    connection.executemany(statement, values[number])
                await asyncio.sleep(0)  # so that the others queue for their turns

        return [write] * callers

    yield prepare
    connection.close()


@asynccontextmanager
async def postgres_store(directory: Path, stored: pa.Table, callers: int) -> AsyncIterator[Prepare]:
    """Commits a transaction a batch, each caller by a connection of its own; several rows go in pipeline mode."""
    import psycopg

    marks = ", ".join(["%s"] * len(stored.schema.names))
    on_conflict = postgres_rival.updates(stored.schema)
    statement = f"INSERT INTO profile VALUES ({marks}) {on_conflict}".encode()

    def prepare(updates: pa.Table, rows: int) -> Sequence[Write]:
        values = _batches([tuple(row.values()) for row in updates.to_pylist()], rows)

        def writer(connection: psycopg.AsyncConnection) -> Write:
            async def write(number: int) -> None:
                if rows == 1:
                    await connection.execute(statement, values[number][0], prepare=True)
                    return
                async with connection.transaction(), connection.cursor() as cursor:
                    await cursor.executemany(statement, values[number])

            return write

        return [writer(connection) for connection in connections]

    with postgres_server(directory) as target:
        with psycopg.connect(target, autocommit=True) as connection:
            postgres_rival.table_upsert(connection, stored.schema)(stored)
        async with AsyncExitStack() as stack:
            connections = [
                await stack.enter_async_context(
                    await psycopg.AsyncConnection.connect(target, autocommit=True)
                )
                for _ in range(callers)
            ]
            yield prepare


def _batches(items: Sequence[Item], rows: int) -> Sequence[Sequence[Item]]:
    return [items[start : start + rows] for start in range(0, len(items), rows)]
