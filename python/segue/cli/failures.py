"""What a failed command prints, and the number it exits with."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.table import Table

from segue.cli.output import console
from segue.client import (
    ClientError,
    CombinationMalformed,
    EventMalformed,
    RulesInvalid,
    RulesMalformed,
    Unavailable,
)
from segue.client.files.problems import FileInvalid, MappingInvalid

FAILED: Final = 1
PARTLY_IMPORTED: Final = 3
UNAVAILABLE: Final = 4
INTERRUPTED: Final = 130

EXIT_CODES: Final = (
    "Exits with 0 when all went well, 1 when the server or the input refused, 2 for a wrong command line, 3 when some rows of an "
    "import or events were refused and the others are in, 4 when no server could be reached, 130 when interrupted."
)


class CommandFailed(Exception):
    """A command cannot go on; the message says why, and what to do."""


FAILURES: Final = (
    ClientError,
    CombinationMalformed,
    CommandFailed,
    EventMalformed,
    FileInvalid,
    MappingInvalid,
    RulesMalformed,
    OSError,
)
"""Everything a command may fail with that is not a fault of ours."""


def report(failure: Exception, *, as_json: bool) -> int:
    """Prints a failure to standard error and returns the code to exit with."""
    if as_json:
        sys.stderr.write(json.dumps({"error": _record(failure)}, ensure_ascii=False) + "\n")
    else:
        _print(failure)
    return UNAVAILABLE if isinstance(failure, Unavailable) else FAILED


@contextmanager
def interruptible(advice: str) -> Iterator[None]:
    """Ends the command with a piece of advice when the user interrupts it."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"interrupted; {advice}\n")
        raise typer.Exit(INTERRUPTED) from None


def _print(failure: Exception) -> None:
    name = f" ({failure.reason})" if isinstance(failure, ClientError) and failure.reason else ""
    typer.secho(f"error{name}: {failure}", fg="red", err=True)
    if not isinstance(failure, ClientError):
        return
    if isinstance(failure, RulesInvalid):
        _print_rules(failure)
    else:
        for violation in failure.violations:
            typer.echo(f"  {violation.field}: {violation.description}", err=True)
    if failure.remedy:
        typer.echo(f"  {failure.remedy}", err=True)
    if failure.reason == "INTERNAL" and failure.request_id:
        typer.echo(f"  request id: {failure.request_id}", err=True)


def _print_rules(failure: RulesInvalid) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("group", "rule", "rule type", "clause", "code", "problem"):
        table.add_column(column, overflow="fold")
    for rule in failure.rule_results:
        # The clause's own code is the finer one; a rule whose type is unknown has only its own.
        code, message = (
            (rule.clause_code, rule.clause_message)
            if rule.clause_code and rule.rule_code in {0, 2703}
            else (rule.rule_code, rule.rule_message)
        )
        place = (str(rule.group_index), str(rule.rule_index))
        table.add_row(*place, rule.rule_type, rule.clause, str(code), message)
    console(sys.stderr).print(table)


def _record(failure: Exception) -> dict[str, object]:
    if not isinstance(failure, ClientError):
        return {"message": str(failure)}
    return {
        "message": failure.message,
        "reason": failure.reason,
        "code": failure.code,
        "metadata": failure.metadata,
        "violations": [vars(violation) for violation in failure.violations],
        "rule_results": [vars(rule) for rule in failure.rule_results],
        "remedy": failure.remedy,
        "request_id": failure.request_id,
    }
