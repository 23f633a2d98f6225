"""Calls about segments."""

import re
import uuid
from collections.abc import Sequence

from google.protobuf.empty_pb2 import Empty

from segue.client.calls.call import Call, PagedCall
from segue.client.errors import FailureDetails, NotFound
from segue.client.names import account_name, list_name, segment_name
from segue.v1 import segment_service_pb2 as service
from segue.v1.segment_pb2 import RuleGroup, Segment

_SEGMENT_ID = re.compile("[0-9a-f]{32}")


def create_segment(
    account: str, title: str, rule_groups: Sequence[RuleGroup], *, list_id: str | None = None
) -> Call[Segment]:
    """Creates a segment of a list's active members, or of the account's profiles without a list."""
    request = service.CreateSegmentRequest(
        parent=account_name(account),
        segment=_segment(account, rule_groups, list_id, title),
        request_id=str(uuid.uuid4()),
    )
    return Call(lambda stubs: stubs.segments.CreateSegment, request)


def get_segment(account: str, segment: str) -> Call[Segment]:
    """Returns a segment, by id or name, with its number of members."""
    request = service.GetSegmentRequest(name=segment_name(account, segment))
    return Call(lambda stubs: stubs.segments.GetSegment, request)


def list_segments(
    account: str, *, list_id: str | None = None, title: str = ""
) -> PagedCall[Segment]:
    """Lists segments by title: all, those of a list, or those with a title."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.segments.ListSegments,
            service.ListSegmentsRequest(
                parent=account_name(account),
                list=list_name(account, list_id) if list_id else "",
                title=title,
                page_token=token,
            ),
        ),
        lambda page: page.segments,
    )


def delete_segment(account: str, segment: str) -> Call[Empty]:
    """Deletes a segment by id or name."""
    request = service.DeleteSegmentRequest(name=segment_name(account, segment))
    return Call(lambda stubs: stubs.segments.DeleteSegment, request, repeatable=False)


def count_members(account: str, segment: str) -> Call[service.CountMembersResponse]:
    """Counts the members of a segment, by id or name."""
    request = service.CountMembersRequest(
        parent=account_name(account), segment=segment_name(account, segment)
    )
    return Call(lambda stubs: stubs.segments.CountMembers, request)


def count_draft(
    account: str, rule_groups: Sequence[RuleGroup], *, list_id: str | None = None
) -> Call[service.CountMembersResponse]:
    """Counts whom rules would select, without saving them."""
    request = service.CountMembersRequest(
        parent=account_name(account), draft=_segment(account, rule_groups, list_id)
    )
    return Call(lambda stubs: stubs.segments.CountMembers, request)


def is_segment_name(text: str) -> bool:
    """Tells whether a text is a segment's id or full name rather than a title."""
    return text.startswith("accounts/") or _SEGMENT_ID.fullmatch(text) is not None


def only_segment(found: Sequence[Segment], title: str) -> Segment:
    """Returns the one segment that has a title.

    Raises:
        NotFound: None has it, or segments of several lists do.
    """
    if len(found) == 1:
        return found[0]
    details = FailureDetails(reason="RESOURCE_NOT_FOUND", code="NOT_FOUND")
    if not found:
        raise NotFound(f"no segment has the title {title!r}", details)
    lists = ", ".join(sorted(segment.list or "the account" for segment in found))
    raise NotFound(f"segments of {lists} have the title {title!r}: name the list too", details)


def _segment(
    account: str, rule_groups: Sequence[RuleGroup], list_id: str | None, title: str = ""
) -> Segment:
    return Segment(
        list=list_name(account, list_id) if list_id else "", title=title, rule_groups=rule_groups
    )
