"""Tags, topics, consent types and event types of an account."""

from collections.abc import Iterator, Mapping
from typing import Any, Generic

from segue.client.calls.vocabulary import Resource, VocabularyCalls, property_messages
from segue.client.sync.connection import Connection
from segue.v1.event_type_pb2 import EventType, PropertyType


class Definitions(Generic[Resource]):
    """One kind of an account's definitions."""

    def __init__(self, connection: Connection, account: str, resource: type[Resource]) -> None:
        """Takes the account's name and the message of the kind."""
        self._connection = connection
        self._calls = VocabularyCalls(account, resource)

    def create(
        self,
        definition_id: str,
        *,
        display_name: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> Resource:
        """Creates a definition; labels are display names by BCP 47 tag."""
        return self._create(definition_id, display_name=display_name, labels=labels or {})

    def get(self, definition_id: str) -> Resource:
        """Returns a definition."""
        return self._connection.run(self._calls.get(definition_id))

    def update(
        self,
        definition_id: str,
        *,
        display_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        etag: str = "",
    ) -> Resource:
        """Changes what is not None; labels are replaced. With an etag, only if nobody else did meanwhile."""
        return self._update(definition_id, etag, display_name=display_name, labels=labels)

    def list(self) -> Iterator[Resource]:
        """Yields the definitions by id."""
        return self._connection.items(self._calls.list())

    def delete(self, definition_id: str) -> None:
        """Deletes a definition, and what profiles have of it."""
        self._connection.run(self._calls.delete(definition_id))

    def _create(self, definition_id: str, **values: Any) -> Resource:  # noqa: ANN401 - fields of the message
        return self._connection.run(self._calls.create(definition_id, values))

    def _update(self, definition_id: str, etag: str, **values: Any) -> Resource:  # noqa: ANN401
        return self._connection.run(self._calls.update(definition_id, values, etag))


class EventTypes(Definitions[EventType]):
    """An account's event types, those that are built in among them."""

    def create(
        self,
        definition_id: str,
        *,
        display_name: str = "",
        labels: Mapping[str, str] | None = None,
        properties: Mapping[str, PropertyType.ValueType] | None = None,
    ) -> EventType:
        """Creates an event type whose events may carry properties, given as types by key."""
        return self._create(
            definition_id,
            display_name=display_name,
            labels=labels or {},
            properties=property_messages(properties or {}),
        )

    def update(
        self,
        definition_id: str,
        *,
        display_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        etag: str = "",
        properties: Mapping[str, PropertyType.ValueType] | None = None,
    ) -> EventType:
        """Changes what is not None; of properties all are given, old ones first, in their order."""
        return self._update(
            definition_id,
            etag,
            display_name=display_name,
            labels=labels,
            properties=None if properties is None else property_messages(properties),
        )
