"""Finds accounts by the ids that callers send."""

from typing import Final

from segue.domain.account import Account
from segue.errors import ResourceNotFound
from segue.store import accounts
from segue.store.base import Connection, Store

KNOWN_ACCOUNTS: Final = 10_000
"""Accounts that are kept in memory, so that a small call does not begin with a query."""


class Directory:
    """Looks accounts up; every use case begins here. One process serves a store, so what it remembers is right until it forgets."""

    def __init__(self, store: Store) -> None:
        """Takes the store that holds the accounts."""
        self._store = store
        self._known: dict[str, Account] = {}

    async def account(self, account_id: str) -> Account:
        """Returns an account; its revision and number of profiles may be old.

        Raises:
            ResourceNotFound: There is none of this id.
        """
        if account := self._known.get(account_id):
            return account
        known = self._known
        account = await self._store.read(lambda tx: account_in(tx, account_id))
        if len(known) < KNOWN_ACCOUNTS:
            known[account_id] = account
        return account

    def forget(self) -> None:
        """Makes every account be looked up anew: one of them has changed or gone."""
        self._known = {}


def account_in(tx: Connection, account_id: str) -> Account:
    """Returns an account inside a transaction.

    Raises:
        ResourceNotFound: There is none of this id.
    """
    account = accounts.find(tx, account_id)
    if account is None:
        raise ResourceNotFound(f"accounts/{account_id}")
    return account
