"""What changes of definitions have in common: a journal entry, and a new schema version in the same transaction."""

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from segue.domain.account import Account
from segue.service.change import Change
from segue.service.ledger import Ledger
from segue.store import definitions
from segue.store.base import Connection
from segue.store.journal import EntryKind

T = TypeVar("T")


async def change_definitions(
    ledger: Ledger,
    account: Account,
    work: Callable[[Connection], T],
    dropped: Callable[[T], Sequence[int]] = lambda _: (),
) -> T:
    """Changes rows of definitions as one commit of the account.

    Args:
        ledger: Commits.
        account: Owner of the definitions.
        work: Changes the rows, or refuses by raising.
        dropped: Of what `work` returned, the columns that nothing refers to any more.
    """
    outcome: list[T] = []
    columns: list[int] = []

    def together(tx: Connection) -> int:
        outcome.append(work(tx))
        columns.extend(dropped(outcome[0]))
        return definitions.insert_schema(tx, account)

    change = Change(
        EntryKind.DEFINITION,
        lambda: json.dumps(columns).encode(),
        0,
        lambda table, revision, tick: table.drop_columns(columns, revision, tick),
        together,
    )
    await ledger.commit(account, change)
    return outcome[0]
