"""Calls about tags, topics, consent types and event types: one form for four kinds."""

import re
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.masks import changed_paths
from segue.client.names import account_name, child_name
from segue.v1 import field_service_pb2 as service
from segue.v1.event_type_pb2 import EventTypeProperty, PropertyType

Resource = TypeVar("Resource", bound=Message)

_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")


class VocabularyCalls(Generic[Resource]):
    """Builds the calls about one kind of an account's definitions."""

    def __init__(self, account: str, resource: type[Resource]) -> None:
        """Takes the account and the message of the kind, after which its methods are named."""
        self._account = account
        self._resource = resource
        self._kind = resource.DESCRIPTOR.name
        self._field = _WORD_START.sub("_", self._kind).lower()
        self._collection = f"{self._kind[0].lower()}{self._kind[1:]}s"

    def create(self, definition_id: str, values: Mapping[str, Any]) -> Call[Resource]:
        """Creates a definition with fields of its message."""
        item = {f"{self._field}_id": definition_id, self._field: self._resource(**values)}
        return self._call(
            "Create", {"parent": account_name(self._account), **item}, repeatable=False
        )

    def get(self, definition_id: str) -> Call[Resource]:
        """Returns a definition."""
        return self._call("Get", {"name": self._name(definition_id)})

    def update(self, definition_id: str, values: Mapping[str, Any], etag: str) -> Call[Resource]:
        """Changes the fields whose value is not None. With an etag, only if nobody else did meanwhile."""
        given = {name: value for name, value in values.items() if value is not None}
        item = self._resource(name=self._name(definition_id), etag=etag, **given)
        fields = {self._field: item, "update_mask": changed_paths(**given)}
        return self._call("Update", fields, repeatable=not etag)

    def list(self) -> PagedCall[Resource]:
        """Lists the account's definitions of the kind by id."""
        parent = account_name(self._account)
        plural = f"{self._field}s"
        return PagedCall(
            lambda token: self._call(
                "List", {"parent": parent, "page_token": token}, f"{self._kind}s"
            ),
            lambda page: getattr(page, plural),
        )

    def delete(self, definition_id: str) -> Call[Empty]:
        """Deletes a definition, and what profiles have of it."""
        return self._call("Delete", {"name": self._name(definition_id)}, repeatable=False)

    def _name(self, definition_id: str) -> str:
        return child_name(self._account, self._collection, definition_id)

    def _call(
        self, verb: str, fields: Mapping[str, Any], noun: str = "", *, repeatable: bool = True
    ) -> Call[Any]:
        method = f"{verb}{noun or self._kind}"
        request = getattr(service, f"{method}Request")(**fields)
        return Call(lambda stubs: getattr(stubs.fields, method), request, repeatable)


def property_messages(
    properties: Mapping[str, PropertyType.ValueType],
) -> list[EventTypeProperty]:
    """Returns properties of an event type, which are given by their keys."""
    return [EventTypeProperty(key=key, type=kind) for key, kind in properties.items()]
