"""`segue import`."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.failures import CommandFailed
from segue.cli.session import Account, Session, connected


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
    # Readers of files load much that no other command needs.
    from segue.cli.import_run import run_import  # noqa: PLC0415
    from segue.client.files.file_import import FileImport, FileImportOptions  # noqa: PLC0415

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
    run_import(session, FileImport(session.account(account), file, options), exceptions_file)


def _column_and_field(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals:
        raise CommandFailed(f"--map {text}: write COLUMN=FIELD, or COLUMN= to leave it out")
    return column, field
