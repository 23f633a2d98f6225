"""`segue.v1.ListService`."""

from google.protobuf.empty_pb2 import Empty

from segue.service.lists import ListService
from segue.transport.grpc import names
from segue.transport.grpc.messages import list_message, list_stats_message
from segue.transport.grpc.requests import changes_of, page_of
from segue.v1 import list_pb2, list_service_pb2


class ListServicer:
    """Serves lists."""

    def __init__(self, lists: ListService) -> None:
        """Takes the use cases."""
        self._lists = lists

    async def create_list(
        self, request: list_service_pb2.CreateListRequest, _: object
    ) -> list_pb2.List:
        """Serves `CreateList`."""
        account = names.account_of(request.parent, "parent")
        return list_message(
            await self._lists.create(account, request.list_id, request.list.display_name)
        )

    async def get_list(self, request: list_service_pb2.GetListRequest, _: object) -> list_pb2.List:
        """Serves `GetList`."""
        return list_message(await self._lists.get(*names.list_of(request.name, "name")))

    async def update_list(
        self, request: list_service_pb2.UpdateListRequest, _: object
    ) -> list_pb2.List:
        """Serves `UpdateList`."""
        account, list_id = names.list_of(request.list.name, "list.name")
        changes = changes_of(request.list, request.update_mask, ("display_name",))
        return list_message(
            await self._lists.update(account, list_id, **changes, etag=request.list.etag or None)
        )

    async def list_lists(
        self, request: list_service_pb2.ListListsRequest, _: object
    ) -> list_service_pb2.ListListsResponse:
        """Serves `ListLists`."""
        page = await self._lists.list(names.account_of(request.parent, "parent"), page_of(request))
        return list_service_pb2.ListListsResponse(
            lists=[list_message(item) for item in page.items], next_page_token=page.next_token
        )

    async def delete_list(self, request: list_service_pb2.DeleteListRequest, _: object) -> Empty:
        """Serves `DeleteList`."""
        await self._lists.delete(*names.list_of(request.name, "name"))
        return Empty()

    async def get_list_stats(
        self, request: list_service_pb2.GetListStatsRequest, _: object
    ) -> list_service_pb2.ListStats:
        """Serves `GetListStats`."""
        return list_stats_message(await self._lists.stats(*names.list_of(request.name, "name")))
