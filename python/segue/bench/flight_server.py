"""An Arrow Flight server that sends record batches from memory.

Run as `python -m segue.bench.flight_server FILE` with an Arrow IPC stream; prints where it listens.
"""

import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import flight


class BatchServer(flight.FlightServerBase):  # type: ignore[misc] # pyarrow.flight has no types
    """Answers every ticket with the same record batches."""

    def __init__(self, path: Path) -> None:
        """Reads the stream and takes a free port of this machine."""
        super().__init__("grpc://127.0.0.1:0")
        with pa.ipc.open_stream(path.read_bytes()) as reader:
            self._table = reader.read_all()

    def do_get(
        self, _context: flight.ServerCallContext, _ticket: flight.Ticket
    ) -> flight.FlightDataStream:
        """Streams the batches."""
        return flight.RecordBatchStream(self._table)


if __name__ == "__main__":
    server = BatchServer(Path(sys.argv[1]))
    print(f"127.0.0.1:{server.port}", flush=True)  # noqa: T201 — the line its starter waits for
    server.serve()
