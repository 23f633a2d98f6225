"""Exports as files: how fast a job writes them, and how fast they are read over gRPC and HTTP."""

from typing import Final

from segue.bench.comparison import Comparison
from segue.bench.export_cases import ARROW, CSV_GZIP, PARQUET_ZSTD, PROTOBUF, ExportCase
from segue.bench.export_readings import (
    Reading,
    Report,
    keep_blocks,
    read_blocks_of,
    read_http,
    ready_made,
)
from segue.bench.export_stage import Stage
from segue.bench.measure import span
from segue.client import FileExport

SEGUE: Final = "segue"
READY: Final = "ready-made"

_WRITTEN: Final = (PROTOBUF, ARROW, CSV_GZIP, PARQUET_ZSTD)
_PASSES: Final = 4
"""Times that a file is read from either server, by turns; the fastest counts."""

_NOTE: Final = (
    "Written: from the request until the files are made, hashed and on disk. Over gRPC: the best of "
    f"{_PASSES} passes by turns with grpc.aio sending the same blocks from memory. Over HTTP: identity the best of {_PASSES}, "
    "gzip made while it is sent, once, and not decoded by the client."
)


def compare_files(stage: Stage) -> list[Comparison]:
    """Lets jobs write all profiles, and reads the file of protobuf by every way."""
    title = f"export of {stage.profiles:,} profiles by files"
    report = Report.of(title, (SEGUE, READY), 1, _NOTE)
    for case in _WRITTEN:
        job, reading = write_files(stage, case)
        report.put(f"{case.title}, written", SEGUE, reading)
        if case is PROTOBUF:
            _read(stage, report, job)
        job.cancel()
    return report.tables


def write_files(stage: Stage, case: ExportCase) -> tuple[FileExport, Reading]:
    """Returns a finished job, and what it took.

    Raises:
        AssertionError: Rows are missing.
    """
    before = stage.server.cpu_seconds
    with span() as measured:
        job = stage.account.start_export(case.block_format, **case.options)
        status = job.wait()
    if status.row_count != stage.profiles:
        raise AssertionError(f"{status.row_count} of {stage.profiles} rows were written")
    spent = stage.server.cpu_seconds - before
    return job, Reading(status.row_count, status.byte_count, measured, spent)


def _read(stage: Stage, report: Report, job: FileExport) -> None:
    blocks = stage.directory / "blocks"
    keep_blocks(blocks, job.blocks())
    over_grpc = f"{PROTOBUF.title}, read over gRPC"
    ours, theirs = [], []
    with ready_made(blocks) as (server, ready):
        for _ in range(_PASSES):
            ours.append(read_blocks_of(job.blocks(), stage.server))
            theirs.append(read_blocks_of(ready, server))
    report.put(over_grpc, SEGUE, _fastest(ours))
    report.put(over_grpc, READY, _fastest(theirs))

    def fetch(coding: str) -> Reading:
        key = stage.server.api_key
        return read_http(job.poll_uri, key, coding, stage.profiles, stage.server)

    over_http = f"{PROTOBUF.title}, read over HTTP"
    report.put(over_http, SEGUE, _fastest([fetch("identity") for _ in range(_PASSES)]))
    report.put(f"{over_http}, gzip", SEGUE, fetch("gzip"))


def _fastest(readings: list[Reading]) -> Reading:
    return max(readings, key=lambda reading: reading.rows_per_second)
