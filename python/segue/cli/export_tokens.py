"""Where commands have an export's token from: best not from the list of processes."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.failures import CommandFailed
from segue.cli.part_file import write_private
from segue.cli.segments import read_text

Token = Annotated[
    str | None,
    typer.Argument(
        envvar="SEGUE_EXPORT_TOKEN",
        help="The export's token; better in the environment or a file, where nobody sees it.",
        metavar="TOKEN",
        show_default=False,
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="The file that has the token; - is standard input."),
]


def token_of(token: str | None, token_file: Path | None) -> str:
    """Returns the token; a file goes before an argument or the environment.

    Raises:
        CommandFailed: There is none.
    """
    found = read_text(token_file).strip() if token_file else token
    if not found:
        raise CommandFailed("give a token, --token-file or SEGUE_EXPORT_TOKEN")
    return found


def write_token(path: Path, token: str) -> None:
    """Writes a token to a file that its owner alone can read."""
    write_private(path, f"{token}\n")
