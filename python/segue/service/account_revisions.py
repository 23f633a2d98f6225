"""Reading what was written: waits until readers of an account see a revision, and refuses those it has not come to."""

from segue.domain.account import Account
from segue.errors import ResourceNotFound, RevisionAhead
from segue.service.ledger import Ledger
from segue.store import journal
from segue.store.base import Store


class AccountRevisions:
    """Knows which revisions of accounts can be read."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        """Takes where revisions become durable and visible."""
        self._store = store
        self._ledger = ledger

    async def reach(self, account_id: str, revision: int) -> None:
        """Returns when everything that is read of an account from now on is of a revision or a later one.

        At once where a write has answered with the revision: it is visible then. One that is durable and not visible yet, as the status of an
        import may tell, is waited for. A later one can only be a mistake: nobody could have been told of it.

        Raises:
            ResourceNotFound: There is no such account, or no more.
            RevisionAhead: The account has not come to the revision.
        """
        while True:
            account = await self._ledger.directory.account(account_id)
            async with self._ledger.use(account) as live:
                heard = live.published.next()
                if (await live.snapshot()).revision >= revision:
                    return
                await self._check_durable(account, revision)
                if not live.is_dropped:
                    await heard.wait()

    async def _check_durable(self, account: Account, revision: int) -> None:
        head = await self._store.read(lambda tx: journal.read_head(tx, account.key))
        if head is None:
            raise ResourceNotFound(account.name)
        if head.revision < revision:
            raise RevisionAhead(
                f"{account.name} is at revision {head.revision}, the read asks for {revision}; send the revision that a write to this"
                " account answered",
                {"name": account.name, "revision": revision, "head": head.revision},
            )
