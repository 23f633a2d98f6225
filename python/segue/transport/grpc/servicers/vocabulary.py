"""Methods of `segue.v1.FieldService` about tags, topics, consent types and event types: one form for four kinds."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from segue.domain.field import FieldType
from segue.domain.vocabulary import Definition, DefinitionKind, EventProperty
from segue.errors import FieldInvalid, FieldViolation
from segue.service.etag import etag_of
from segue.service.vocabulary import VocabularyService
from segue.transport.grpc import names
from segue.transport.grpc.messages import timestamp
from segue.transport.grpc.requests import changes_of, page_of
from segue.v1 import event_type_pb2, field_service_pb2, mark_pb2

Method = Callable[[Any, object], Awaitable[Message]]
"""Serves one RPC."""

_PROPERTY_TYPES: Final = {
    FieldType.TEXT: event_type_pb2.PROPERTY_TYPE_TEXT,
    FieldType.NUMBER: event_type_pb2.PROPERTY_TYPE_NUMBER,
    FieldType.BOOLEAN: event_type_pb2.PROPERTY_TYPE_BOOLEAN,
    FieldType.DATE_TIME: event_type_pb2.PROPERTY_TYPE_DATE_TIME,
}
_TYPES_OF_PROPERTIES: Final = {number: kind for kind, number in _PROPERTY_TYPES.items()}


@dataclass(frozen=True)
class _Form:
    """How a kind is written on the wire."""

    resource: Callable[..., Message]
    page: Callable[..., Message]
    mutable: tuple[str, ...] = ("display_name", "labels")


_FORMS: Final[Mapping[DefinitionKind, _Form]] = {
    DefinitionKind.TAG: _Form(mark_pb2.Tag, field_service_pb2.ListTagsResponse),
    DefinitionKind.TOPIC: _Form(mark_pb2.Topic, field_service_pb2.ListTopicsResponse),
    DefinitionKind.CONSENT_TYPE: _Form(
        mark_pb2.ConsentType, field_service_pb2.ListConsentTypesResponse
    ),
    DefinitionKind.EVENT_TYPE: _Form(
        event_type_pb2.EventType,
        field_service_pb2.ListEventTypesResponse,
        ("display_name", "labels", "properties"),
    ),
}


def vocabulary_methods(vocabulary: VocabularyService) -> dict[str, Method]:
    """Returns the methods of all kinds by their names, as `create_tag`."""
    methods: dict[str, Method] = {}
    for kind, form in _FORMS.items():
        served = _KindMethods(vocabulary, kind, form)
        methods |= {
            f"create_{kind.field}": served.create,
            f"get_{kind.field}": served.get,
            f"update_{kind.field}": served.update,
            f"list_{kind.plural}": served.list,
            f"delete_{kind.field}": served.delete,
        }
    return methods


class _KindMethods:
    """Serves the five methods of one kind."""

    def __init__(self, vocabulary: VocabularyService, kind: DefinitionKind, form: _Form) -> None:
        self._vocabulary = vocabulary
        self._kind = kind
        self._form = form

    async def create(self, request: Any, _: object) -> Message:  # noqa: ANN401 - one of four requests; so below
        account = names.account_of(request.parent, "parent")
        sent = getattr(request, self._kind.field)
        definition_id = getattr(request, f"{self._kind.field}_id")
        values = self._values({name: getattr(sent, name) for name in self._form.mutable})
        return self._message(
            await self._vocabulary.create(account, self._kind, definition_id, **values)
        )

    async def get(self, request: Any, _: object) -> Message:  # noqa: ANN401
        account, definition_id = names.definition_of(self._kind, request.name, "name")
        return self._message(await self._vocabulary.get(account, self._kind, definition_id))

    async def update(self, request: Any, _: object) -> Message:  # noqa: ANN401
        sent = getattr(request, self._kind.field)
        account, definition_id = names.definition_of(
            self._kind, sent.name, f"{self._kind.field}.name"
        )
        values = self._values(changes_of(sent, request.update_mask, self._form.mutable))
        return self._message(
            await self._vocabulary.update(
                account, self._kind, definition_id, **values, etag=sent.etag or None
            )
        )

    async def list(self, request: Any, _: object) -> Message:  # noqa: ANN401
        account = names.account_of(request.parent, "parent")
        page = await self._vocabulary.list(account, self._kind, page_of(request))
        found = [self._message(item) for item in page.items]
        answer = {self._kind.plural: found, "next_page_token": page.next_token}
        return self._form.page(**answer)

    async def delete(self, request: Any, _: object) -> Empty:  # noqa: ANN401
        account, definition_id = names.definition_of(self._kind, request.name, "name")
        await self._vocabulary.delete(account, self._kind, definition_id)
        return Empty()

    def _message(self, item: Definition) -> Message:
        values: dict[str, Any] = {
            "name": item.name,
            "display_name": item.display_name,
            "labels": dict(item.labels),
            "etag": etag_of(item.version),
        }
        if not item.is_builtin:
            values["create_time"] = timestamp(item.create_millis)
        if item.kind is DefinitionKind.EVENT_TYPE:
            values["builtin"] = item.is_builtin
            values["properties"] = [
                event_type_pb2.EventTypeProperty(key=each.key, type=_PROPERTY_TYPES[each.type])
                for each in item.properties
            ]
        return self._form.resource(**values)

    def _values(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Returns fields of a message as the use cases take them."""
        values = dict(sent)
        if "properties" in values:
            path = f"{self._kind.field}.properties"
            values["properties"] = tuple(
                EventProperty(each.key, _property_type(each.type, f"{path}[{position}].type"))
                for position, each in enumerate(values["properties"])
            )
        return values


def _property_type(value: event_type_pb2.PropertyType.ValueType, field: str) -> FieldType:
    if value not in _TYPES_OF_PROPERTIES:
        raise FieldInvalid(FieldViolation(field, "is missing or unknown; choose a PropertyType"))
    return _TYPES_OF_PROPERTIES[value]
