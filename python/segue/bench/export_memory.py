"""What exports cost the server in memory, whatever their size."""

from typing import Final

from segue.bench.comparison import Comparison
from segue.bench.export_cases import (
    ARROW_ZSTD,
    NDJSON,
    PARQUET_ZSTD,
    PLAIN,
    PROTOBUF,
    PROTOBUF_GZIP,
)
from segue.bench.export_files import write_files
from segue.bench.export_stage import Stage
from segue.bench.processes import WatchedMemory, watched_memory

MIB: Final = 1024 * 1024

_STREAMED: Final = (*PLAIN, PROTOBUF_GZIP, ARROW_ZSTD, PARQUET_ZSTD)
_WRITTEN: Final = (PROTOBUF, NDJSON, PARQUET_ZSTD)


def measure_memory(stage: Stage) -> list[Comparison]:
    """Exports all profiles in each format, and looks at the server's resident memory meanwhile."""
    table = Comparison(
        f"memory of the server while it exports {stage.profiles:,} profiles",
        "MiB",
        higher_is_better=False,
        contenders=("before", "peak", "growth"),
        own=3,
        note="Resident memory, looked at every 50 ms; before is right before each export. All in one process, in this order, after one export "
        "in Arrow: what one export gave back to the allocator, the next may use.",
    )
    for case in _STREAMED:
        with watched_memory(stage.server) as memory:
            export = stage.account.export(case.block_format, **case.options)
            for _block in export:
                pass
            export.cancel()
        _put(table, f"{case.title}, stream", memory)
    for case in _WRITTEN:
        with watched_memory(stage.server) as memory:
            job, _ = write_files(stage, case)
        job.cancel()
        _put(table, f"{case.title}, written by a job", memory)
    return [table]


def _put(table: Comparison, title: str, memory: WatchedMemory) -> None:
    table.put(title, "before", memory.before_bytes / MIB)
    table.put(title, "peak", memory.peak_bytes / MIB)
    table.put(title, "growth", memory.growth_bytes / MIB)
