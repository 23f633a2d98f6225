"""`segue.v1.SegmentService`."""

import asyncio
from collections.abc import AsyncIterator

from google.protobuf.empty_pb2 import Empty

from segue.domain.segment import NO_RULES
from segue.service.segment_use_cases import SegmentUseCases
from segue.transport.grpc import names
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.requests import EXPORT_FORMATS, block_format_of, page_of
from segue.transport.grpc.segment_messages import (
    comparison_message,
    count_message,
    explanation_message,
    revision_message,
    segment_message,
    watch_message,
)
from segue.transport.grpc.segment_requests import (
    evaluation_of,
    rule_group_of,
    rules_of,
    segment_change_of,
    subscriber_query_of,
    target_of,
    watch_position_of,
)
from segue.transport.grpc.subscriber_messages import subscriber_page_message
from segue.v1 import block_pb2, segment_pb2, segment_service_pb2


class SegmentServicer:
    """Serves segments, their counts and their members."""

    def __init__(self, use_cases: SegmentUseCases) -> None:
        """Takes the use cases."""
        self._of = use_cases

    async def create_segment(
        self, request: segment_service_pb2.CreateSegmentRequest, _: object
    ) -> segment_pb2.Segment:
        """Serves `CreateSegment`."""
        account = names.account_of(request.parent, "parent")
        segment = await self._of.definitions.create(
            account,
            names.list_within(account, request.segment.list, "segment.list"),
            request.segment.title,
            rules_of(request.segment, "segment") or NO_RULES,
            CALLER.get().name,
            request.request_id,
        )
        return segment_message(await self._of.counts.describe(account, segment.segment_id))

    async def get_segment(
        self, request: segment_service_pb2.GetSegmentRequest, _: object
    ) -> segment_pb2.Segment:
        """Serves `GetSegment`."""
        return await self._described(*names.segment_of(request.name, "name"))

    async def list_segments(
        self, request: segment_service_pb2.ListSegmentsRequest, _: object
    ) -> segment_service_pb2.ListSegmentsResponse:
        """Serves `ListSegments`."""
        account = names.account_of(request.parent, "parent")
        list_id = names.list_within(account, request.list, "list")
        page = await self._of.definitions.list(account, list_id, request.title, page_of(request))
        return segment_service_pb2.ListSegmentsResponse(
            segments=map(segment_message, page.items), next_page_token=page.next_token
        )

    async def update_segment(
        self, request: segment_service_pb2.UpdateSegmentRequest, _: object
    ) -> segment_pb2.Segment:
        """Serves `UpdateSegment`."""
        name = names.segment_of(request.segment.name, "segment.name")
        change, etag = segment_change_of(request), request.segment.etag
        await self._of.definitions.update(*name, change, CALLER.get().name, etag)
        return await self._described(*name)

    async def delete_segment(
        self, request: segment_service_pb2.DeleteSegmentRequest, _: object
    ) -> Empty:
        """Serves `DeleteSegment`."""
        await self._of.definitions.delete(*names.segment_of(request.name, "name"), request.etag)
        return Empty()

    async def add_rule_group(
        self, request: segment_service_pb2.AddRuleGroupRequest, _: object
    ) -> segment_pb2.Segment:
        """Serves `AddRuleGroup`."""
        name = names.segment_of(request.name, "name")
        group = rule_group_of(request.rule_group)
        await self._of.definitions.add_rule_group(*name, group, CALLER.get().name, request.etag)
        return await self._described(*name)

    async def clear_rules(
        self, request: segment_service_pb2.ClearRulesRequest, _: object
    ) -> segment_pb2.Segment:
        """Serves `ClearRules`."""
        name = names.segment_of(request.name, "name")
        await self._of.definitions.clear_rules(*name, CALLER.get().name, request.etag)
        return await self._described(*name)

    async def list_active_subscribers(
        self, request: segment_service_pb2.ListActiveSubscribersRequest, _: object
    ) -> segment_service_pb2.ListActiveSubscribersResponse:
        """Serves `ListActiveSubscribers`."""
        name = names.segment_of(request.name, "name")
        page = await self._of.subscribers.page(*name, subscriber_query_of(request))
        return await asyncio.to_thread(
            subscriber_page_message, page, with_consent=request.include_tracking_preference
        )

    async def count_members(
        self, request: segment_service_pb2.CountMembersRequest, _: object
    ) -> segment_service_pb2.CountMembersResponse:
        """Serves `CountMembers`."""
        account = names.account_of(request.parent, "parent")
        count = await self._of.counts.count(
            account,
            target_of(account, request),
            evaluation_of(request),
            include_breakdown=request.include_breakdown,
            estimate_only=request.estimate_only,
        )
        return count_message(count)

    async def explain_membership(
        self, request: segment_service_pb2.ExplainMembershipRequest, _: object
    ) -> segment_service_pb2.ExplainMembershipResponse:
        """Serves `ExplainMembership`."""
        account = names.account_of(request.parent, "parent")
        explanation = await self._of.explanations.explain(
            account, target_of(account, request), request.profile_id, evaluation_of(request)
        )
        return explanation_message(explanation)

    def stream_members(
        self, request: segment_service_pb2.StreamMembersRequest, _: object
    ) -> AsyncIterator[bytes]:
        """Serves `StreamMembers` with ready-made messages."""
        account, segment_id = names.segment_of(request.name, "name")
        block_format = block_format_of(
            request.format or block_pb2.BLOCK_FORMAT_PROFILE_BATCH, EXPORT_FORMATS
        )
        return self._of.subscribers.stream(account, segment_id, block_format)

    async def watch_segment(
        self, request: segment_service_pb2.WatchSegmentRequest, _: object
    ) -> AsyncIterator[segment_service_pb2.WatchSegmentResponse]:
        """Serves `WatchSegment`."""
        name = names.segment_of(request.name, "name")
        seen = watch_position_of(request)
        async for watched, epoch in self._of.watches.watch(*name, seen, request.position.epoch):
            yield await asyncio.to_thread(watch_message, watched, epoch)

    async def list_segment_revisions(
        self, request: segment_service_pb2.ListSegmentRevisionsRequest, _: object
    ) -> segment_service_pb2.ListSegmentRevisionsResponse:
        """Serves `ListSegmentRevisions`."""
        page = await self._of.revisions.list(
            *names.segment_of(request.name, "name"), page_of(request)
        )
        return segment_service_pb2.ListSegmentRevisionsResponse(
            revisions=[revision_message(*item) for item in page.items],
            next_page_token=page.next_token,
        )

    async def compare_segment_revisions(
        self, request: segment_service_pb2.CompareSegmentRevisionsRequest, _: object
    ) -> segment_service_pb2.CompareSegmentRevisionsResponse:
        """Serves `CompareSegmentRevisions`."""
        comparison = await self._of.revisions.compare(
            *names.segment_of(request.name, "name"),
            request.from_revision_number,
            request.to_revision_number,
        )
        return comparison_message(comparison)

    async def _described(self, account_id: str, segment_id: str) -> segment_pb2.Segment:
        return segment_message(await self._of.counts.describe(account_id, segment_id))
