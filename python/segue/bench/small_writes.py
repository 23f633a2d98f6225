"""Writes of single profiles, and what the size of a transaction does to the journal."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.measure import span
from segue.bench.processes import SegueServer
from segue.bench.workload import arrow_blocks, prepare_account
from segue.client import AsyncClient, Client
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import Identifier, Profile, ProfileBatch

CALLERS: Final = (1, 8, 64)
_CALLS: Final = 4_000
_BLOCK_ROWS: Final = (100, 1_000, 6_000, 24_000)


def measure_small_writes(profiles: int) -> list[Comparison]:
    """Writes one profile a call from more and more callers, then stages the same rows in blocks of more and more rows."""
    calls = Comparison(
        "UpsertProfiles, one profile a call, durable when answered",
        "calls/s",
        higher_is_better=True,
        contenders=("segue",),
        note="Writes that arrive together share a transaction.",
    )
    staging = Comparison(
        f"staging of {min(profiles, 500_000):,} profiles in parts of some rows",
        "rows/s",
        higher_is_better=True,
        contenders=("segue",),
        note="6,000 rows are about 1 MiB.",
    )
    with (
        TemporaryDirectory() as directory,
        SegueServer(Path(directory)) as server,
        Client(server.target, api_key=server.api_key) as client,
    ):
        account = prepare_account(client, "small")
        for callers in CALLERS:
            seconds = asyncio.run(_write(server, callers, min(_CALLS, profiles)))
            calls.put(f"{callers} callers", "segue", min(_CALLS, profiles) / seconds)
        connection = connect()
        make_audience(connection, min(profiles, 500_000))
        rows = arrow_table(connection)
        for block_rows in _BLOCK_ROWS:
            blocks = list(arrow_blocks(rows, block_rows))
            staged = account.initiate_import(list_id=LIST_ID)
            with span() as measured:
                staged.stage(blocks, BlockFormat.BLOCK_FORMAT_ARROW_IPC)
            rate = rows.num_rows / measured.wall_seconds
            staging.put(f"{block_rows:,} rows a part", "segue", rate)
    return [calls, staging]


async def _write(server: SegueServer, callers: int, calls: int) -> float:
    numbers = iter(range(calls))
    async with AsyncClient(server.target, api_key=server.api_key) as client:
        account = client.account("small")

        async def caller(mine: Iterator[int]) -> None:
            for number in mine:
                await account.upsert_profiles(_single(number))

        await account.upsert_profiles(_single(0))
        with span() as measured:
            await asyncio.gather(*(caller(numbers) for _ in range(callers)))
    return measured.wall_seconds


def _single(number: int) -> ProfileBatch:
    email = Identifier(value=f"small{number}@example.com")
    return ProfileBatch(profiles=[Profile(profile_id=f"small{number}", emails=[email])])
