"""`segue import`: what sends files. What is done with tokens is in `import_jobs`."""

from typing import Annotated

import typer

from segue.cli.import_choice import ImportChoice, choosing
from segue.cli.import_jobs import import_app
from segue.cli.session import Session, connected

__all__ = ["import_app"]


@import_app.command("run")
@connected
@choosing
def run_files(
    session: Session,
    choice: ImportChoice,
    files: Annotated[
        list[str],
        typer.Argument(
            help="Files, globs, s3://, gs://, az:// or https:// URLs, or - for standard input; .gz and .zst too.",
            metavar="FILES...",
        ),
    ],
) -> None:
    """Import files of customers: good rows go in together, bad ones are reported with their lines.

    CSV, NDJSON, Parquet, Arrow and ProfileBatch. Columns named like an attribute (profile_id, email, phone, name, given_name, family_name,
    country, …, state, joined_at) or like a field of the list or the account map by themselves. Empty cells keep what is stored. Files whose
    columns all have the server's names are sent as they are.
    """
    # Readers of files load much that no other command needs.
    from segue.cli.import_run import run_import  # noqa: PLC0415
    from segue.client.files.places import find_inputs  # noqa: PLC0415

    run_import(session, choice, find_inputs(files))
