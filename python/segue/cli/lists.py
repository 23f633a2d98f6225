"""`segue list` and `segue field`."""

from typing import Annotated

import typer

from segue.cli.accounts import Name, Yes, confirm
from segue.cli.failures import CommandFailed
from segue.cli.session import Account, Session, connected, group
from segue.v1.field_pb2 import FieldType

list_app = group("Create and look at mailing lists.")
field_app = group("Create and look at fields of a list or of an account.")

ListId = Annotated[str, typer.Argument(help="The list's id, as `newsletter`.", metavar="LIST")]
OfList = Annotated[
    str | None, typer.Option("--list", help="The list's id; without it, the account.")
]
FieldKey = Annotated[str, typer.Argument(help="The field's key, as `Age`.", metavar="FIELD")]

_PREFIX = "FIELD_TYPE_"
TYPE_NAMES = tuple(
    name.removeprefix(_PREFIX).lower() for name, number in FieldType.items() if number
)


@list_app.command("create")
@connected
def create_list(session: Session, list_id: ListId, account: Account, name: Name = "") -> None:
    """Create a list."""
    session.output.record(session.account(account).create_list(list_id, display_name=name))


@list_app.command("get")
@connected
def get_list(session: Session, list_id: ListId, account: Account) -> None:
    """Count a list's members by state."""
    session.output.record(session.account(account).get_list_stats(list_id))


@list_app.command("list")
@connected
def list_lists(session: Session, account: Account) -> None:
    """List the lists of an account."""
    columns = ("name", "display_name", "create_time")
    session.output.rows(columns, session.account(account).list_lists())


@list_app.command("delete")
@connected
def delete_list(session: Session, list_id: ListId, account: Account, yes: Yes = False) -> None:
    """Delete a list with its fields and memberships; profiles stay."""
    confirm(f"Delete {list_id} with its fields and memberships, for good?", yes=yes)
    session.account(account).delete_list(list_id)
    session.output.record({"deleted": list_id})


@field_app.command("create")
@connected
def create_field(
    session: Session,
    key: FieldKey,
    account: Account,
    type_name: Annotated[
        str, typer.Option("--type", help=f"One of {', '.join(TYPE_NAMES)}.", metavar="TYPE")
    ],
    list_id: OfList = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", help="An option of a multi_select field; may be repeated."),
    ] = None,
    name: Name = "",
) -> None:
    """Create a field on a list, or on the account."""
    created = session.account(account).create_field(
        key, _field_type(type_name), list_id=list_id, options=option or (), display_name=name
    )
    session.output.record(created)


@field_app.command("list")
@connected
def list_fields(session: Session, account: Account, list_id: OfList = None) -> None:
    """List the fields of a list, or of the account."""
    columns = ("key", "tag", "type", "options", "name")
    session.output.rows(columns, session.account(account).list_fields(list_id=list_id))


@field_app.command("delete")
@connected
def delete_field(
    session: Session, key: FieldKey, account: Account, list_id: OfList = None, yes: Yes = False
) -> None:
    """Delete a field and every value in it."""
    confirm(f"Delete {key} and every value in it, for good?", yes=yes)
    session.account(account).delete_field(key, list_id=list_id)
    session.output.record({"deleted": key})


def _field_type(name: str) -> FieldType.ValueType:
    """Reads `number`, `multi_select_one`, `MultiSelectOne` and the like."""
    wanted = name.replace("_", "").replace("-", "").casefold()
    for type_name in TYPE_NAMES:
        if type_name.replace("_", "") == wanted:
            return FieldType.Value(_PREFIX + type_name.upper())
    raise CommandFailed(
        f"--type {name}: there is no such type; it is one of {', '.join(TYPE_NAMES)}"
    )
