"""Tags, topics, consent types and event types of an account."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Generic

from segue.client.aio.connection import AsyncConnection
from segue.client.calls.vocabulary import Resource, VocabularyCalls, property_messages
from segue.v1.event_type_pb2 import EventType, PropertyType


class AsyncDefinitions(Generic[Resource]):
    """One kind of an account's definitions."""

    def __init__(self, connection: AsyncConnection, account: str, resource: type[Resource]) -> None:
        """Takes the account's name and the message of the kind."""
        self._connection = connection
        self._calls = VocabularyCalls(account, resource)

    async def create(
        self,
        definition_id: str,
        *,
        display_name: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> Resource:
        """Creates a definition; labels are display names by BCP 47 tag."""
        return await self._create(definition_id, display_name=display_name, labels=labels or {})

    async def get(self, definition_id: str) -> Resource:
        """Returns a definition."""
        return await self._connection.run(self._calls.get(definition_id))

    async def update(
        self,
        definition_id: str,
        *,
        display_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        etag: str = "",
    ) -> Resource:
        """Changes what is not None; labels are replaced. With an etag, only if nobody else did meanwhile."""
        return await self._update(definition_id, etag, display_name=display_name, labels=labels)

    def list(self) -> AsyncIterator[Resource]:
        """Yields the definitions by id."""
        return self._connection.items(self._calls.list())

    async def delete(self, definition_id: str) -> None:
        """Deletes a definition, and what profiles have of it."""
        await self._connection.run(self._calls.delete(definition_id))

    async def _create(self, definition_id: str, **values: Any) -> Resource:  # noqa: ANN401 - fields of the message
        return await self._connection.run(self._calls.create(definition_id, values))

    async def _update(self, definition_id: str, etag: str, **values: Any) -> Resource:  # noqa: ANN401
        return await self._connection.run(self._calls.update(definition_id, values, etag))


class AsyncEventTypes(AsyncDefinitions[EventType]):
    """An account's event types, those that are built in among them."""

    async def create(
        self,
        definition_id: str,
        *,
        display_name: str = "",
        labels: Mapping[str, str] | None = None,
        properties: Mapping[str, PropertyType.ValueType] | None = None,
    ) -> EventType:
        """Creates an event type whose events may carry properties, given as types by key."""
        return await self._create(
            definition_id,
            display_name=display_name,
            labels=labels or {},
            properties=property_messages(properties or {}),
        )

    async def update(
        self,
        definition_id: str,
        *,
        display_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        etag: str = "",
        properties: Mapping[str, PropertyType.ValueType] | None = None,
    ) -> EventType:
        """Changes what is not None; of properties all are given, old ones first, in their order."""
        return await self._update(
            definition_id,
            etag,
            display_name=display_name,
            labels=labels,
            properties=None if properties is None else property_messages(properties),
        )
