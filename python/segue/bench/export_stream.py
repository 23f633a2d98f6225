"""Streaming profiles out: exports over gRPC beside ready-made blocks over grpc.aio, and Arrow Flight."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
from pyarrow import flight

from segue._kernel import crc32c
from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.measure import Span, span
from segue.bench.processes import SegueServer, ServingProcess
from segue.bench.ready_blocks import write_blocks
from segue.bench.workload import arrow_blocks, prepare_account
from segue.client import AccountClient, Client, Export
from segue.v1.block_pb2 import BlockFormat
from segue.v1.export_service_pb2 import InitiateExportResponse, RetrieveExportResponse

LIVE: Final = "live"
AGAIN: Final = "again"
READY: Final = "ready-made"
FLIGHT: Final = "flight"

FORMATS: Final = {
    "protobuf": BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
    "ndjson": BlockFormat.BLOCK_FORMAT_NDJSON,
    "arrow": BlockFormat.BLOCK_FORMAT_ARROW_IPC,
}


@dataclass(frozen=True)
class Reading:
    """What one pass over a stream took."""

    rows: int
    size_bytes: int
    client: Span
    server_cpu_seconds: float


@dataclass(frozen=True)
class Report:
    """The tables that readings go into."""

    rates: Comparison
    throughput: Comparison
    processor: Comparison

    def put(self, case: str, contender: str, reading: Reading) -> None:
        """Keeps a reading."""
        millions = reading.rows / 1e6
        seconds = reading.client.wall_seconds
        self.rates.put(case, contender, reading.rows / seconds)
        self.throughput.put(case, contender, reading.size_bytes / seconds / 1e6)
        self.processor.put(f"{case}, server", contender, reading.server_cpu_seconds / millions)
        self.processor.put(f"{case}, client", contender, reading.client.cpu_seconds / millions)


def compare_export(profiles: int) -> list[Comparison]:
    """Exports all profiles in each format, twice, and the same blocks from servers that have nothing to encode."""
    connection = connect()
    make_audience(connection, profiles)
    rows = arrow_table(connection)
    contenders = (LIVE, AGAIN, READY, FLIGHT)
    title = f"export of {profiles:,} profiles"
    report = Report(
        Comparison(
            title,
            "rows/s",
            higher_is_better=True,
            contenders=contenders,
            own=2,
            note="Live and again: Segue, encoding as it streams. Ready-made: the same blocks from memory over grpc.aio. Flight: Arrow Flight.",
        ),
        Comparison(f"{title}, data", "MB/s", higher_is_better=True, contenders=contenders, own=2),
        Comparison(
            f"{title}, processor time a million rows",
            "CPU s",
            higher_is_better=False,
            contenders=contenders,
            own=2,
        ),
    )
    with TemporaryDirectory() as directory:
        with (
            SegueServer(Path(directory) / "data") as server,
            Client(server.target, api_key=server.api_key) as client,
        ):
            account = prepare_account(client, "export")
            account.import_blocks(arrow_blocks(rows), FORMATS["arrow"], list_id=LIST_ID)
            kept = {name: _read_twice(account, server, report, name) for name in FORMATS}
        for name, responses in kept.items():
            _read_ready_made(Path(directory) / name, responses, report, name)
        arrow = b"".join(response.data for response in kept["arrow"])
        _read_flight(Path(directory) / "flight.arrow", arrow, report)
    return [report.rates, report.throughput, report.processor]


def _read_twice(
    account: AccountClient, server: SegueServer, report: Report, name: str
) -> Sequence[RetrieveExportResponse]:
    export = account.export(FORMATS[name])
    for contender in (LIVE, AGAIN):
        report.put(name, contender, _read(export, server))
    return [
        RetrieveExportResponse(
            data=block.data,
            offset=block.offset,
            next_offset=block.next_offset,
            crc32c=crc32c(block.data),
            row_count=block.row_count,
        )
        for block in export
    ]


def _read(export: Export, server: ServingProcess) -> Reading:
    rows = size_bytes = 0
    before = server.cpu_seconds
    with span() as measured:
        for block in export:
            rows += block.row_count
            size_bytes += len(block.data)
    return Reading(rows, size_bytes, measured, server.cpu_seconds - before)


def _read_ready_made(
    path: Path, responses: Sequence[RetrieveExportResponse], report: Report, name: str
) -> None:
    write_blocks(path, responses)
    with (
        ServingProcess(("-m", "segue.bench.ready_blocks", str(path))) as server,
        Client(server.target) as client,
    ):
        export = Export(client.connection, "any", InitiateExportResponse())
        _read(export, server)
        report.put(name, READY, _read(export, server))


def _read_flight(path: Path, stream: bytes, report: Report) -> None:
    path.write_bytes(stream)
    with (
        ServingProcess(("-m", "segue.bench.flight_server", str(path))) as server,
        flight.connect(f"grpc://{server.target}") as client,
    ):
        _read_flight_once(client, server)
        report.put("arrow", FLIGHT, _read_flight_once(client, server))


def _read_flight_once(client: flight.FlightClient, server: ServingProcess) -> Reading:
    rows = size_bytes = 0
    before = server.cpu_seconds
    with span() as measured:
        for chunk in client.do_get(flight.Ticket(b"")):
            batch: pa.RecordBatch = chunk.data
            rows += batch.num_rows
            size_bytes += batch.nbytes
    return Reading(rows, size_bytes, measured, server.cpu_seconds - before)
