"""`segue import`: what is done with imports that are open, by their tokens."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.failures import PARTLY_IMPORTED, interruptible
from segue.cli.output import as_record
from segue.cli.progress import row_bar
from segue.cli.session import Account, Session, connected, group
from segue.cli.tokens import TokenFile, token_argument, token_of
from segue.client import Import
from segue.v1.import_service_pb2 import ImportStatus

Token = Annotated[str | None, token_argument("import")]

import_app = group("Import files of customers, and follow, cancel or undo imports.")


@import_app.command("status")
@connected
def import_status(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """Show how far an import is."""
    _print(session, _named(session, token, token_file).status())


@import_app.command("wait")
@connected
def wait_for_import(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """Wait until an import has ended; exits with 1 when nothing was written, 3 when some rows were refused."""
    advice = "the import goes on; the same command waits again"
    status = _waited(session, _named(session, token, token_file), advice)
    _print(session, status)
    _exit_when_refused(status)


@import_app.command("exceptions")
@connected
def list_exceptions(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """List what is wrong with records, in order of part and record; as JSON, one object a line."""
    for problem in _named(session, token, token_file).stream_exceptions():
        record = as_record(problem)
        text = (
            f"part {problem.part_number} record {problem.record_number} {problem.profile_id}: "
            f"{problem.field_path} {str(record['reason']).upper()} {problem.message}"
        )
        session.output.line(text, record)


@import_app.command("rejected")
@connected
def write_rejected_records(
    session: Session,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            help="The file; where format or columns change, further ones beside it, as bad-2.csv.",
        ),
    ],
    token: Token = None,
    token_file: TokenFile = None,
    after_part: Annotated[
        int, typer.Option("--after-part", min=0, help="Only those of parts after this one.")
    ] = 0,
) -> None:
    """Write the records with problems as they were sent, each with its problems."""
    from segue.client.files.rejected_file import write_rejected  # noqa: PLC0415 — loads pyarrow

    blocks = _named(session, token, token_file).rejected_records(after_part)
    written = write_rejected(blocks, output)
    session.output.rows(
        ("file", "records"), [{"file": str(path), "records": count} for path, count in written]
    )


@import_app.command("cancel")
@connected
def cancel_import(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """Give an import up: nothing of it is written, what was staged is deleted."""
    _print(session, _named(session, token, token_file).cancel())


@import_app.command("undo")
@connected
def undo_import(session: Session, token: Token = None, token_file: TokenFile = None) -> None:
    """Take a completed import back, and wait until that is done; exits with 3 when profiles were changed since, which stay.

    The token shown is that of the undo, whose exceptions are those profiles.
    """
    undoing = _named(session, token, token_file).undo()
    status = _waited(session, undoing, "the undo goes on; the same command waits for it")
    _print(session, status, token=undoing.token)
    _exit_when_refused(status)


@import_app.command("list")
@connected
def list_imports(session: Session, account: Account) -> None:
    """List imports of an account, the newest first."""
    columns = ("name", "display_name", "state", "action", "received_count", "create_time")
    session.output.rows(columns, session.account(account).list_imports())


def _named(session: Session, token: str | None, token_file: Path | None) -> Import:
    return session.client.resume_import(token_of("import", token, token_file))


def _waited(session: Session, opened: Import, advice: str) -> ImportStatus:
    with interruptible(advice), row_bar("applying", quiet=session.output.as_json) as advance:
        return opened.wait(
            lambda status: advance(
                status.valid_count - status.pending_count, status.valid_count or None
            )
        )


def _print(session: Session, status: ImportStatus, **more: object) -> None:
    from segue.cli.import_report import print_status  # noqa: PLC0415 — loads pyarrow

    print_status(session.output, status, **more)


def _exit_when_refused(status: ImportStatus) -> None:
    if status.exception_count:
        raise typer.Exit(PARTLY_IMPORTED)
