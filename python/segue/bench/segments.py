"""Segments at work: drafts beside DuckDB, saved ones counted, maintained by commits, and watched."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from segue.bench.audience import arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.draft_cases import EVENT_CASES, FIELD_CASES, DraftCase
from segue.bench.event_log import event_blocks, make_events
from segue.bench.measure import best_millis
from segue.bench.processes import SegueServer
from segue.bench.segment_board import CHANGED, DUCKDB, Board
from segue.bench.segment_kernel import RUNS, measure_kernel
from segue.bench.segment_service import measure_service
from segue.bench.workload import prepare_account
from segue.client import Client

if TYPE_CHECKING:
    import duckdb

EVENTS_PER_PROFILE: Final = 20
"""Unless it is said how many events there are."""

_ROUNDS: Final = 4


def measure_segments(profiles: int, events: int | None = None) -> list[Comparison]:
    """Measures everything on the same profiles and events: in the kernel, in a server, and in DuckDB.

    Raises:
        AssertionError: Two contenders count differently.
    """
    events = EVENTS_PER_PROFILE * profiles if events is None else events
    connection = connect()
    make_events(connection, profiles, events)
    changes = [_changed_rows(connection, profiles, round_ + 1) for round_ in range(_ROUNDS)]
    make_audience(connection, profiles)
    rows = arrow_table(connection)
    board = Board.new(profiles, events)
    measure_kernel(board, rows, event_blocks(connection), changes)
    with (
        TemporaryDirectory() as directory,
        SegueServer(Path(directory)) as server,
        Client(server.target, api_key=server.api_key) as client,
    ):
        account = prepare_account(client, "segments")
        measure_service(board, account, rows, event_blocks(connection), changes)
    for case in (*FIELD_CASES, *EVENT_CASES):
        _count_by_duckdb(board, connection, case)
    return board.tables


def _changed_rows(
    connection: "duckdb.DuckDBPyConnection", profiles: int, generation: int
) -> pa.Table:
    """Returns rows spread over all profiles with the values of another generation."""
    make_audience(connection, profiles, generation)
    step = max(profiles // CHANGED, 1)
    statement = f"SELECT * FROM audience WHERE CAST(profile_id[2:] AS BIGINT) % {step} = {generation % step} ORDER BY profile_id"
    return connection.sql(statement).to_arrow_table()


def _count_by_duckdb(
    board: Board, connection: "duckdb.DuckDBPyConnection", case: DraftCase
) -> None:
    def count() -> int:
        row = connection.execute(case.sql).fetchone()
        return int(row[0]) if row else 0

    board.put_draft(case.title, DUCKDB, best_millis(count, RUNS), count())
