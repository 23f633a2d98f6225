"""Use cases of custom fields."""

import dataclasses
from collections.abc import Sequence

from segue.domain.account import Account
from segue.domain.field import Field, FieldType, check_key, check_options
from segue.domain.identifier import check_display_name
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.timestamp import Clock
from segue.errors import (
    FieldInvalid,
    FieldViolation,
    ResourceExists,
    ResourceNotFound,
    StateForbids,
)
from segue.service.audience import users_of_column
from segue.service.definitions import change_definitions
from segue.service.etag import check_etag
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_limit
from segue.service.lists import list_in
from segue.store import accounts, definitions, journal
from segue.store.base import Connection, Store


class FieldService:
    """Creates, reads, changes and deletes fields."""

    def __init__(self, store: Store, ledger: Ledger, limits: Limits, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._limits = limits
        self._clock = clock

    async def create(
        self,
        account_id: str,
        list_id: str | None,
        key: str,
        field_type: FieldType,
        display_name: str = "",
        options: Sequence[str] = (),
    ) -> Field:
        """Creates a field on a list, or on the account for None.

        Raises:
            FieldInvalid: Key, display name or options are malformed.
            ResourceExists: The key is taken, without regard to case.
            LimitExceeded: The account has as many fields as it may.
            ResourceNotFound: There is no such account or list.
        """
        check_key(key, list_id, "field_id")
        check_display_name(display_name, "field.display_name")
        check_options(field_type, options, "field.options")
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> Field:
            if list_id is not None:
                list_in(tx, account, list_id)
            if found := definitions.find_field(tx, account, list_id, key):
                name = f"{found.parent}/fields/{found.key}"
                raise ResourceExists(f"{name} exists; choose another key", {"name": name})
            check_limit(
                "fields", definitions.count_rows(tx, "field", account.key), self._limits.fields
            )
            field = Field(
                account_id,
                list_id,
                key,
                field_type,
                display_name or key,
                field_type.fixed_options or tuple(options),
                accounts.take_columns(tx, account.key, 1),
                journal.after_pinned(tx, account.key, self._clock()),
                1,
            )
            definitions.insert_field(tx, account, field)
            return field

        return await change_definitions(self._ledger, account, work)

    async def get(self, account_id: str, list_id: str | None, key: str) -> Field:
        """Returns a field.

        Raises:
            ResourceNotFound: There is no such field.
        """
        account = await self._directory.account(account_id)
        return await self._store.read(lambda tx: field_in(tx, account, list_id, key))

    async def update(
        self,
        account_id: str,
        list_id: str | None,
        key: str,
        *,
        display_name: str | None = None,
        options: Sequence[str] | None = None,
        etag: str | None = None,
    ) -> Field:
        """Changes a field's display name, or appends options.

        Raises:
            FieldInvalid: A value is malformed, or the options do not begin with the stored ones.
            ResourceChanged: The etag is not the field's.
            ResourceNotFound: There is no such field.
        """
        if display_name is not None:
            check_display_name(display_name, "field.display_name")
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> Field:
            old = field_in(tx, account, list_id, key)
            check_etag(etag, old.version, f"{old.parent}/fields/{old.key}")
            new = dataclasses.replace(
                old,
                display_name=old.display_name if display_name is None else display_name,
                options=old.options if options is None else tuple(options),
                version=old.version + 1,
            )
            if options is not None:
                check_options(old.type, options, "field.options")
            if new.options[: len(old.options)] != old.options:
                raise FieldInvalid(
                    FieldViolation(
                        "field.options",
                        "must begin with the stored options, in their order; append new ones",
                    )
                )
            definitions.update_field(tx, account, new)
            return new

        return await change_definitions(self._ledger, account, work)

    async def list(self, account_id: str, list_id: str | None, page: PageRequest) -> Page[Field]:
        """Lists the fields of a list, or of the account for None, in order of creation.

        Raises:
            ResourceNotFound: There is no such account or list.
        """
        account = await self._directory.account(account_id)
        after, limit = int(page.position(0)[0]), page.limit()

        def work(tx: Connection) -> list[Field]:
            if list_id is not None:
                list_in(tx, account, list_id)
            return definitions.select_fields_of(tx, account, list_id, after, limit + 1)

        found = await self._store.read(work)
        token = encode_position(found[limit - 1].column) if len(found) > limit else ""
        return Page(tuple(found[:limit]), token)

    async def delete(self, account_id: str, list_id: str | None, key: str) -> None:
        """Deletes a field and every value in it.

        Raises:
            ResourceNotFound: There is no such field.
            StateForbids: A segment's rules name it.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> Field:
            field = field_in(tx, account, list_id, key)
            if users := users_of_column(tx, account, field.column):
                name = f"{field.parent}/fields/{field.key}"
                raise StateForbids(
                    f"{name} is named by the rules of {users[0].name}; change those first",
                    {"name": name, "state": f"named by {users[0].name}"},
                )
            definitions.delete_field(tx, account, field)
            return field

        await change_definitions(self._ledger, account, work, lambda field: [field.column])


def field_in(tx: Connection, account: Account, list_id: str | None, key: str) -> Field:
    """Returns a field inside a transaction.

    Raises:
        ResourceNotFound: There is no such field.
    """
    field = definitions.find_field(tx, account, list_id, key)
    if field is None:
        parent = account.name if list_id is None else f"{account.name}/lists/{list_id}"
        raise ResourceNotFound(f"{parent}/fields/{key}")
    return field
