"""`segue event`."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from rich.table import Table

from segue.cli.failures import PARTLY_IMPORTED, CommandFailed
from segue.cli.output import console
from segue.cli.session import Account, Session, connected, group
from segue.client import EventMalformed, RecordedEvents
from segue.client.events import event_of, with_times
from segue.v1.event_pb2 import Event
from segue.v1.event_type_pb2 import EventType, PropertyType

event_app = group("Record what happened to profiles.")

_PROBLEMS_SHOWN: Final = 20


@event_app.command("record")
@connected
def record_events(
    session: Session,
    file: Annotated[
        Path, typer.Argument(help="A file of JSON objects, one a line; - is standard input.")
    ],
    account: Account,
    refuse_unknown: Annotated[
        bool,
        typer.Option("--refuse-unknown-profiles", help="Refuse events of profiles not there yet."),
    ] = False,
) -> None:
    """Record events from a file; those recorded before are counted and left out, so it may be sent again.

    A line has event_id, profile_id, event_type, source_time and data: {"event_id": "o-1", "profile_id": "c-1", "event_type": "purchase",
    "source_time": "2026-01-31T12:00:00Z", "data": {"amount": 99.5}}.
    """
    client = session.account(account)
    times = {item.name.rpartition("/")[2]: _time_keys(item) for item in client.event_types.list()}
    with nullcontext(sys.stdin) if str(file) == "-" else file.open(encoding="utf-8-sig") as lines:
        recorded = client.record_events(
            _events(lines, times), refuse_unknown_profiles=refuse_unknown
        )
    _report(session, recorded)


def _time_keys(event_type: EventType) -> tuple[str, ...]:
    """Returns the properties that hold times, which JSON writes as text."""
    wanted = PropertyType.PROPERTY_TYPE_DATE_TIME
    return tuple(each.key for each in event_type.properties if each.type == wanted)


def _events(lines: TextIO, times: Mapping[str, tuple[str, ...]]) -> Iterator[Event]:
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise EventMalformed("not a JSON object")
            keys = times.get(str(record.get("event_type")), ())
            yield event_of(with_times(record, keys))
        except ValueError as error:
            raise CommandFailed(
                f"line {number}: {error}; correct it and send the file again, events that are recorded are left out"
            ) from error


def _report(session: Session, recorded: RecordedEvents) -> None:
    """Prints what became of the events.

    Raises:
        Exit: Some were refused.
    """
    summary = {name: value for name, value in vars(recorded).items() if name != "problems"}
    problems = [vars(problem) for problem in recorded.problems]
    session.output.record({**summary, "problems": problems} if session.output.as_json else summary)
    if not problems:
        return
    if not session.output.as_json:
        table = Table(box=None, pad_edge=False)
        for column in ("line", "event", "field", "reason", "problem"):
            table.add_column(column, overflow="fold")
        for problem in recorded.problems[:_PROBLEMS_SHOWN]:
            words = (problem.event_id, problem.field_path, problem.reason, problem.message)
            table.add_row(str(problem.position), *words)
        console(sys.stderr).print(table)
    raise typer.Exit(PARTLY_IMPORTED)
