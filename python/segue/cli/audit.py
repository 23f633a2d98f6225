"""`segue audit`."""

from segue.cli.session import Account, Session, connected, group

audit_app = group("Look at what was done in bulk to an account's profiles.")


@audit_app.command("list")
@connected
def list_entries(session: Session, account: Account) -> None:
    """List what was done, by whose key, the newest first."""
    columns = ("time", "actor", "action", "resource", "revision", "counts")
    session.output.rows(columns, session.account(account).list_audit_entries())
