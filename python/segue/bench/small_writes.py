"""Writes of few profiles a call, beside others, and what the size of a transaction does to the journal."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa

from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.import_run import open_target
from segue.bench.measure import percentile, span
from segue.bench.small_write_stores import (
    Write,
    Writes,
    postgres_writers,
    segue_writers,
    sqlite_writers,
)
from segue.bench.workload import arrow_blocks
from segue.v1.block_pb2 import BlockFormat

CALLERS: Final = (1, 64)
_CALLS: Final = {1: 4_000, 100: 1_000}
"""How many calls are made at most, by profiles a call."""
_STORED_ROWS: Final = 100_000
_BLOCK_ROWS: Final = (100, 1_000, 6_000, 24_000)
_WARMING_CALLS: Final = 2

_STORES: Final[
    dict[str, Callable[[Path, Writes], AbstractAsyncContextManager[list[Write]]]]
] = {"segue": segue_writers, "sqlite": sqlite_writers, "postgresql": postgres_writers}
_NOTE: Final = (
    f"Whole profiles, in random order, over those that are there, {_STORED_ROWS:,} at most. Segue: writes that arrive together share a "
    "transaction; one connection. SQLite: WAL, synchronous=FULL, a transaction a call, callers take turns. PostgreSQL: fsync and "
    "synchronous_commit on, a transaction a call, a connection a caller, prepared statements. Each client is one Python process."
)


def measure_small_writes(profiles: int) -> list[Comparison]:
    """Writes few profiles a call, from one caller and from many, then stages rows in blocks of more and more of them."""
    stored = min(profiles, _STORED_ROWS)
    return [*_compare_calls(stored), _measure_parts(min(profiles, 500_000))]


def _compare_calls(profiles: int) -> list[Comparison]:
    rates = Comparison(
        "UpsertProfiles, durable when answered",
        "calls/s",
        higher_is_better=True,
        contenders=tuple(_STORES),
        note=_NOTE,
    )
    waits = Comparison(
        "UpsertProfiles, how long a call takes",
        "ms",
        higher_is_better=False,
        contenders=tuple(_STORES),
        note="The same calls.",
    )
    stored, updates = _rows(profiles, 0, "profile_id"), _rows(profiles, 1, "hash(profile_id)")
    for rows, calls in _CALLS.items():
        some = updates.slice(0, min(rows * calls, profiles // rows * rows))
        for callers in CALLERS:
            case = f"{callers} callers, {rows} profiles a call"
            writes = Writes(stored, some, rows, callers)
            for name in _STORES:
                total, seconds = asyncio.run(_write(name, writes))
                rates.put(case, name, len(seconds) / total)
                waits.put(f"{case}: p50", name, 1000 * percentile(seconds, 0.5))
                waits.put(f"{case}: p99", name, 1000 * percentile(seconds, 0.99))
    return [rates, waits]


def _rows(profiles: int, generation: int, order: str) -> pa.Table:
    with connect() as connection:
        make_audience(connection, profiles, generation)
        return arrow_table(connection, order)


async def _write(name: str, writes: Writes) -> tuple[float, list[float]]:
    """Returns how long all calls took together, and each of them."""
    seconds: list[float] = []

    async def call(write: Write, numbers: Iterator[int]) -> None:
        for number in numbers:
            started = time.perf_counter()
            await write(number)
            seconds.append(time.perf_counter() - started)

    numbers = iter(range(writes.updates.num_rows // writes.rows))
    with TemporaryDirectory() as directory:
        async with _STORES[name](Path(directory), writes) as writers:
            for write in writers:
                await call(write, iter((0,) * _WARMING_CALLS))
            seconds.clear()
            with span() as measured:
                await asyncio.gather(*(call(write, numbers) for write in writers))
    return measured.wall_seconds, seconds


def _measure_parts(profiles: int) -> Comparison:
    staging = Comparison(
        f"staging of {profiles:,} profiles in parts of some rows",
        "rows/s",
        higher_is_better=True,
        contenders=("segue",),
        note="6,000 rows are about 1 MiB.",
    )
    rows = _rows(profiles, 0, "profile_id")
    with open_target() as target:
        for block_rows in _BLOCK_ROWS:
            blocks = list(arrow_blocks(rows, block_rows))
            opened = target.account.initiate_import(list_id=LIST_ID)
            with span() as measured:
                opened.stage(blocks, BlockFormat.BLOCK_FORMAT_ARROW_IPC)
            rate = rows.num_rows / measured.wall_seconds
            staging.put(f"{block_rows:,} rows a part", "segue", rate)
    return staging
