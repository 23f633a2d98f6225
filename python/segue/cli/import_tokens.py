"""Where commands have an import's token from: best not from the list of processes."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.failures import CommandFailed
from segue.cli.segments import read_text
from segue.cli.session import Session
from segue.client import Import

Token = Annotated[
    str | None,
    typer.Argument(
        envvar="SEGUE_IMPORT_TOKEN",
        help="The import's token; better in the environment or a file, where nobody sees it.",
        metavar="TOKEN",
        show_default=False,
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="The file that has the token; - is standard input."),
]


def named_import(session: Session, token: str | None, token_file: Path | None) -> Import:
    """Returns the import of a token; a file goes before an argument or the environment.

    Raises:
        CommandFailed: There is none.
    """
    found = read_text(token_file).strip() if token_file else token
    if not found:
        raise CommandFailed("give a token, --token-file or SEGUE_IMPORT_TOKEN")
    return session.client.resume_import(found)
