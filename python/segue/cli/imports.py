"""`segue import`."""

import sys
import time
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from segue.cli.failures import PARTLY_IMPORTED, CommandFailed
from segue.cli.progress import progress_bar
from segue.cli.session import Account, Session, connected
from segue.client.files.fault_file import write_faults
from segue.client.files.file_import import FileImport, FileImportOptions
from segue.client.staging import ImportProgress
from segue.v1.import_service_pb2 import ImportStatus

_FAULTS_SHOWN = 20


@connected
def import_file(
    session: Session,
    file: Annotated[Path, typer.Argument(help="A .csv, .tsv, .ndjson or .parquet file.")],
    account: Account,
    list_id: Annotated[
        str | None, typer.Option("--list", help="The list every profile joins.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id-column", help="The column that is the profile id.")
    ] = None,
    email_column: Annotated[
        str | None, typer.Option("--email-column", help="The column that is the e-mail address.")
    ] = None,
    phone_column: Annotated[
        str | None, typer.Option("--phone-column", help="The column that is the phone number.")
    ] = None,
    name_column: Annotated[
        str | None, typer.Option("--name-column", help="The column that is the whole name.")
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD, or COLUMN= to leave it out; may be repeated."),
    ] = None,
    create_fields: Annotated[
        bool,
        typer.Option(
            "--create-fields",
            help="Create fields for columns that fit nothing, with types from the first rows.",
        ),
    ] = False,
    exceptions_file: Annotated[
        Path | None,
        typer.Option(
            "--exceptions-file",
            help="Write refused rows there, with line, field and reason, in the file's format.",
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option("--delimiter", help="Between cells of a CSV file; found by itself."),
    ] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="Of a CSV file.")] = "utf-8",
) -> None:
    """Import a file of customers: good rows go in together, bad ones are reported with their lines.

    Columns named like an attribute (profile_id, email, phone, name, given_name, family_name, country, …, state, joined_at) or like a
    field of the list or the account map by themselves. Empty cells keep what is stored.
    """
    named = {
        column: target
        for column, target in (
            (id_column, "profile_id"),
            (email_column, "email"),
            (phone_column, "phone"),
            (name_column, "full_name"),
        )
        if column is not None
    }
    options = FileImportOptions(
        list_id=list_id,
        columns=named | dict(map(_column_and_field, mapped or ())),
        create_fields=create_fields,
        delimiter=delimiter,
        encoding=encoding,
    )
    _run(session, FileImport(session.account(account), file, options), exceptions_file)


def _run(session: Session, importing: FileImport, exceptions_file: Path | None) -> None:
    started = time.perf_counter()
    title, size = "importing", importing.source.size_bytes
    with progress_bar(title, size, quiet=session.output.as_json) as advance:

        def on_bytes(read_bytes: int, progress: ImportProgress) -> None:
            advance(read_bytes, f"{progress.record_count:,} rows")

        status = importing.run(on_bytes)
    seconds = time.perf_counter() - started
    session.output.record(_summary(importing, status, seconds))
    refused = status.invalid_count + importing.rejected_count
    if refused:
        _report_faults(session, importing, exceptions_file)
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


def _report_faults(session: Session, importing: FileImport, exceptions_file: Path | None) -> None:
    if exceptions_file:
        count = write_faults(importing.source, importing.faults(), exceptions_file)
        sys.stderr.write(f"{count} refused rows are in {exceptions_file}\n")
        return
    if session.output.as_json:
        return
    place = importing.source.place_word
    table = Table(box=None, pad_edge=False)
    for column in (place, "field", "reason", "problem"):
        table.add_column(column, overflow="fold")
    for fault in islice(importing.faults(), _FAULTS_SHOWN):
        words = (", ".join(fault.fields), ", ".join(fault.reasons), "; ".join(fault.messages))
        table.add_row(str(fault.place), *words)
    Console(stderr=True).print(table)
    sys.stderr.write(f"these are the first {_FAULTS_SHOWN} at most; --exceptions-file has all\n")


def _column_and_field(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals:
        raise CommandFailed(f"--map {text}: write COLUMN=FIELD, or COLUMN= to leave it out")
    return column, field
