"""`segue segment-group`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from segue.cli.accounts import Yes, confirm
from segue.cli.failures import CommandFailed
from segue.cli.segments import read_text
from segue.cli.session import Account, Session, connected, group

segment_group_app = group("Combine segments to groups by AND, OR and EXCEPT; exports name them.")

GroupId = Annotated[str, typer.Argument(help="The group's id or name.", metavar="GROUP")]
Operands = Annotated[
    list[str] | None,
    typer.Option("--segment", help="Title, id or name of a segment; may be repeated, in order."),
]
Operator = Annotated[
    str, typer.Option("--operator", help="How the segments are combined: and, or, except.")
]
Combination = Annotated[
    Path | None,
    typer.Option(
        "--combination",
        help='Instead, a JSON file {"operator", "operands"} with segments by id, groups and nesting; - is stdin.',
    ),
]
Name = Annotated[str | None, typer.Option("--name", help="A name for people.")]
OnList = Annotated[
    str | None,
    typer.Option("--list", help="The list of the segments, where titles are not enough."),
]


@segment_group_app.command("create")
@connected
def create_group(
    session: Session,
    group_id: GroupId,
    account: Account,
    segments: Operands = None,
    operator: Operator = "or",
    combination: Combination = None,
    name: Name = None,
    list_id: OnList = None,
) -> None:
    """Create a group."""
    document = _document(session, account, segments, operator, combination, list_id)
    if document is None:
        raise CommandFailed("give --segment, or --combination: what belongs to the group?")
    client = session.account(account)
    session.output.record(client.create_segment_group(group_id, document, display_name=name or ""))


@segment_group_app.command("get")
@connected
def get_group(session: Session, group_id: GroupId, account: Account) -> None:
    """Show a group with its number of members."""
    session.output.record(session.account(account).get_segment_group(group_id))


@segment_group_app.command("list")
@connected
def list_groups(session: Session, account: Account) -> None:
    """List groups by id."""
    columns = ("name", "display_name", "create_time")
    session.output.rows(columns, session.account(account).list_segment_groups())


@segment_group_app.command("update")
@connected
def update_group(
    session: Session,
    group_id: GroupId,
    account: Account,
    segments: Operands = None,
    operator: Operator = "or",
    combination: Combination = None,
    name: Name = None,
    etag: Annotated[
        str, typer.Option("--etag", help="Only if nobody changed it since it had this etag.")
    ] = "",
    list_id: OnList = None,
) -> None:
    """Change a group's name, its combination, or both."""
    document = _document(session, account, segments, operator, combination, list_id)
    if document is None and name is None:
        raise CommandFailed("give --name, --segment or --combination: what shall change?")
    client = session.account(account)
    session.output.record(
        client.update_segment_group(group_id, combination=document, display_name=name, etag=etag)
    )


@segment_group_app.command("delete")
@connected
def delete_group(session: Session, group_id: GroupId, account: Account, yes: Yes = False) -> None:
    """Delete a group; its segments stay."""
    confirm(f"Delete the segment group {group_id}?", yes=yes)
    session.account(account).delete_segment_group(group_id)
    session.output.record({"deleted": group_id})


def _document(
    session: Session,
    account: str,
    segments: list[str] | None,
    operator: str,
    combination: Path | None,
    list_id: str | None,
) -> dict[str, Any] | None:
    """Returns the combination that was given, as a document.

    Raises:
        CommandFailed: It was given twice, or is not JSON.
    """
    if combination and segments:
        raise CommandFailed("give --segment or --combination, not both")
    if combination:
        try:
            document: dict[str, Any] = json.loads(read_text(combination))
        except json.JSONDecodeError as error:
            raise CommandFailed(f"{combination} is not JSON: {error}") from error
        return document
    if not segments:
        return None
    client = session.account(account)
    names = [client.find_segment(segment, list_id=list_id).name for segment in segments]
    return {"operator": operator, "operands": [{"segment": name} for name in names]}
