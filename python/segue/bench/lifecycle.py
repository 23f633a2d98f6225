"""What an account costs while it is held: memory, start-up from a snapshot, and increments."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.measure import span
from segue.bench.processes import SegueServer
from segue.bench.workload import kernel_schema, kernel_table, prepare_account, protobuf_blocks
from segue.client import AccountClient, Client
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import Profile, ProfileBatch

CHANGES: Final = 1_000


def measure_lifecycle(profiles: int) -> list[Comparison]:
    """Imports profiles, exports in full and an increment, stops the server and starts it again."""
    connection = connect()
    make_audience(connection, profiles)
    rows = arrow_table(connection)
    memory = Comparison(
        f"memory of {profiles:,} profiles",
        "bytes a profile",
        higher_is_better=False,
        contenders=("bytes",),
    )
    times = Comparison(
        f"times with {profiles:,} profiles", "ms", higher_is_better=False, contenders=("segue",)
    )
    table = kernel_table(kernel_schema(), rows)
    memory.put("kernel: columns and indexes", "bytes", table.memory_bytes / profiles)
    del table
    with TemporaryDirectory() as directory:
        data = Path(directory)
        with SegueServer(data) as server, Client(server.target, api_key=server.api_key) as client:
            account = prepare_account(client, "lifecycle")
            empty = server.rss_bytes
            blocks = list(protobuf_blocks(rows))
            memory.put("protobuf bytes of the rows", "bytes", sum(map(len, blocks)) / profiles)
            account.import_blocks(blocks, BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, list_id=LIST_ID)
            memory.put("server: growth of RSS", "bytes", (server.rss_bytes - empty) / profiles)
            _measure_increment(account, times)
        _measure_start(data, times)
    return [memory, times]


def _measure_increment(account: AccountClient, times: Comparison) -> None:
    with span() as measured:
        since = _read(account, None)
    times.put("full export", "segue", measured.wall_seconds * 1000)
    with span() as measured:
        account.upsert_profiles(changes("Increment"))
    times.put(f"write of {CHANGES:,} profiles", "segue", measured.wall_seconds * 1000)
    with span() as measured:
        _read(account, since)
    times.put(f"incremental export of {CHANGES:,} changes", "segue", measured.wall_seconds * 1000)


def _read(account: AccountClient, since: datetime | None) -> datetime:
    export = account.export(BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, last_datetime=since)
    rows = sum(block.row_count for block in export)
    if since is not None and rows != CHANGES:
        raise AssertionError(f"{rows} rows in an increment of {CHANGES}")
    return export.snapshot_time


def changes(country: str, count: int = CHANGES) -> ProfileBatch:
    """Returns the first profiles of the audience with another country."""
    return ProfileBatch(
        profiles=[Profile(profile_id=f"p{number:09d}", country=country) for number in range(count)]
    )


def _measure_start(data: Path, times: Comparison) -> None:
    with SegueServer(data) as server, Client(server.target, api_key=server.api_key) as client:
        times.put("start: until ready", "segue", server.ready_seconds * 1000)
        account = client.account("lifecycle")
        with span() as measured:
            account.count_draft([], list_id=LIST_ID)
        times.put("start: first count after that", "segue", measured.wall_seconds * 1000)
        with span() as measured:
            account.upsert_profiles(changes("Restart"))
        times.put("start: first write after that", "segue", measured.wall_seconds * 1000)
