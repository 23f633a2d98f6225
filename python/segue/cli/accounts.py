"""`segue account` and `segue key`."""

from typing import Annotated

import typer

from segue.cli.session import Account, Session, connected, group

account_app = group("Create and look at accounts; needs an admin's key.")
key_app = group("Create and end keys of an account; needs an admin's key.")

AccountId = Annotated[str, typer.Argument(help="The account's id, as `shop`.", metavar="ACCOUNT")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Name = Annotated[str, typer.Option("--name", help="A name for people.")]


@account_app.command("create")
@connected
def create_account(
    session: Session,
    account: AccountId,
    name: Name = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="IANA name, as Europe/Stockholm; UTC by default.")
    ] = "",
) -> None:
    """Create an account."""
    created = session.client.create_account(account, display_name=name, time_zone=time_zone)
    session.output.record(created)


@account_app.command("get")
@connected
def get_account(session: Session, account: AccountId) -> None:
    """Show an account with its number of profiles."""
    session.output.record(session.account(account).get())


@account_app.command("list")
@connected
def list_accounts(session: Session) -> None:
    """List accounts."""
    columns = ("name", "display_name", "time_zone", "create_time")
    session.output.rows(columns, session.client.list_accounts())


@account_app.command("delete")
@connected
def delete_account(session: Session, account: AccountId, yes: Yes = False) -> None:
    """Delete an account and everything in it, for good."""
    confirm(f"Delete {account} with all of its profiles, for good?", yes=yes)
    session.account(account).delete()
    session.output.record({"deleted": session.account(account).name})


@key_app.command("create")
@connected
def create_key(session: Session, account: Account, name: Name = "") -> None:
    """Create a key for one account. Its secret is shown this once."""
    created = session.account(account).create_key(display_name=name)
    session.output.record({"name": created.api_key.name, "secret": created.secret})


@key_app.command("list")
@connected
def list_keys(session: Session, account: Account) -> None:
    """List the keys of an account, without their secrets."""
    columns = ("name", "display_name", "create_time")
    session.output.rows(columns, session.account(account).list_keys())


@key_app.command("delete")
@connected
def delete_key(
    session: Session,
    key: Annotated[str, typer.Argument(help="The key's id or name.", metavar="KEY")],
    account: Account,
) -> None:
    """End a key at once."""
    session.account(account).delete_key(key)
    session.output.record({"deleted": key})


def confirm(question: str, *, yes: bool) -> None:
    """Asks before something is lost; leaves the program on anything but a yes."""
    if not yes:
        typer.confirm(question, abort=True, err=True)
