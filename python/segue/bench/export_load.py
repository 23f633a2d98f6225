"""Exports as they are used: how soon they begin, side by side, only what changed, and with readers that stop."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Final

from segue.bench.comparison import Comparison
from segue.bench.export_cases import ARROW, NDJSON, PLAIN, PROTOBUF, ExportCase
from segue.bench.export_memory import MIB
from segue.bench.export_stage import Stage
from segue.bench.lifecycle import CHANGES, changes
from segue.bench.measure import span
from segue.bench.other_processes import read_part, started_processes
from segue.bench.processes import watched_memory

STREAMS: Final = 4

_FIRST_BLOCKS: Final = 15
_INCREMENTS: Final = 7
_STOPPED: Final = (1, 16)
_STOP_SECONDS: Final = 1.5
"""How long readers have stopped before memory is looked at: longer than it takes to fill every buffer."""
_PASSES: Final = 2


def measure_load(stage: Stage) -> list[Comparison]:
    """Measures all of it, in processes besides this one where they read at once."""
    with started_processes(STREAMS) as pool:
        return [
            _first_blocks(stage),
            _side_by_side(stage, pool),
            *_stopped(stage, pool),
            _increments(stage),
        ]


def _first_blocks(stage: Stage) -> Comparison:
    table = Comparison(
        f"from InitiateExport to the first block, {stage.profiles:,} profiles",
        "ms",
        higher_is_better=False,
        contenders=("median", "slowest"),
        own=2,
        note=f"Of {_FIRST_BLOCKS}: both calls, the selection, encoding and the way to the client.",
    )
    for case in PLAIN:
        seconds = [_first_block_seconds(stage, case) for _ in range(_FIRST_BLOCKS)]
        table.put(case.title, "median", 1000 * median(seconds))
        table.put(case.title, "slowest", 1000 * max(seconds))
    return table


def _first_block_seconds(stage: Stage, case: ExportCase) -> float:
    with span() as measured:
        export = stage.account.export(case.block_format, **case.options)
        blocks = export.blocks()
        next(blocks)
    del blocks  # ends the call
    export.cancel()
    return measured.wall_seconds


def _side_by_side(stage: Stage, pool: ProcessPoolExecutor) -> Comparison:
    several, one = f"{STREAMS} streams", "1 stream"
    table = Comparison(
        f"export of {stage.profiles:,} profiles, streams side by side",
        "rows/s",
        higher_is_better=True,
        contenders=(several, one),
        note=f"Each stream in a process of its own, on the same machine as the server: they share its cores. The best of {_PASSES}; "
        "the ratio is that of several to one.",
    )
    for case in (PROTOBUF, ARROW, NDJSON):
        for contender, streams in ((several, STREAMS), (one, 1)):
            table.put(case.title, contender, _best_rate(stage, pool, case, streams))
    return table


def _best_rate(stage: Stage, pool: ProcessPoolExecutor, case: ExportCase, streams: int) -> float:
    """Returns rows a second from the first stream's start to the last one's end."""
    export = stage.account.export(case.block_format, stream_count=streams, **case.options)
    best = 0.0
    for _ in range(_PASSES):
        reading = [
            pool.submit(read_part, stage.server.target, stage.server.api_key, export.token, part)
            for part in range(streams)
        ]
        passages = [each.result() for each in reading]
        rows = sum(passage.rows for passage in passages)
        if rows != stage.profiles:
            raise AssertionError(f"{streams} streams have {rows} of {stage.profiles} rows")
        started = min(passage.started for passage in passages)
        best = max(best, rows / (max(passage.ended for passage in passages) - started))
    export.cancel()
    return best


def _stopped(stage: Stage, pool: ProcessPoolExecutor) -> list[Comparison]:
    title = f"readers that stopped after a block, {stage.profiles:,} profiles"
    memory = Comparison(
        f"{title}: growth of the server",
        "MiB",
        higher_is_better=False,
        contenders=("all", "each"),
        own=2,
        note=f"Highest resident memory in {_STOP_SECONDS:g} s above that before. They share one connection.",
    )
    others = Comparison(
        f"{title}: another reader meanwhile",
        "rows/s",
        higher_is_better=True,
        contenders=("meanwhile", "alone"),
        note=f"The best of {_PASSES}, in another process.",
    )
    alone = _best_rate(stage, pool, PROTOBUF, 1)
    for count in _STOPPED:
        case = f"{count} stopped"
        with ExitStack() as stack:
            with watched_memory(stage.server) as watched:
                for _ in range(count):
                    stack.enter_context(_stopped_reader(stage))
                time.sleep(_STOP_SECONDS)
            others.put(case, "meanwhile", _best_rate(stage, pool, PROTOBUF, 1))
        others.put(case, "alone", alone)
        memory.put(case, "all", watched.growth_bytes / MIB)
        memory.put(case, "each", watched.growth_bytes / MIB / count)
    return [memory, others]


@contextmanager
def _stopped_reader(stage: Stage) -> Iterator[None]:
    """Reads the first block of an export and no more."""
    export = stage.account.export(PROTOBUF.block_format)
    blocks = export.blocks()
    next(blocks)
    yield
    del blocks  # ends the call
    export.cancel()


def _increments(stage: Stage) -> Comparison:
    increment, full = "increment", "full export"
    table = Comparison(
        f"changes among {stage.profiles:,} profiles, by sync token",
        "ms",
        higher_is_better=False,
        contenders=(increment, full),
        note=f"From InitiateExport to the last byte of protobuf; the median of {_INCREMENTS} increments with the same token.",
    )
    seconds, token = _export_seconds(stage, stage.profiles)
    for count in (10, CHANGES):
        stage.account.upsert_profiles(changes(f"Changed {count}", count))
        for include_removed in (False, True):
            readings = [
                _export_seconds(stage, count, token, include_removed=include_removed)
                for _ in range(_INCREMENTS)
            ]
            case = f"{count:,} changes" + (", with removals" if include_removed else "")
            table.put(case, increment, 1000 * median(each for each, _ in readings))
            table.put(case, full, 1000 * seconds)
        token = readings[-1][1]
    return table


def _export_seconds(
    stage: Stage, profiles: int, sync_token: str = "", *, include_removed: bool = False
) -> tuple[float, str]:
    """Returns how long an export took, and its sync token."""
    with span() as measured:
        export = stage.account.export(
            PROTOBUF.block_format, sync_token=sync_token, include_removed=include_removed
        )
        rows = sum(block.row_count for block in export)
    if rows != profiles:
        raise AssertionError(f"{rows} rows instead of {profiles}")
    export.cancel()
    return measured.wall_seconds, export.sync_token
