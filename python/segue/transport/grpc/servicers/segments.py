"""`segue.v1.SegmentService`."""

from collections.abc import AsyncIterator

from google.protobuf.empty_pb2 import Empty

from segue.errors import FieldInvalid, FieldViolation
from segue.service.segments import SegmentService
from segue.transport.grpc import names
from segue.transport.grpc.messages import count_message, segment_message
from segue.transport.grpc.requests import (
    EXPORT_FORMATS,
    block_format_of,
    page_of,
    rule_groups_of,
)
from segue.v1 import block_pb2, segment_pb2, segment_service_pb2


class SegmentServicer:
    """Serves segments, their counts and their members."""

    def __init__(self, segments: SegmentService) -> None:
        """Takes the use cases."""
        self._segments = segments

    async def create_segment(
        self, request: segment_service_pb2.CreateSegmentRequest, _: object
    ) -> segment_pb2.Segment:
        """Serves `CreateSegment`."""
        account = names.account_of(request.parent, "parent")
        list_id = names.list_within(account, request.segment.list, "segment.list")
        rule_groups = rule_groups_of(request.segment)
        segment = await self._segments.create(
            account, list_id, request.segment.title, rule_groups, request.request_id
        )
        count = await self._segments.count(account, segment.segment_id)
        return segment_message(segment, count.members)

    async def get_segment(
        self, request: segment_service_pb2.GetSegmentRequest, _: object
    ) -> segment_pb2.Segment:
        """Serves `GetSegment`."""
        segment, count = await self._segments.get(*names.segment_of(request.name, "name"))
        return segment_message(segment, count.members)

    async def list_segments(
        self, request: segment_service_pb2.ListSegmentsRequest, _: object
    ) -> segment_service_pb2.ListSegmentsResponse:
        """Serves `ListSegments`."""
        account = names.account_of(request.parent, "parent")
        list_id = names.list_within(account, request.list, "list")
        page = await self._segments.list(account, list_id, request.title, page_of(request))
        return segment_service_pb2.ListSegmentsResponse(
            segments=[segment_message(segment) for segment in page.items],
            next_page_token=page.next_token,
        )

    async def delete_segment(
        self, request: segment_service_pb2.DeleteSegmentRequest, _: object
    ) -> Empty:
        """Serves `DeleteSegment`."""
        await self._segments.delete(*names.segment_of(request.name, "name"))
        return Empty()

    async def count_members(
        self, request: segment_service_pb2.CountMembersRequest, _: object
    ) -> segment_service_pb2.CountMembersResponse:
        """Serves `CountMembers`."""
        account = names.account_of(request.parent, "parent")
        match request.WhichOneof("target"):
            case "segment":
                segment_id = names.segment_within(account, request.segment, "segment")
                count = await self._segments.count(account, segment_id)
            case "draft":
                list_id = names.list_within(account, request.draft.list, "draft.list")
                groups = rule_groups_of(request.draft)
                count = await self._segments.count_draft(account, list_id, groups)
            case _:
                raise FieldInvalid(FieldViolation("target", "is missing; send segment or draft"))
        return count_message(count)

    def stream_members(
        self, request: segment_service_pb2.StreamMembersRequest, _: object
    ) -> AsyncIterator[bytes]:
        """Serves `StreamMembers` with ready-made messages."""
        account, segment_id = names.segment_of(request.name, "name")
        block_format = block_format_of(
            request.format or block_pb2.BLOCK_FORMAT_PROFILE_BATCH, EXPORT_FORMATS
        )
        return self._segments.stream_members(account, segment_id, block_format)
