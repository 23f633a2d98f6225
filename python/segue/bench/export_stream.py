"""Streaming profiles out: exports over gRPC beside ready-made blocks over grpc.aio, and Arrow Flight."""

from pathlib import Path
from typing import Final

from pyarrow import flight

from segue.bench.comparison import Comparison
from segue.bench.export_cases import ARROW, ARROW_ZSTD, COMPRESSED, PLAIN, ExportCase
from segue.bench.export_readings import (
    Report,
    keep_blocks,
    read_blocks_of,
    read_flight,
    ready_made,
)
from segue.bench.export_stage import Stage
from segue.bench.processes import ServingProcess
from segue.bench.ready_blocks import read_blocks
from segue.v1.block_pb2 import Compression
from segue.v1.export_service_pb2 import RetrieveExportResponse

LIVE: Final = "live"
AGAIN: Final = "again"
READY: Final = "ready-made"
FLIGHT: Final = "flight"

_NOTE: Final = (
    "Live and again: Segue, encoding as it streams; what is compressed is read once. Ready-made: the same blocks from memory over grpc.aio. "
    "Flight: Arrow Flight, from memory; with zstd it compresses as it streams, and its data is that of the batches."
)


def compare_streams(stage: Stage) -> list[Comparison]:
    """Exports all profiles in each format and compression, and the same blocks from servers that have nothing to encode."""
    title = f"export of {stage.profiles:,} profiles"
    report = Report.of(title, (LIVE, AGAIN, READY, FLIGHT), 2, _NOTE)
    sizes = Comparison(
        f"{title}, size", "bytes a row", higher_is_better=False, contenders=("bytes",)
    )
    for case in (*PLAIN, *COMPRESSED):
        sizes.put(case.title, "bytes", _compare(stage, report, case) / stage.profiles)
    return [*report.tables, sizes]


def _compare(stage: Stage, report: Report, case: ExportCase) -> int:
    """Returns the export's bytes."""
    is_plain = case.compression == Compression.COMPRESSION_UNSPECIFIED
    export = stage.account.export(case.block_format, **case.options)
    for contender in (LIVE, AGAIN) if is_plain else (LIVE,):
        reading = read_blocks_of(export, stage.server)
        if reading.rows != stage.profiles:
            raise AssertionError(f"{case.title} has {reading.rows} of {stage.profiles} rows")
        report.put(case.title, contender, reading)
    blocks = stage.directory / "blocks"
    keep_blocks(blocks, export)
    export.cancel()
    if case is ARROW:
        stream = _joined(blocks, stage.directory / "stream.arrow")
        _read_flights(stream, report)
    with ready_made(blocks) as (server, ready):
        read_blocks_of(ready, server)
        report.put(case.title, READY, read_blocks_of(ready, server))
    return reading.size_bytes


def _joined(blocks: Path, path: Path) -> Path:
    """Writes the bytes of kept blocks as one stream."""
    with path.open("wb") as file:
        for message in read_blocks(blocks):
            file.write(RetrieveExportResponse.FromString(message).data)
    return path


def _read_flights(stream: Path, report: Report) -> None:
    for case, codec in ((ARROW, ()), (ARROW_ZSTD, ("zstd",))):
        with (
            ServingProcess(("-m", "segue.bench.flight_server", str(stream), *codec)) as server,
            flight.connect(f"grpc://{server.target}") as client,
        ):
            read_flight(client, server)
            report.put(case.title, FLIGHT, read_flight(client, server))
    stream.unlink()
