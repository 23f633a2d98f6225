"""Where commands have the token of an export or an import from: best not from the list of processes."""

from pathlib import Path
from typing import Annotated

import typer
from typer.models import ArgumentInfo

from segue.cli.failures import CommandFailed
from segue.cli.part_file import write_private
from segue.cli.segments import read_text

TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="The file that has the token; - is standard input."),
]


def token_argument(job: str) -> ArgumentInfo:
    """Returns the argument that is a token of an `export` or an `import`."""
    found: ArgumentInfo = typer.Argument(
        envvar=_variable(job),
        help=f"The {job}'s token; better in the environment or a file, where nobody sees it.",
        metavar="TOKEN",
        show_default=False,
    )
    return found


def token_of(job: str, token: str | None, token_file: Path | None) -> str:
    """Returns the token; a file goes before an argument or the environment.

    Raises:
        CommandFailed: There is none.
    """
    found = read_text(token_file).strip() if token_file else token
    if not found:
        raise CommandFailed(f"give a token, --token-file or {_variable(job)}")
    return found


def write_token(path: Path, token: str) -> None:
    """Writes a token to a file that its owner alone can read."""
    write_private(path, f"{token}\n")


def _variable(job: str) -> str:
    return f"SEGUE_{job.upper()}_TOKEN"
