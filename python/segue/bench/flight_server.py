"""An Arrow Flight server that sends record batches from memory.

Run as `python -m segue.bench.flight_server FILE [CODEC]` with an Arrow IPC stream; prints where it listens.
"""

import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import flight


class BatchServer(flight.FlightServerBase):  # type: ignore[misc] # pyarrow.flight has no types
    """Answers every ticket with the same record batches."""

    def __init__(self, path: Path, codec: str | None = None) -> None:
        """Reads the stream and takes a free port of this machine; buffers are compressed by the codec as they are sent."""
        super().__init__("grpc://127.0.0.1:0")
        with pa.ipc.open_stream(path.read_bytes()) as reader:
            self._table = reader.read_all()
        self._options = pa.ipc.IpcWriteOptions(compression=codec)

    def do_get(
        self, _context: flight.ServerCallContext, _ticket: flight.Ticket
    ) -> flight.FlightDataStream:
        """Streams the batches."""
        return flight.RecordBatchStream(self._table, options=self._options)


if __name__ == "__main__":
    server = BatchServer(Path(sys.argv[1]), *sys.argv[2:3])
    print(f"127.0.0.1:{server.port}", flush=True)  # noqa: T201 — the line its starter waits for
    server.serve()
