"""Calls about segment groups."""

import uuid
from collections.abc import Mapping
from typing import Any, TypeAlias

from google.protobuf.empty_pb2 import Empty

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.masks import changed_paths
from segue.client.combinations import segment_combination
from segue.client.names import account_name, segment_group_name
from segue.v1 import segment_group_service_pb2 as service
from segue.v1.segment_group_pb2 import SegmentCombination, SegmentGroup

Combination: TypeAlias = SegmentCombination | Mapping[str, Any]
"""A combination, or a document of one, see `segment_combination`."""


def create_segment_group(
    account: str, group_id: str, combination: Combination, *, display_name: str = ""
) -> Call[SegmentGroup]:
    """Creates a group of segments and groups that are combined by AND, OR and EXCEPT."""
    request = service.CreateSegmentGroupRequest(
        parent=account_name(account),
        segment_group_id=group_id,
        segment_group=SegmentGroup(
            display_name=display_name, combination=_message(account, combination)
        ),
        request_id=str(uuid.uuid4()),
    )
    return Call(lambda stubs: stubs.segment_groups.CreateSegmentGroup, request)


def get_segment_group(account: str, group: str) -> Call[SegmentGroup]:
    """Returns a group with its number of members, by id or name."""
    request = service.GetSegmentGroupRequest(name=segment_group_name(account, group))
    return Call(lambda stubs: stubs.segment_groups.GetSegmentGroup, request)


def update_segment_group(
    account: str,
    group: str,
    *,
    combination: Combination | None = None,
    display_name: str | None = None,
    etag: str = "",
) -> Call[SegmentGroup]:
    """Changes what is not None. With an etag, only if nobody else did meanwhile."""
    changed = SegmentGroup(
        name=segment_group_name(account, group), display_name=display_name or "", etag=etag
    )
    if combination is not None:
        changed.combination.CopyFrom(_message(account, combination))
    mask = changed_paths(display_name=display_name, combination=combination)
    request = service.UpdateSegmentGroupRequest(segment_group=changed, update_mask=mask)
    return Call(lambda stubs: stubs.segment_groups.UpdateSegmentGroup, request, repeatable=not etag)


def list_segment_groups(account: str) -> PagedCall[SegmentGroup]:
    """Lists groups by id, without their numbers of members."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.segment_groups.ListSegmentGroups,
            service.ListSegmentGroupsRequest(parent=account_name(account), page_token=token),
        ),
        lambda page: page.segment_groups,
    )


def delete_segment_group(account: str, group: str, *, etag: str = "") -> Call[Empty]:
    """Deletes a group by id or name; one that another names stays."""
    request = service.DeleteSegmentGroupRequest(name=segment_group_name(account, group), etag=etag)
    return Call(lambda stubs: stubs.segment_groups.DeleteSegmentGroup, request, repeatable=False)


def _message(account: str, combination: Combination) -> SegmentCombination:
    if isinstance(combination, SegmentCombination):
        return combination
    return segment_combination(account, combination)
