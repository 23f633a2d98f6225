"""Passes over streams of profiles: who reads counts and drops, and keeps no more than a block."""

import http.client
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pyarrow import flight

from segue._kernel import crc32c
from segue.bench.comparison import Comparison
from segue.bench.measure import Span, span
from segue.bench.processes import ServingProcess
from segue.bench.ready_blocks import write_blocks
from segue.client import Block, Client, Export
from segue.v1.export_service_pb2 import InitiateExportResponse, RetrieveExportResponse

_PIECE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """What one pass over a stream took.

    Attributes:
        rows: Profiles in it.
        size_bytes: Bytes as they were sent.
        client: Time of this process.
        server_cpu_seconds: Processor time of the server.
    """

    rows: int
    size_bytes: int
    client: Span
    server_cpu_seconds: float

    @property
    def rows_per_second(self) -> float:
        """Returns the rate."""
        return self.rows / self.client.wall_seconds


@dataclass(frozen=True)
class Report:
    """The tables that readings go into."""

    rates: Comparison
    throughput: Comparison
    processor: Comparison

    @classmethod
    def of(cls, title: str, contenders: tuple[str, ...], own: int, note: str) -> "Report":
        """Returns empty tables."""
        rates = Comparison(
            title, "rows/s", higher_is_better=True, contenders=contenders, own=own, note=note
        )
        throughput = Comparison(
            f"{title}, data as sent", "MB/s", higher_is_better=True, contenders=contenders, own=own
        )
        processor = Comparison(
            f"{title}, processor time a million rows",
            "CPU s",
            higher_is_better=False,
            contenders=contenders,
            own=own,
        )
        return cls(rates, throughput, processor)

    @property
    def tables(self) -> list[Comparison]:
        """Returns the tables in order."""
        return [self.rates, self.throughput, self.processor]

    def put(self, case: str, contender: str, reading: Reading) -> None:
        """Keeps a reading."""
        millions = reading.rows / 1e6
        self.rates.put(case, contender, reading.rows_per_second)
        rate = reading.size_bytes / reading.client.wall_seconds / 1e6
        self.throughput.put(case, contender, rate)
        self.processor.put(f"{case}, server", contender, reading.server_cpu_seconds / millions)
        self.processor.put(f"{case}, client", contender, reading.client.cpu_seconds / millions)


def read_blocks_of(blocks: Iterable[Block], server: ServingProcess) -> Reading:
    """Reads a stream of blocks to its end."""
    rows = size_bytes = 0
    before = server.cpu_seconds
    with span() as measured:
        for block in blocks:
            rows += block.row_count
            size_bytes += len(block.data)
    return Reading(rows, size_bytes, measured, server.cpu_seconds - before)


def read_flight(client: flight.FlightClient, server: ServingProcess) -> Reading:
    """Reads a Flight to its end; its bytes are those of the batches in memory."""
    rows = size_bytes = 0
    before = server.cpu_seconds
    with span() as measured:
        for chunk in client.do_get(flight.Ticket(b"")):
            rows += chunk.data.num_rows
            size_bytes += chunk.data.nbytes
    return Reading(rows, size_bytes, measured, server.cpu_seconds - before)


def read_http(uri: str, api_key: str, coding: str, rows: int, server: ServingProcess) -> Reading:
    """Fetches a file of some rows; a coded one is not decoded.

    Raises:
        AssertionError: The server answered otherwise.
    """
    address = urlsplit(uri)
    connection = http.client.HTTPConnection(address.netloc)
    headers = {"Authorization": f"Bearer {api_key}", "Accept-Encoding": coding}
    piece, size_bytes, before = bytearray(_PIECE_BYTES), 0, server.cpu_seconds
    with span() as measured:
        connection.request("GET", address.path, headers=headers)
        response = connection.getresponse()
        answered = response.getheader("Content-Encoding", "identity")
        while read := response.readinto(piece):
            size_bytes += read
    connection.close()
    if (response.status, answered) != (http.HTTPStatus.OK, coding):
        raise AssertionError(f"{response.status} and {answered} were answered, not {coding}")
    return Reading(rows, size_bytes, measured, server.cpu_seconds - before)


def keep_blocks(path: Path, blocks: Iterable[Block]) -> None:
    """Writes blocks where a server of ready-made ones reads them."""
    write_blocks(
        path,
        (
            RetrieveExportResponse(
                data=block.data,
                offset=block.offset,
                next_offset=block.next_offset,
                crc32c=crc32c(block.data),
                row_count=block.row_count,
            ).SerializeToString()
            for block in blocks
        ),
    )


@contextmanager
def ready_made(path: Path) -> Iterator[tuple[ServingProcess, Export]]:
    """Serves kept blocks from memory, and deletes their file; the export reads them any number of times."""
    with ServingProcess(("-m", "segue.bench.ready_blocks", str(path))) as server:
        path.unlink()
        with Client(server.target) as client:
            yield server, Export(client.connection, "any", InitiateExportResponse())
