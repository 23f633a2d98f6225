"""Calls about segment groups."""

import uuid

from google.protobuf.empty_pb2 import Empty

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.masks import changed_paths
from segue.client.names import account_name, segment_group_name
from segue.v1 import segment_group_service_pb2 as service
from segue.v1.segment_group_pb2 import SegmentCombination, SegmentGroup


def create_segment_group(
    account: str, group_id: str, combination: SegmentCombination, *, display_name: str = ""
) -> Call[SegmentGroup]:
    """Creates a group of what `find_combination` read, or of a combination put together by hand."""
    request = service.CreateSegmentGroupRequest(
        parent=account_name(account),
        segment_group_id=group_id,
        segment_group=SegmentGroup(display_name=display_name, combination=combination),
        request_id=str(uuid.uuid4()),
    )
    return Call(lambda stubs: stubs.segment_groups.CreateSegmentGroup, request)


def get_segment_group(account: str, group: str, *, min_revision: int = 0) -> Call[SegmentGroup]:
    """Returns a group, by id or name, with its number of members."""
    request = service.GetSegmentGroupRequest(
        name=segment_group_name(account, group), min_revision=min_revision
    )
    return Call(lambda stubs: stubs.segment_groups.GetSegmentGroup, request)


def list_segment_groups(account: str) -> PagedCall[SegmentGroup]:
    """Lists groups by id, without their numbers of members."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.segment_groups.ListSegmentGroups,
            service.ListSegmentGroupsRequest(parent=account_name(account), page_token=token),
        ),
        lambda page: page.segment_groups,
    )


def update_segment_group(
    account: str,
    group: str,
    *,
    display_name: str | None = None,
    combination: SegmentCombination | None = None,
    etag: str = "",
) -> Call[SegmentGroup]:
    """Changes a group's display name, its combination, or both. With an etag, only if nobody else did meanwhile."""
    request = service.UpdateSegmentGroupRequest(
        segment_group=SegmentGroup(
            name=segment_group_name(account, group),
            display_name=display_name or "",
            combination=combination,
            etag=etag,
        ),
        update_mask=changed_paths(display_name=display_name, combination=combination),
    )
    return Call(lambda stubs: stubs.segment_groups.UpdateSegmentGroup, request, not etag)


def delete_segment_group(account: str, group: str, *, etag: str = "") -> Call[Empty]:
    """Deletes a group by id or name. With an etag, only if nobody changed it meanwhile."""
    request = service.DeleteSegmentGroupRequest(name=segment_group_name(account, group), etag=etag)
    return Call(lambda stubs: stubs.segment_groups.DeleteSegmentGroup, request, repeatable=False)
