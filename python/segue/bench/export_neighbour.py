"""What one account's export does to another's calls."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Final

from segue.bench.comparison import Comparison
from segue.bench.export_cases import NDJSON, PROTOBUF, ExportCase
from segue.bench.export_load import STREAMS
from segue.bench.export_readings import keep_blocks, ready_made
from segue.bench.export_stage import NEIGHBOUR_ROWS, Stage
from segue.bench.measure import percentile
from segue.bench.other_processes import call_steadily, started_processes
from segue.client import Export

CALLS_PER_SECOND: Final = 200
MEDIAN: Final = "p50"
TAIL: Final = "p99"

_LONG_SECONDS: Final = 10
_SHORT_SECONDS: Final = 2
_LARGE: Final = 1_000_000
"""Profiles from which on calls go on for the longer time."""

IsEnough = Callable[[], bool]


def measure_neighbour(stage: Stage) -> list[Comparison]:
    """Asks for profiles of the other account, alone and while all of the first are exported over and over."""
    table = Comparison(
        f"GetProfile of another account while {stage.profiles:,} profiles are exported",
        "ms",
        higher_is_better=False,
        contenders=(MEDIAN, TAIL),
        own=2,
        note=f"{CALLS_PER_SECOND} calls a second from another process, each from when it is sent, whether those before were answered or not. "
        "Ready-made: the same bytes go to the same reader from another server, so that what remains is what the machine's cores cost.",
    )
    with started_processes(1) as pool:
        _measure(table, stage, pool, "alone", None)
        with _ready_made(stage) as ready:
            case = "beside another server's ready-made protobuf"
            _measure(table, stage, pool, case, lambda is_enough: _read(ready, 0, is_enough))
        for export_case in (PROTOBUF, NDJSON):
            for streams in (1, STREAMS):
                case = f"beside {streams} stream{'s' if streams > 1 else ''} of {export_case.title}"
                with _streams(stage, export_case, streams) as load:
                    _measure(table, stage, pool, case, load)
        case = f"beside a job that writes {PROTOBUF.title}"
        _measure(table, stage, pool, case, lambda is_enough: _write(stage, is_enough))
    return [table]


def _measure(
    table: Comparison,
    stage: Stage,
    pool: ProcessPoolExecutor,
    case: str,
    load: Callable[[IsEnough], None] | None,
) -> None:
    """Does the load again and again while calls are made."""
    calling = _calls(stage, pool)
    while load is not None and not calling.done():
        load(calling.done)
    seconds = calling.result()
    table.put(case, MEDIAN, 1000 * percentile(seconds, 0.5))
    table.put(case, TAIL, 1000 * percentile(seconds, 0.99))


def _calls(stage: Stage, pool: ProcessPoolExecutor) -> "Future[list[float]]":
    seconds = _LONG_SECONDS if stage.profiles >= _LARGE else _SHORT_SECONDS
    rows = min(stage.profiles, NEIGHBOUR_ROWS)
    ids = [f"p{number * 7919 % rows:09d}" for number in range(seconds * CALLS_PER_SECOND)]
    target, key = stage.server.target, stage.server.api_key
    return pool.submit(call_steadily, target, key, stage.neighbour.name, ids, CALLS_PER_SECOND)


@contextmanager
def _ready_made(stage: Stage) -> Iterator[Export]:
    blocks = stage.directory / "blocks"
    export = stage.account.export(PROTOBUF.block_format)
    keep_blocks(blocks, export)
    export.cancel()
    with ready_made(blocks) as (_, ready):
        yield ready


@contextmanager
def _streams(stage: Stage, case: ExportCase, count: int) -> Iterator[Callable[[IsEnough], None]]:
    """Yields what reads an export's streams side by side."""
    export = stage.account.export(case.block_format, stream_count=count, **case.options)

    def read(is_enough: IsEnough) -> None:
        readers = [Thread(target=_read, args=(export, part, is_enough)) for part in range(count)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    yield read
    export.cancel()


def _read(export: Export, part: int, is_enough: IsEnough) -> None:
    for _block in export.blocks(part=part):
        if is_enough():
            return


def _write(stage: Stage, is_enough: IsEnough) -> None:
    job = stage.account.start_export(PROTOBUF.block_format)
    for _status in job.watch():
        if is_enough():
            break
    job.cancel()
