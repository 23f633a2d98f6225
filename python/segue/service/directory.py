"""Finds accounts by the ids that callers send."""

from segue.domain.account import Account
from segue.errors import ResourceNotFound
from segue.store import accounts
from segue.store.base import Connection, Store


class Directory:
    """Looks accounts up; every use case begins here."""

    def __init__(self, store: Store) -> None:
        """Takes the store that holds the accounts."""
        self._store = store

    async def account(self, account_id: str) -> Account:
        """Returns an account.

        Raises:
            ResourceNotFound: There is none of this id.
        """
        return await self._store.read(lambda tx: account_in(tx, account_id))


def account_in(tx: Connection, account_id: str) -> Account:
    """Returns an account inside a transaction.

    Raises:
        ResourceNotFound: There is none of this id.
    """
    account = accounts.find(tx, account_id)
    if account is None:
        raise ResourceNotFound(f"accounts/{account_id}")
    return account
