"""Use cases of accounts."""

import dataclasses
from pathlib import Path

from segue.domain.account import Account, check_time_zone
from segue.domain.audit import AuditEntry
from segue.domain.field import FIRST_COLUMN
from segue.domain.identifier import check_display_name, check_id
from segue.domain.page import MAX_POSITION, Page, PageRequest, encode_position
from segue.domain.timestamp import Clock
from segue.errors import ResourceExists
from segue.service.directory import account_in
from segue.service.etag import check_etag
from segue.service.export_ends import ExportEnds
from segue.service.keys import KeyService
from segue.service.ledger import Ledger
from segue.service.membership import Membership
from segue.service.snapshot_directory import remove_directories
from segue.store import accounts, audit, export_files, journal
from segue.store.base import Connection, Store


class AccountService:
    """Creates, reads, changes and deletes accounts."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        membership: Membership,
        ends: ExportEnds,
        keys: KeyService,
        data_dir: Path,
        clock: Clock,
    ) -> None:
        """Takes what the use cases work on."""
        self._membership = membership
        self._store = store
        self._ledger = ledger
        self._ends = ends
        self._keys = keys
        self._data_dir = data_dir
        self._clock = clock

    async def create(self, account_id: str, display_name: str = "", time_zone: str = "") -> Account:
        """Creates an account; it costs a row until profiles come.

        Raises:
            FieldInvalid: Id, display name or time zone is malformed.
            ResourceExists: The id is taken.
        """
        check_id(account_id, "account_id")
        check_display_name(display_name, "account.display_name")
        check_time_zone(time_zone or "UTC", "account.time_zone")

        def work(tx: Connection) -> Account:
            if accounts.find(tx, account_id):
                raise ResourceExists(
                    f"accounts/{account_id} exists; choose another id",
                    {"name": f"accounts/{account_id}"},
                )
            return accounts.insert(
                tx,
                account_id,
                display_name or account_id,
                time_zone or "UTC",
                self._clock(),
                FIRST_COLUMN,
            )

        return await self._store.write(work)

    async def get(self, account_id: str) -> Account:
        """Returns an account with its numbers as they are now.

        Raises:
            ResourceNotFound: There is none of this id.
        """
        account = await self._store.read(lambda tx: account_in(tx, account_id))
        snapshot = await self._ledger.snapshot(account)
        return dataclasses.replace(
            account, revision=snapshot.revision, profile_count=snapshot.profile_count
        )

    async def update(
        self,
        account_id: str,
        *,
        display_name: str | None = None,
        time_zone: str | None = None,
        etag: str | None = None,
    ) -> Account:
        """Changes the fields that are given, at a tick: increments of segments know which time zone was in force.

        Raises:
            FieldInvalid: A value is malformed.
            ResourceChanged: The etag is not the account's.
            ResourceNotFound: There is none of this id.
        """
        if display_name is not None:
            check_display_name(display_name, "account.display_name")
        if time_zone is not None:
            check_time_zone(time_zone, "account.time_zone")

        def work(tx: Connection, tick: int) -> Account:
            old = account_in(tx, account_id)
            check_etag(etag, old.version, old.name)
            new = dataclasses.replace(
                old,
                display_name=old.display_name if display_name is None else display_name,
                time_zone=old.time_zone if time_zone is None else time_zone,
                update_millis=tick,
                version=old.version + 1,
            )
            accounts.update(tx, new)
            journal.set_marked(tx, old.key, tick)
            return new

        account = await self._ledger.directory.account(account_id)
        async with self._ledger.use(account) as live, live.order:
            tick = live.clock.mark(self._clock())
            changed = await self._store.write(lambda tx: work(tx, tick))
        self._ledger.directory.forget()
        if time_zone is not None:
            self._membership.refresh(changed)
        return changed

    async def list(self, page: PageRequest) -> Page[Account]:
        """Lists accounts by id; numbers of profiles are as of the last snapshot or unload."""
        after, limit = str(page.position("")[0]), page.limit()
        found = await self._store.read(lambda tx: accounts.select(tx, after, limit + 1))
        token = encode_position(found[limit - 1].account_id) if len(found) > limit else ""
        return Page(tuple(found[:limit]), token)

    async def delete(self, account_id: str) -> None:
        """Deletes an account with everything in it, files included.

        Raises:
            ResourceNotFound: There is none of this id.
        """

        def work(tx: Connection) -> tuple[int, list[str], tuple[list[int], list[str]]]:
            account = account_in(tx, account_id)
            directories = [row.directory for row in journal.select_snapshots(tx, account.key)]
            of_exports = export_files.select_of_account(tx, account.key)
            accounts.delete(tx, account.key)
            return account.key, directories, of_exports

        key, directories, of_exports = await self._store.write(work)
        self._ledger.directory.forget()
        self._ledger.accounts.drop(key)
        self._keys.forget_holders()
        await self._ends.bury(*of_exports)
        await remove_directories(self._data_dir / directory for directory in directories)
        await self._ledger.replay.blocks.sweep(self._clock())

    async def audit_entries(self, account_id: str, page: PageRequest) -> Page[AuditEntry]:
        """Lists what was done in bulk to an account's profiles, the newest first.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._ledger.directory.account(account_id)
        (before,), limit = page.position(MAX_POSITION), page.limit()
        found = await self._store.read(
            lambda tx: audit.select(tx, account.key, int(before), limit + 1)
        )
        token = encode_position(found[limit - 1][0]) if len(found) > limit else ""
        return Page(tuple(entry for _, entry in found[:limit]), token)
