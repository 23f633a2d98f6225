"""`segue segment`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from segue.cli.accounts import Yes, confirm
from segue.cli.failures import CommandFailed
from segue.cli.session import Account, Session, connected, group
from segue.client import SegmentDocument, segment_document
from segue.client.names import last_part

segment_app = group("Define segments by rules, and count their members.")

OnList = Annotated[
    str | None, typer.Option("--list", help="The list it stands on; without it, the account.")
]
Rules = Annotated[
    Path,
    typer.Option(
        "--rules",
        help='JSON file {"RuleGroups": [{"Rules": [{"RuleType", "Clause"}]}]}; - is standard input.',
    ),
]
Segment = Annotated[str, typer.Argument(help="Title, id or name of a segment.", metavar="SEGMENT")]


@segment_app.command("create")
@connected
def create_segment(
    session: Session,
    account: Account,
    rules: Rules,
    title: Annotated[
        str, typer.Option("--title", help="Its title; without it, the file's Title.")
    ] = "",
    list_id: OnList = None,
) -> None:
    """Create a segment from a file of rules."""
    document = read_rules(rules)
    segment = session.account(account).create_segment(
        title or document.title, document.rule_groups, list_id=list_id
    )
    session.output.record(segment)


@segment_app.command("get")
@connected
def get_segment(
    session: Session, segment: Segment, account: Account, list_id: OnList = None
) -> None:
    """Show a segment with its rules and its number of members."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    session.output.record(client.get_segment(found.name))


@segment_app.command("list")
@connected
def list_segments(session: Session, account: Account, list_id: OnList = None) -> None:
    """List segments by title."""
    columns = ("title", "list", "name")
    session.output.rows(columns, session.account(account).list_segments(list_id=list_id))


@segment_app.command("count")
@connected
def count_members(
    session: Session,
    account: Account,
    segment: Annotated[
        str | None, typer.Argument(help="Title, id or name of a segment.", metavar="SEGMENT")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Count whom these rules would select instead.")
    ] = None,
    list_id: OnList = None,
) -> None:
    """Count the members of a segment, or of rules that are not saved."""
    client = session.account(account)
    if (segment is None) == (rules is None):
        raise CommandFailed("give either a segment or --rules")
    if rules is not None:
        counted = client.count_draft(read_rules(rules).rule_groups, list_id=list_id)
    else:
        counted = client.count_members(client.find_segment(segment or "", list_id=list_id).name)
    session.output.value("member_count", counted)


@segment_app.command("delete")
@connected
def delete_segment(
    session: Session, segment: Segment, account: Account, list_id: OnList = None, yes: Yes = False
) -> None:
    """Delete a segment."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    confirm(f"Delete the segment {found.title}?", yes=yes)
    client.delete_segment(found.name)
    session.output.record({"deleted": last_part(found.name)})


def read_rules(path: Path) -> SegmentDocument:
    """Reads a file of rules; `-` is standard input.

    Raises:
        CommandFailed: It is not JSON.
        RulesMalformed: It is JSON of another shape.
    """
    text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    try:
        return segment_document(json.loads(text))
    except json.JSONDecodeError as error:
        raise CommandFailed(f"{path} is not JSON: {error}") from error
