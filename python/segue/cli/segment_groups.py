"""`segue segment-group`: segments combined by AND, OR and EXCEPT."""

from typing import Annotated

import typer

from segue.cli.accounts import Name, Yes, confirm
from segue.cli.failures import CommandFailed
from segue.cli.segments import Etag
from segue.cli.session import Account, Session, connected, group
from segue.client.names import last_part

segment_group_app = group("Combine segments to groups, which exports name.")

GroupId = Annotated[str, typer.Argument(help="The group's id, as `reachable`.", metavar="GROUP")]
Expression = Annotated[
    str,
    typer.Argument(
        help='Segments by title or id and groups as group:ID, as "openers AND (vip EXCEPT bounced)".',
        metavar="COMBINATION",
    ),
]
TitlesOn = Annotated[
    str | None,
    typer.Option("--list", help="The list whose segments titles mean; without it, any."),
]


@segment_group_app.command("create")
@connected
def create_segment_group(
    session: Session,
    group_id: GroupId,
    expression: Expression,
    account: Account,
    name: Name = "",
    list_id: TitlesOn = None,
) -> None:
    """Create a group of segments and other groups."""
    client = session.account(account)
    combination = client.find_combination(expression, list_id=list_id)
    session.output.record(client.create_segment_group(group_id, combination, display_name=name))


@segment_group_app.command("get")
@connected
def get_segment_group(session: Session, group_id: GroupId, account: Account) -> None:
    """Show a group with its combination and its number of members."""
    session.output.record(session.account(account).get_segment_group(group_id))


@segment_group_app.command("list")
@connected
def list_segment_groups(session: Session, account: Account) -> None:
    """List groups by id."""
    columns = ("name", "display_name", "update_time")
    session.output.rows(columns, session.account(account).list_segment_groups())


@segment_group_app.command("update")
@connected
def update_segment_group(
    session: Session,
    group_id: GroupId,
    account: Account,
    expression: Annotated[
        str | None, typer.Option("--combination", help="Its new combination, as for create.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Its new name for people.")] = None,
    etag: Etag = "",
    list_id: TitlesOn = None,
) -> None:
    """Change a group's name, its combination, or both."""
    if expression is None and name is None:
        raise CommandFailed("give --combination or --name: what shall change?")
    client = session.account(account)
    combination = (
        None if expression is None else client.find_combination(expression, list_id=list_id)
    )
    changed = client.update_segment_group(
        group_id, display_name=name, combination=combination, etag=etag
    )
    session.output.record(changed)


@segment_group_app.command("delete")
@connected
def delete_segment_group(
    session: Session, group_id: GroupId, account: Account, yes: Yes = False
) -> None:
    """Delete a group; its segments stay."""
    confirm(f"Delete the segment group {group_id}?", yes=yes)
    session.account(account).delete_segment_group(group_id)
    session.output.record({"deleted": last_part(group_id)})
