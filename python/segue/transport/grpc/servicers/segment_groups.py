"""`segue.v1.SegmentGroupService`."""

from google.protobuf.empty_pb2 import Empty

from segue.service.segment_groups import SegmentGroupService
from segue.transport.grpc import names
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.requests import page_of
from segue.transport.grpc.segment_group_messages import segment_group_message
from segue.transport.grpc.segment_group_requests import combination_of, segment_group_change_of
from segue.v1 import segment_group_pb2, segment_group_service_pb2


class SegmentGroupServicer:
    """Serves segment groups."""

    def __init__(self, groups: SegmentGroupService) -> None:
        """Takes the use cases."""
        self._groups = groups

    async def create_segment_group(
        self, request: segment_group_service_pb2.CreateSegmentGroupRequest, _: object
    ) -> segment_group_pb2.SegmentGroup:
        """Serves `CreateSegmentGroup`."""
        account = names.account_of(request.parent, "parent")
        created = await self._groups.create(
            account,
            request.segment_group_id,
            request.segment_group.display_name,
            combination_of(account, request.segment_group),
            CALLER.get().name,
            request.request_id,
        )
        return segment_group_message(created)

    async def get_segment_group(
        self, request: segment_group_service_pb2.GetSegmentGroupRequest, _: object
    ) -> segment_group_pb2.SegmentGroup:
        """Serves `GetSegmentGroup`."""
        name = names.segment_group_of(request.name, "name")
        return segment_group_message(await self._groups.get(*name))

    async def list_segment_groups(
        self, request: segment_group_service_pb2.ListSegmentGroupsRequest, _: object
    ) -> segment_group_service_pb2.ListSegmentGroupsResponse:
        """Serves `ListSegmentGroups`."""
        account = names.account_of(request.parent, "parent")
        page = await self._groups.list(account, page_of(request))
        return segment_group_service_pb2.ListSegmentGroupsResponse(
            segment_groups=map(segment_group_message, page.items), next_page_token=page.next_token
        )

    async def update_segment_group(
        self, request: segment_group_service_pb2.UpdateSegmentGroupRequest, _: object
    ) -> segment_group_pb2.SegmentGroup:
        """Serves `UpdateSegmentGroup`."""
        sent = request.segment_group
        account, group_id = names.segment_group_of(sent.name, "segment_group.name")
        change = segment_group_change_of(account, request)
        author = CALLER.get().name
        updated = await self._groups.update(account, group_id, change, author, sent.etag)
        return segment_group_message(updated)

    async def delete_segment_group(
        self, request: segment_group_service_pb2.DeleteSegmentGroupRequest, _: object
    ) -> Empty:
        """Serves `DeleteSegmentGroup`."""
        await self._groups.delete(*names.segment_group_of(request.name, "name"), request.etag)
        return Empty()
