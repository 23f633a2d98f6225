"""`segue segment`: definitions and their revisions. What is asked of members is in `members`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from segue.cli.accounts import Yes, confirm
from segue.cli.failures import CommandFailed
from segue.cli.session import Account, Session, connected, group
from segue.client import SegmentDocument, segment_document
from segue.client.names import last_part

segment_app = group("Define segments by rules, count their members and follow them.")

OnList = Annotated[
    str | None, typer.Option("--list", help="The list it stands on; without it, the account.")
]
Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        help='JSON file {"RuleGroups": [{"Rules": [{"RuleType", "Clause"}]}]}; - is standard input.',
    ),
]
Filter = Annotated[
    str | None,
    typer.Option("--filter", help="Rules as a filter instead: email:@example.com AND plan = Pro"),
]
Condition = Annotated[
    Path | None,
    typer.Option("--condition", help="Rules as a JSON file of conditions instead; - is stdin."),
]
Segment = Annotated[str, typer.Argument(help="Title, id or name of a segment.", metavar="SEGMENT")]
Etag = Annotated[
    str, typer.Option("--etag", help="Only if nobody changed it since it had this etag.")
]


@segment_app.command("create")
@connected
def create_segment(
    session: Session,
    account: Account,
    rules: Rules = None,
    rule_filter: Filter = None,
    condition: Condition = None,
    title: Annotated[
        str, typer.Option("--title", help="Its title; without it, the file's Title.")
    ] = "",
    list_id: OnList = None,
) -> None:
    """Create a segment from rules: a file, a filter or a condition; without any, of everybody."""
    document = read_rules(rules) if rules else None
    segment = session.account(account).create_segment(
        title or (document.title if document else ""),
        list_id=list_id,
        **rule_forms(document, rule_filter, condition),
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
    columns = ("title", "list", "system", "name")
    session.output.rows(columns, session.account(account).list_segments(list_id=list_id))


@segment_app.command("update")
@connected
def update_segment(
    session: Session,
    segment: Segment,
    account: Account,
    title: Annotated[str | None, typer.Option("--title", help="Its new title.")] = None,
    rules: Rules = None,
    rule_filter: Filter = None,
    condition: Condition = None,
    etag: Etag = "",
    list_id: OnList = None,
) -> None:
    """Change a segment's title, replace its rules, or both."""
    client = session.account(account)
    forms = rule_forms(read_rules(rules) if rules else None, rule_filter, condition)
    if title is None and not forms:
        raise CommandFailed("give --title, --rules, --filter or --condition: what shall change?")
    found = client.find_segment(segment, list_id=list_id)
    session.output.record(client.update_segment(found.name, title=title, etag=etag, **forms))


@segment_app.command("add-group")
@connected
def add_rule_group(
    session: Session,
    segment: Segment,
    account: Account,
    rules: Annotated[
        Path, typer.Option("--rules", help="JSON file as for create, with one group; - is stdin.")
    ],
    etag: Etag = "",
    list_id: OnList = None,
) -> None:
    """Add a group of rules that members must satisfy besides those there are."""
    groups = read_rules(rules).rule_groups
    if len(groups) != 1:
        raise CommandFailed(f"{rules} has {len(groups)} groups; one is added at a time")
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    session.output.record(client.add_rule_group(found.name, groups[0], etag=etag))


@segment_app.command("clear")
@connected
def clear_rules(
    session: Session,
    segment: Segment,
    account: Account,
    etag: Etag = "",
    list_id: OnList = None,
    yes: Yes = False,
) -> None:
    """Remove all rules of a segment: every active member of its list is a member then."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    confirm(f"Remove all rules of the segment {found.title}?", yes=yes)
    session.output.record(client.clear_rules(found.name, etag=etag))


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


@segment_app.command("revisions")
@connected
def list_revisions(
    session: Session, segment: Segment, account: Account, list_id: OnList = None
) -> None:
    """List what a segment was, the newest revision first."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    columns = ("revision_number", "create_time", "author", "segment")
    session.output.rows(columns, client.list_segment_revisions(found.name))


@segment_app.command("compare")
@connected
def compare_revisions(
    session: Session,
    segment: Segment,
    account: Account,
    before: Annotated[int, typer.Argument(help="Number of a revision.", metavar="FROM")],
    after: Annotated[int, typer.Argument(help="Number of another.", metavar="TO")],
    list_id: OnList = None,
) -> None:
    """Compare two revisions: which rules, and how many members enter and leave."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    session.output.record(client.compare_segment_revisions(found.name, before, after))


def read_rules(path: Path) -> SegmentDocument:
    """Reads a file of rules; `-` is standard input.

    Raises:
        CommandFailed: It is not JSON.
        RulesMalformed: It is JSON of another shape.
    """
    try:
        return segment_document(json.loads(read_text(path)))
    except json.JSONDecodeError as error:
        raise CommandFailed(f"{path} is not JSON: {error}") from error


def read_text(path: Path) -> str:
    """Reads a file of text; `-` is standard input."""
    return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")


def rule_forms(
    document: SegmentDocument | None, rule_filter: str | None, condition: Path | None
) -> dict[str, Any]:
    """Returns the rules that were given as the client takes them.

    Raises:
        CommandFailed: They were given in several forms.
    """
    given = {
        "rule_groups": document.rule_groups if document else None,
        "rule_filter": rule_filter,
        "rule_json": read_text(condition) if condition else None,
    }
    forms = {name: value for name, value in given.items() if value is not None}
    if len(forms) > 1:
        raise CommandFailed("give rules in one form: --rules, --filter or --condition")
    return forms
