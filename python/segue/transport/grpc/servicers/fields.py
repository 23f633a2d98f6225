"""`segue.v1.FieldService`: fields here, the other definitions in `vocabulary`."""

from google.protobuf.empty_pb2 import Empty

from segue.service.fields import FieldService
from segue.service.vocabulary import VocabularyService
from segue.transport.grpc import names
from segue.transport.grpc.messages import field_message
from segue.transport.grpc.requests import changes_of, field_type_of, page_of
from segue.transport.grpc.servicers.vocabulary import vocabulary_methods
from segue.v1 import field_pb2, field_service_pb2


class FieldServicer:
    """Serves custom fields, and has the methods of the other definitions as attributes."""

    def __init__(self, fields: FieldService, vocabulary: VocabularyService) -> None:
        """Takes the use cases."""
        self._fields = fields
        vars(self).update(vocabulary_methods(vocabulary))

    async def create_field(
        self, request: field_service_pb2.CreateFieldRequest, _: object
    ) -> field_pb2.Field:
        """Serves `CreateField`."""
        account, list_id = names.field_parent_of(request.parent, "parent")
        return field_message(
            await self._fields.create(
                account,
                list_id,
                request.field_id,
                field_type_of(request.field.type),
                request.field.display_name,
                tuple(request.field.options),
            )
        )

    async def get_field(
        self, request: field_service_pb2.GetFieldRequest, _: object
    ) -> field_pb2.Field:
        """Serves `GetField`."""
        return field_message(await self._fields.get(*names.field_of(request.name, "name")))

    async def update_field(
        self, request: field_service_pb2.UpdateFieldRequest, _: object
    ) -> field_pb2.Field:
        """Serves `UpdateField`."""
        account, list_id, key = names.field_of(request.field.name, "field.name")
        changes = changes_of(request.field, request.update_mask, ("display_name", "options"))
        return field_message(
            await self._fields.update(
                account, list_id, key, **changes, etag=request.field.etag or None
            )
        )

    async def list_fields(
        self, request: field_service_pb2.ListFieldsRequest, _: object
    ) -> field_service_pb2.ListFieldsResponse:
        """Serves `ListFields`."""
        account, list_id = names.field_parent_of(request.parent, "parent")
        page = await self._fields.list(account, list_id, page_of(request))
        return field_service_pb2.ListFieldsResponse(
            fields=[field_message(field) for field in page.items], next_page_token=page.next_token
        )

    async def delete_field(self, request: field_service_pb2.DeleteFieldRequest, _: object) -> Empty:
        """Serves `DeleteField`."""
        await self._fields.delete(*names.field_of(request.name, "name"))
        return Empty()
