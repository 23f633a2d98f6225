"""`segue export`: jobs that write files, and what is done with tokens. Streams are in `export_streams`."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from segue.cli.export_choice import ExportChoice, choosing, planned
from segue.cli.export_files import Destination, Fetch, parts_of
from segue.cli.export_report import rate_record, started_record, status_record
from segue.cli.export_since import explained, since_last
from segue.cli.export_streams import SinceLastOption, StateFile, export_app
from segue.cli.export_words import file_suffix
from segue.cli.failures import CommandFailed, interruptible
from segue.cli.progress import progress_bar, row_bar
from segue.cli.session import Account, Session, connected
from segue.cli.tokens import TokenFile, token_argument, token_of, write_token
from segue.client import Export, FileExport
from segue.client.calls.exports import is_made
from segue.v1.export_pb2 import ExportStatus

__all__ = ["export_app"]

Token = Annotated[str | None, token_argument("export")]

_ANY_TIME = "the export goes on; `segue export wait` and `fetch` take its token"
_SAME_AGAIN = "the same command goes on where it stopped"


@export_app.command("start")
@connected
@choosing
def start_export(
    session: Session,
    choice: ExportChoice,
    max_file_rows: Annotated[
        int | None, typer.Option("--max-file-rows", min=1, help="A file ends after so many rows.")
    ] = None,
    max_file_bytes: Annotated[
        int | None, typer.Option("--max-file-bytes", min=1, help="A file ends at so many bytes.")
    ] = None,
    notify_email: Annotated[
        str | None, typer.Option("--notify-email", help="Write to this address when it is made.")
    ] = None,
    notify_webhook: Annotated[
        str | None, typer.Option("--notify-webhook", help="Call this https address instead.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="Write the token there, and do not show it."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is made.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="With --wait, fetch it: the file, or a directory."),
    ] = None,
    since: SinceLastOption = False,
    state_file: StateFile = None,
) -> None:
    """Start a job that writes an export to files, to be fetched with its token."""
    if (output or since) and not (wait and output):
        raise CommandFailed("--output needs --wait, and --since-last needs both")
    if notify_email and notify_webhook:
        raise CommandFailed("give --notify-email or --notify-webhook, not both")
    plan = planned(session, choice)
    last = since_last(plan, session.target, output, state_file) if since and output else None
    if last:
        plan = last.applied(plan)
    with explained(last):
        export = session.account(choice.account).start_export(
            choice.output_format.block_format,
            max_file_rows=max_file_rows,
            max_file_bytes=max_file_bytes,
            notify_email=notify_email,
            notify_webhook=notify_webhook,
            **plan.selection(),
        )
    if token_file:
        write_token(token_file, export.token)
    record = started_record(export, None if token_file else export.token)
    if not wait or not session.output.as_json:
        session.output.record(record)
    if not wait:
        return
    status = _waited(session, export)
    finished = status_record(status)
    if output:
        finished |= _fetched(session, export, status, output, None)
    session.output.record(record | finished if session.output.as_json else finished)
    if last:
        last.note(export, export.sync_token)


@export_app.command("status")
@connected
def export_status(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """Show an export's state, size and progress."""
    found = session.client.resume_export(token_of("export", token, token_file))
    session.output.record(status_record(found.status()))


@export_app.command("wait")
@connected
def wait_for_export(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """Wait until an export is made; exits with 1 when it cannot be made."""
    export = session.client.resume_export(token_of("export", token, token_file))
    session.output.record(status_record(_waited(session, export)))


@export_app.command("fetch")
@connected
def fetch_export(
    session: Session,
    output: Annotated[
        Path, typer.Option("--output", help="The file, or a directory for all of several.")
    ],
    token: Token = None,
    token_file: TokenFile = None,
    file: Annotated[
        int | None, typer.Option("--file", min=0, help="Only this file or stream, from 0.")
    ] = None,
) -> None:
    """Fetch an export that is made, and check each file's SHA-256.

    Bytes go to F.part until all are there. When the command is interrupted, the same command goes on where it stopped; files that are
    there already are checked and left alone.
    """
    export = session.client.resume_export(token_of("export", token, token_file))
    status = export.status()
    if not is_made(status):
        raise CommandFailed("the export is not made yet; `segue export wait` waits for it")
    session.output.record(_fetched(session, export, status, output, file))


@export_app.command("list")
@connected
def list_exports(session: Session, account: Account) -> None:
    """List exports of an account, the newest first; ended ones stay for a week."""
    columns = ("name", "state", "delivery", "format", "row_count", "byte_count", "create_time")
    found = [status_record(status) for status in session.account(account).exports()]
    session.output.rows(columns, found)


@export_app.command("cancel")
@connected
def cancel_export(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """Give an export up: its job stops, its files are deleted, its token ends."""
    export = session.client.resume_export(token_of("export", token, token_file))
    session.output.record(status_record(export.cancel()))


@export_app.command("commit")
@connected
def commit_export(
    session: Session,
    token: Token = None,
    token_file: TokenFile = None,
    keep_files: Annotated[
        bool, typer.Option("--keep-files", help="Leave the files where HTTP has them.")
    ] = False,
) -> None:
    """Say that an export was taken over: its token ends and its files are deleted."""
    export = session.client.resume_export(token_of("export", token, token_file))
    session.output.record(status_record(export.commit(keep_files=keep_files)))


def _waited(session: Session, export: Export | FileExport) -> ExportStatus:
    if isinstance(export, Export):
        status = export.status()
        is_made(status)
        return status
    with (
        interruptible(_ANY_TIME),
        row_bar("writing", quiet=session.output.as_json) as advance,
    ):
        return export.wait(
            lambda status: advance(status.written_row_count, status.row_count or None)
        )


def _fetched(
    session: Session,
    export: Export | FileExport,
    status: ExportStatus,
    output: Path,
    only: int | None,
) -> dict[str, Any]:
    parts = parts_of(export, only)
    suffix = file_suffix(status.format, status.compression)
    destination = Destination(output, len(parts), suffix)
    memory = destination.memory({"name": export.name, "file": only})
    resumed = memory.recall() is not None
    destination.prepare(parts, resumed=resumed)
    memory.keep()
    total = sum(part.size_bytes or 0 for part in parts) or None
    started = time.perf_counter()
    with (
        interruptible(_SAME_AGAIN),
        progress_bar("fetching", total, quiet=session.output.as_json) as advance,
    ):
        workers = len(parts) if isinstance(export, Export) else 1
        fetch = Fetch(destination, advance, resumed=resumed)
        brought = fetch.run(parts, workers, session.client.close)
    memory.forget()
    seconds = time.perf_counter() - started
    known = [part.row_count for part in parts if part.row_count is not None]
    rows = sum(known) if known else brought.row_count
    return {**rate_record(rows, brought, seconds), "file_count": len(parts)}
