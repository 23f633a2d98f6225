"""`segue.v1.UserService`."""

from google.protobuf.empty_pb2 import Empty

from segue.service.keys import KeyService
from segue.transport.grpc import names
from segue.transport.grpc.messages import api_key_message
from segue.transport.grpc.requests import page_of
from segue.v1 import user_service_pb2


class UserServicer:
    """Serves API keys."""

    def __init__(self, keys: KeyService) -> None:
        """Takes the use cases."""
        self._keys = keys

    async def create_api_key(
        self, request: user_service_pb2.CreateApiKeyRequest, _: object
    ) -> user_service_pb2.CreateApiKeyResponse:
        """Serves `CreateApiKey`, the one answer that shows a key's secret."""
        account = names.account_of(request.parent, "parent")
        key, secret = await self._keys.create(account, request.api_key.display_name)
        return user_service_pb2.CreateApiKeyResponse(
            api_key=api_key_message(key), secret=secret.reveal()
        )

    async def list_api_keys(
        self, request: user_service_pb2.ListApiKeysRequest, _: object
    ) -> user_service_pb2.ListApiKeysResponse:
        """Serves `ListApiKeys`."""
        page = await self._keys.list(names.account_of(request.parent, "parent"), page_of(request))
        return user_service_pb2.ListApiKeysResponse(
            api_keys=[api_key_message(key) for key in page.items], next_page_token=page.next_token
        )

    async def delete_api_key(
        self, request: user_service_pb2.DeleteApiKeyRequest, _: object
    ) -> Empty:
        """Serves `DeleteApiKey`."""
        await self._keys.delete(*names.api_key_of(request.name, "name"))
        return Empty()
