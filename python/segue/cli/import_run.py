"""Runs the import of a file and reports on it."""

import sys
import time
from itertools import islice
from pathlib import Path
from typing import Final

import typer
from rich.table import Table

from segue.cli.failures import PARTLY_IMPORTED
from segue.cli.output import console
from segue.cli.progress import progress_bar
from segue.cli.session import Session
from segue.client.files.fault_file import write_faults
from segue.client.files.file_import import FileImport
from segue.client.staging import ImportProgress
from segue.v1.import_service_pb2 import ImportStatus

_FAULTS_SHOWN: Final = 20


def run_import(session: Session, importing: FileImport, exceptions_file: Path | None) -> None:
    """Sends a file, prints how it went and where bad rows stand.

    Raises:
        Exit: Some rows were refused.
        ClientError: The server refused the import as a whole.
    """
    started = time.perf_counter()
    title, size = "importing", importing.source.size_bytes
    with progress_bar(title, size, quiet=session.output.as_json) as advance:

        def on_bytes(read_bytes: int, progress: ImportProgress) -> None:
            advance(read_bytes, f"{progress.record_count:,} rows")

        status = importing.run(on_bytes)
    seconds = time.perf_counter() - started
    session.output.record(_summary(importing, status, seconds))
    if exceptions_file:
        count = write_faults(importing.source, importing.faults(), exceptions_file)
        sys.stderr.write(f"{count} refused rows are in {exceptions_file}\n")
    if status.invalid_count + importing.rejected_count:
        if not exceptions_file and not session.output.as_json:
            _show_faults(importing)
        raise typer.Exit(PARTLY_IMPORTED)


def _summary(importing: FileImport, status: ImportStatus, seconds: float) -> dict[str, object]:
    rows = status.received_count + importing.rejected_count
    return {
        "rows": rows,
        "imported": status.processed_count,
        "created": status.created_count,
        "refused": status.invalid_count + importing.rejected_count,
        "revision": status.revision,
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds),
        "fields_created": [new.key for new in importing.mapping.new_fields],
    }


def _show_faults(importing: FileImport) -> None:
    place = importing.source.place_word
    table = Table(box=None, pad_edge=False)
    for column in (place, "field", "reason", "problem"):
        table.add_column(column, overflow="fold")
    for fault in islice(importing.faults(), _FAULTS_SHOWN):
        words = (", ".join(fault.fields), ", ".join(fault.reasons), "; ".join(fault.messages))
        table.add_row(str(fault.place), *words)
    console(sys.stderr).print(table)
    sys.stderr.write(f"these are the first {_FAULTS_SHOWN} at most; --exceptions-file has all\n")
