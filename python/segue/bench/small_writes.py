"""Writes of few profiles a call, beside others, and what the size of a transaction does to the journal."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa

from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.import_run import open_target
from segue.bench.measure import percentile, span
from segue.bench.small_write_stores import (
    Prepare,
    Write,
    postgres_store,
    segue_store,
    sqlite_store,
)
from segue.bench.workload import arrow_blocks
from segue.v1.block_pb2 import BlockFormat

CALLERS: Final = (1, 64)
_CALLS: Final = {1: 4_000, 100: 400}
"""How many calls are made at most, by profiles a call."""
_STORED_ROWS: Final = 100_000
_CALL_SHARE: Final = 20
_ROW_SHARE: Final = 3
"""Calls of a case are no more than profiles by one, and write no more of them than profiles by the other: so no case writes what another wrote,
which SQLite would notice and leave alone, and few profiles take little time."""
_BLOCK_ROWS: Final = (100, 1_000, 6_000, 24_000)

_Open = Callable[[Path, pa.Table, int], AbstractAsyncContextManager[Prepare]]
_STORES: Final[dict[str, _Open]] = {
    "segue": segue_store,
    "sqlite": sqlite_store,
    "postgresql": postgres_store,
}
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
    for name, opened in _STORES.items():
        for case, readings in asyncio.run(_write(opened, stored, updates)).items():
            rates.put(case, name, readings.calls_per_second)
            waits.put(f"{case}: p50", name, 1000 * percentile(readings.seconds, 0.5))
            waits.put(f"{case}: p99", name, 1000 * percentile(readings.seconds, 0.99))
    return [rates, waits]


def _rows(profiles: int, generation: int, order: str) -> pa.Table:
    with connect() as connection:
        make_audience(connection, profiles, generation)
        return arrow_table(connection, order)


@dataclass(frozen=True)
class _Readings:
    """Calls of one case: seconds of each, and of all from the first to the last."""

    seconds: Sequence[float]
    total_seconds: float

    @property
    def calls_per_second(self) -> float:
        return len(self.seconds) / self.total_seconds


async def _write(opened: _Open, stored: pa.Table, updates: pa.Table) -> dict[str, _Readings]:
    """Returns what was measured of one store, by case."""
    measured: dict[str, _Readings] = {}
    taken = 0
    with TemporaryDirectory() as directory:
        async with opened(Path(directory), stored, max(CALLERS)) as prepare:
            for rows, most in _CALLS.items():
                calls = min(most, stored.num_rows // max(_ROW_SHARE * rows, _CALL_SHARE))
                for callers in CALLERS:
                    some = updates.slice(taken, rows * calls)
                    taken += some.num_rows
                    writers = prepare(some, rows)[:callers]
                    measured[_case(rows, callers)] = await _call(writers, calls)
    return measured


def _case(rows: int, callers: int) -> str:
    profiles = "1 profile" if rows == 1 else f"{rows} profiles"
    return f"{callers} caller{'s' if callers > 1 else ''}, {profiles} a call"


async def _call(writers: Sequence[Write], calls: int) -> _Readings:
    """Lets each writer take the next call when its last one was answered; each has written once before."""
    seconds: list[float] = []
    numbers = iter(range(calls))

    async def work(write: Write) -> None:
        for number in numbers:
            started = time.perf_counter()
            await write(number)
            seconds.append(time.perf_counter() - started)

    for write in writers:
        await write(0)
    with span() as measured:
        await asyncio.gather(*map(work, writers))
    return _Readings(seconds, measured.wall_seconds)


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
