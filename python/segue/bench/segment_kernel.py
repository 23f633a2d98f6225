"""Segments in a kernel without a server."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import pyarrow as pa

from segue._kernel import Part, Schema, Snapshot, Table, decode, decode_events
from segue.bench.audience import LIST_ID
from segue.bench.draft_cases import EVENT_CASES, FIELD_CASES
from segue.bench.event_log import MOMENT
from segue.bench.measure import best_millis, span
from segue.bench.saved_segments import saved_conditions
from segue.bench.segment_board import BARE, KERNEL, MAINTAINED, Board
from segue.bench.workload import arrow_blocks, condition_plan, kernel_schema, kernel_table
from segue.v1.block_pb2 import BlockFormat

NOW_MILLIS: Final = int(MOMENT.timestamp()) * 1000
RUNS: Final = 3
_COMMITS_START: Final = 1_000_000
"""Revisions of what is measured begin above those of loading."""


def measure_kernel(
    board: Board, rows: pa.Table, blocks: Iterable[bytes], changes: list[pa.Table]
) -> None:
    """Records events, counts drafts, and commits changes without and with saved segments.

    Args:
        board: Where figures go.
        rows: Profiles.
        blocks: Their events.
        changes: Rows of each commit.
    """
    schema = kernel_schema()
    table = kernel_table(schema, rows)
    board.recording.put("in blocks of 1 MiB", KERNEL, _record(table, schema, blocks))
    _count_drafts(board, table.snapshot(), schema)
    revisions = iter(range(_COMMITS_START, _COMMITS_START * 2))
    board.commits.put(KERNEL, BARE, _commit(table, schema, changes, revisions))
    for number, condition in enumerate(saved_conditions()):
        table.maintain(f"segment{number}", condition_plan(schema, condition, NOW_MILLIS))
    board.commits.put(KERNEL, MAINTAINED, _commit(table, schema, changes, revisions))


def _count_drafts(board: Board, snapshot: Snapshot, schema: Schema) -> None:
    for case in (*FIELD_CASES, *EVENT_CASES):
        count = partial(snapshot.count, condition_plan(schema, case.condition, NOW_MILLIS))
        board.put_draft(case.title, KERNEL, best_millis(count, RUNS), count())


def _record(table: Table, schema: Schema, blocks: Iterable[bytes]) -> float:
    """Returns events recorded a second, decoding included; making the blocks is left out."""
    recorded, seconds = 0, 0.0
    for revision, block in enumerate(blocks, start=_COMMITS_START // 2):
        with span() as measured:
            part = decode_events(schema, block)
            counts = table.record(
                part, refuse_unknown_profiles=False, revision=revision, tick_millis=NOW_MILLIS
            )
        recorded += counts[0]
        seconds += measured.wall_seconds
    return recorded / seconds


def _commit(
    table: Table, schema: Schema, changes: list[pa.Table], revisions: Iterator[int]
) -> float:
    """Returns rows committed a second in the best round, decoding included."""
    best = 0.0
    for rows in changes:
        data = next(iter(arrow_blocks(rows, rows.num_rows)))
        with span() as measured:
            table.apply([_part(schema, data)], next(revisions), NOW_MILLIS)
        best = max(best, rows.num_rows / measured.wall_seconds)
    return best


def _part(schema: Schema, data: bytes) -> Part:
    return decode(
        schema,
        BlockFormat.BLOCK_FORMAT_ARROW_IPC,
        data,
        list_id=LIST_ID,
        ignore_unknown_fields=False,
    )
