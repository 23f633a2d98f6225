"""Use cases of lists."""

import dataclasses
import json

from segue._kernel import Plan
from segue.domain.account import Account
from segue.domain.identifier import check_display_name, check_id
from segue.domain.list import MEMBERSHIP_COLUMNS, MEMBERSHIP_STATES, ListStats, MailingList
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.timestamp import Clock
from segue.errors import ResourceExists, ResourceNotFound, StateForbids
from segue.kernel import guard
from segue.service.definitions import change_definitions
from segue.service.etag import check_etag
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_limit
from segue.service.system_segments import insert_system_segments
from segue.store import accounts, campaigns, definitions, journal, segment_groups, segments
from segue.store.base import Connection, Store


class ListService:
    """Creates, reads, changes, counts and deletes lists."""

    def __init__(self, store: Store, ledger: Ledger, limits: Limits, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._limits = limits
        self._clock = clock

    async def create(self, account_id: str, list_id: str, display_name: str = "") -> MailingList:
        """Creates a list.

        Raises:
            FieldInvalid: Id or display name is malformed.
            ResourceExists: The id is taken.
            LimitExceeded: The account has as many lists as it may.
            ResourceNotFound: There is no such account.
        """
        check_id(list_id, "list_id")
        check_display_name(display_name, "list.display_name")
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> MailingList:
            if definitions.find_list(tx, account, list_id):
                name = f"{account.name}/lists/{list_id}"
                raise ResourceExists(f"{name} exists; choose another id", {"name": name})
            check_limit(
                "lists", definitions.count_rows(tx, "list", account.key), self._limits.lists
            )
            now = journal.after_pinned(tx, account.key, self._clock())
            column = accounts.take_columns(tx, account.key, MEMBERSHIP_COLUMNS)
            item = MailingList(account_id, list_id, display_name or list_id, column, now, now, 1)
            definitions.insert_list(tx, account, item)
            insert_system_segments(tx, account, list_id, now)
            return item

        return await change_definitions(self._ledger, account, work)

    async def get(self, account_id: str, list_id: str) -> MailingList:
        """Returns a list.

        Raises:
            ResourceNotFound: There is no such list.
        """
        account = await self._directory.account(account_id)
        return await self._store.read(lambda tx: list_in(tx, account, list_id))

    async def update(
        self,
        account_id: str,
        list_id: str,
        *,
        display_name: str | None = None,
        etag: str | None = None,
    ) -> MailingList:
        """Changes a list's display name.

        Raises:
            FieldInvalid: The display name is malformed.
            ResourceChanged: The etag is not the list's.
            ResourceNotFound: There is no such list.
        """
        if display_name is not None:
            check_display_name(display_name, "list.display_name")
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> MailingList:
            old = list_in(tx, account, list_id)
            check_etag(etag, old.version, old.name)
            new = dataclasses.replace(
                old,
                display_name=old.display_name if display_name is None else display_name,
                update_millis=self._clock(),
                version=old.version + 1,
            )
            definitions.update_list(tx, account, new)
            return new

        return await self._store.write(work)

    async def list(self, account_id: str, page: PageRequest) -> Page[MailingList]:
        """Lists an account's lists by id.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        after, limit = str(page.position("")[0]), page.limit()
        found = await self._store.read(
            lambda tx: definitions.select_lists(tx, account, after, limit + 1)
        )
        token = encode_position(found[limit - 1].list_id) if len(found) > limit else ""
        return Page(tuple(found[:limit]), token)

    async def delete(self, account_id: str, list_id: str) -> None:
        """Deletes a list with its fields, memberships and engagement segments; profiles stay.

        Raises:
            ResourceNotFound: There is no such list.
            StateForbids: Segments of the account's own stand on it, others or segment groups name its engagement segments, or a
                campaign that was not sent goes to it.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> list[int]:
            item = list_in(tx, account, list_id)
            if segments.has_own(tx, account, list_id):
                raise StateForbids(
                    f"{item.name} has segments; delete them first",
                    {"name": item.name, "state": "has segments"},
                )
            if drafts := campaigns.drafts_of_list(tx, account, list_id):
                raise StateForbids(
                    f"{drafts[0].name} is a draft for {item.name}; send or delete it first",
                    {"name": item.name, "state": f"named by {drafts[0].name}"},
                )
            fields = [
                field.column
                for field in definitions.select_fields(tx, account)
                if field.list_id == list_id
            ]
            _check_unnamed(tx, account, item)
            segments.delete_of_list(tx, account, list_id)
            definitions.delete_list(tx, account, list_id)
            return [*range(item.column, item.column + MEMBERSHIP_COLUMNS), *fields]

        await change_definitions(self._ledger, account, work, lambda columns: columns)

    async def stats(self, account_id: str, list_id: str) -> ListStats:
        """Counts a list's members by state.

        Raises:
            ResourceNotFound: There is no such list.
        """
        account = await self._directory.account(account_id)
        item = await self._store.read(lambda tx: list_in(tx, account, list_id))
        _, schema = await self._ledger.schema(account)
        snapshot = await self._ledger.snapshot(account)

        def count() -> tuple[int, ...]:
            plans = [
                Plan(schema, in_state(item, code), snapshot.tick_millis)
                for code in range(len(MEMBERSHIP_STATES))
            ]
            return tuple(snapshot.count(plan) for plan in plans)

        return ListStats(item.name, await guard.run(count), snapshot.revision)


def list_in(tx: Connection, account: Account, list_id: str) -> MailingList:
    """Returns a list inside a transaction.

    Raises:
        ResourceNotFound: There is no such list.
    """
    item = definitions.find_list(tx, account, list_id)
    if item is None:
        raise ResourceNotFound(f"{account.name}/lists/{list_id}")
    return item


def _check_unnamed(tx: Connection, account: Account, item: MailingList) -> None:
    """Checks that no rules, no drafts and no segment groups name an engagement segment of a list.

    Raises:
        StateForbids: Some do.
    """
    for segment in segments.select(tx, account, item.list_id):
        rules = segments.select_dependents(tx, account, segment.segment_id)
        drafts = campaigns.drafts_of_segment(tx, account, segment.segment_id)
        groups = segment_groups.users_of_segment(tx, account, segment.segment_id)
        named_by = [*(item.name for item in rules), *(item.name for item in drafts)]
        users = [*named_by, *(item.name for item in groups)]
        if users:
            raise StateForbids(
                f"{segment.name} of {item.name} is named by {users[0]}; change or delete that first",
                {"name": item.name, "state": f"named by {users[0]}"},
            )


def in_state(item: MailingList, code: int) -> bytes:
    """Writes the kernel's condition for members of a list in one state."""
    return json.dumps(
        {"predicate": {"column": item.column, "op": "any_of", "codes": [code]}}
    ).encode()
