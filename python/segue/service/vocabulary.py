"""Use cases of tags, topics, consent types and event types."""

import dataclasses
from collections.abc import Mapping, Sequence

from segue.domain.account import Account
from segue.domain.identifier import check_display_name
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.timestamp import Clock
from segue.domain.vocabulary import (
    Definition,
    DefinitionKind,
    EventProperty,
    builtin_definitions,
    check_definition_id,
    check_properties,
    sorted_labels,
)
from segue.errors import (
    FieldInvalid,
    FieldViolation,
    ResourceExists,
    ResourceNotFound,
    StateForbids,
)
from segue.service.audience import users_of_definition
from segue.service.definitions import change_definitions
from segue.service.etag import check_etag
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_limit
from segue.store import accounts, journal, vocabulary
from segue.store.base import Connection, Store


class VocabularyService:
    """Creates, reads, changes and deletes definitions of any kind."""

    def __init__(self, store: Store, ledger: Ledger, limits: Limits, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._clock = clock
        self._maxima = {
            DefinitionKind.TAG: limits.tags,
            DefinitionKind.TOPIC: limits.topics,
            DefinitionKind.CONSENT_TYPE: limits.consent_types,
            DefinitionKind.EVENT_TYPE: limits.event_types,
        }

    async def create(
        self,
        account_id: str,
        kind: DefinitionKind,
        definition_id: str,
        *,
        display_name: str = "",
        labels: Mapping[str, str] | None = None,
        properties: Sequence[EventProperty] = (),
    ) -> Definition:
        """Creates a definition; only event types have properties.

        Raises:
            FieldInvalid: Id, display name, labels or properties are malformed.
            ResourceExists: The id is taken.
            LimitExceeded: The account has as many of the kind as it may.
            ResourceNotFound: There is no such account.
        """
        check_definition_id(definition_id, f"{kind.field}_id")
        check_display_name(display_name, f"{kind.field}.display_name")
        checked_labels = sorted_labels(labels or {}, f"{kind.field}.labels")
        check_properties(properties, f"{kind.field}.properties")
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> Definition:
            if found := _find(tx, account, kind, definition_id):
                raise ResourceExists(
                    f"{found.name} exists; choose another id", {"name": found.name}
                )
            check_limit(kind.plural, vocabulary.count(tx, account, kind), self._maxima[kind])
            item = Definition(
                account_id,
                kind,
                definition_id,
                display_name or definition_id,
                checked_labels,
                tuple(properties),
                _take_number(tx, account, kind),
                journal.after_pinned(tx, account.key, self._clock()),
                1,
            )
            vocabulary.insert(tx, account, item)
            return item

        return await change_definitions(self._ledger, account, work)

    async def get(self, account_id: str, kind: DefinitionKind, definition_id: str) -> Definition:
        """Returns a definition.

        Raises:
            ResourceNotFound: There is no such definition.
        """
        account = await self._directory.account(account_id)
        return await self._store.read(lambda tx: definition_in(tx, account, kind, definition_id))

    async def update(
        self,
        account_id: str,
        kind: DefinitionKind,
        definition_id: str,
        *,
        display_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        properties: Sequence[EventProperty] | None = None,
        etag: str | None = None,
    ) -> Definition:
        """Changes a display name or labels, or appends properties.

        Raises:
            FieldInvalid: A value is malformed, or the properties do not begin with the stored ones.
            ResourceChanged: The etag is not the definition's.
            ResourceNotFound: There is no such definition.
            StateForbids: It is built in.
        """
        if display_name is not None:
            check_display_name(display_name, f"{kind.field}.display_name")
        new_labels = None if labels is None else sorted_labels(labels, f"{kind.field}.labels")
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> Definition:
            old = _own_definition_in(tx, account, kind, definition_id)
            check_etag(etag, old.version, old.name)
            new = dataclasses.replace(
                old,
                display_name=old.display_name if display_name is None else display_name,
                labels=old.labels if new_labels is None else new_labels,
                properties=old.properties if properties is None else tuple(properties),
                version=old.version + 1,
            )
            _check_appended(old, new)
            vocabulary.update(tx, account, new)
            return new

        return await change_definitions(self._ledger, account, work)

    async def list(
        self, account_id: str, kind: DefinitionKind, page: PageRequest
    ) -> Page[Definition]:
        """Lists definitions of a kind by id, those that are built in among them.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        after, limit = str(page.position("")[0]), page.limit()
        own = await self._store.read(
            lambda tx: vocabulary.select(tx, account, kind, after, limit + 1)
        )
        builtin = [
            item for item in builtin_definitions(account_id, kind) if item.definition_id > after
        ]
        found = sorted([*own, *builtin], key=lambda item: item.definition_id)
        token = encode_position(found[limit - 1].definition_id) if len(found) > limit else ""
        return Page(tuple(found[:limit]), token)

    async def delete(self, account_id: str, kind: DefinitionKind, definition_id: str) -> None:
        """Deletes a definition, and what profiles have of it.

        Raises:
            ResourceNotFound: There is no such definition.
            StateForbids: A segment's rules name it, or it is built in.
        """
        account = await self._directory.account(account_id)

        def work(tx: Connection) -> Definition:
            item = _own_definition_in(tx, account, kind, definition_id)
            if users := users_of_definition(tx, account, item):
                raise StateForbids(
                    f"{item.name} is named by the rules of {users[0].name}; change those first",
                    {"name": item.name, "state": f"named by {users[0].name}"},
                )
            vocabulary.delete(tx, account, item)
            return item

        await change_definitions(self._ledger, account, work, _columns)


def definition_in(
    tx: Connection, account: Account, kind: DefinitionKind, definition_id: str
) -> Definition:
    """Returns a definition inside a transaction.

    Raises:
        ResourceNotFound: There is no such definition.
    """
    found = _find(tx, account, kind, definition_id)
    if found is None:
        raise ResourceNotFound(f"{account.name}/{kind.collection}/{definition_id}")
    return found


def _find(
    tx: Connection, account: Account, kind: DefinitionKind, definition_id: str
) -> Definition | None:
    for item in builtin_definitions(account.account_id, kind):
        if item.definition_id == definition_id:
            return item
    return vocabulary.find(tx, account, kind, definition_id)


def _own_definition_in(
    tx: Connection, account: Account, kind: DefinitionKind, definition_id: str
) -> Definition:
    item = definition_in(tx, account, kind, definition_id)
    if item.is_builtin:
        raise StateForbids(
            f"{item.name} is built into every account and stays as it is",
            {"name": item.name, "state": "built in"},
        )
    return item


def _take_number(tx: Connection, account: Account, kind: DefinitionKind) -> int:
    if kind is DefinitionKind.EVENT_TYPE:
        return accounts.take_event_code(tx, account.key)
    return accounts.take_columns(tx, account.key, 1)


def _check_appended(old: Definition, new: Definition) -> None:
    path = f"{new.kind.field}.properties"
    if new.properties[: len(old.properties)] != old.properties:
        raise FieldInvalid(
            FieldViolation(
                path, "must begin with the stored properties, in their order; append new ones"
            )
        )
    check_properties(new.properties, path)


def _columns(item: Definition) -> list[int]:
    """Returns the columns that go with a definition."""
    return [] if item.kind is DefinitionKind.EVENT_TYPE else [item.number]
