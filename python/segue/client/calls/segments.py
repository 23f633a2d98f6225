"""Calls about segments."""

import re
import uuid
from collections.abc import Sequence
from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp

from segue.client.calls.call import Call, PagedCall
from segue.client.calls.masks import changed_paths
from segue.client.errors import FailureDetails, NotFound
from segue.client.names import account_name, list_name, segment_name
from segue.client.times import to_timestamp
from segue.v1 import segment_service_pb2 as service
from segue.v1.segment_pb2 import RuleGroup, Segment, SegmentRevision

_SEGMENT_ID = re.compile("[0-9a-f]{32}")


def create_segment(
    account: str,
    title: str,
    rule_groups: Sequence[RuleGroup] = (),
    *,
    rule_filter: str = "",
    rule_json: str = "",
    list_id: str | None = None,
) -> Call[Segment]:
    """Creates a segment of a list's active members, or of the account's profiles without a list; rules come in at most one form."""
    request = service.CreateSegmentRequest(
        parent=account_name(account),
        segment=_segment(account, list_id, title, rule_groups, rule_filter, rule_json),
        request_id=str(uuid.uuid4()),
    )
    return Call(lambda stubs: stubs.segments.CreateSegment, request)


def update_segment(
    account: str,
    segment: str,
    *,
    title: str | None = None,
    rule_groups: Sequence[RuleGroup] | None = None,
    rule_filter: str | None = None,
    rule_json: str | None = None,
    etag: str = "",
) -> Call[Segment]:
    """Changes a segment's title, its rules, or both; rules in one form replace all. With an etag, only if nobody else did meanwhile."""
    request = service.UpdateSegmentRequest(
        segment=Segment(
            name=segment_name(account, segment),
            title=title or "",
            rule_groups=rule_groups or (),
            filter=rule_filter or "",
            condition_json=rule_json or "",
            etag=etag,
        ),
        update_mask=changed_paths(
            title=title, rule_groups=rule_groups, filter=rule_filter, condition_json=rule_json
        ),
    )
    return Call(lambda stubs: stubs.segments.UpdateSegment, request, repeatable=not etag)


def add_rule_group(
    account: str, segment: str, rule_group: RuleGroup, *, etag: str = ""
) -> Call[Segment]:
    """Adds a group of rules that members must satisfy besides those there are."""
    request = service.AddRuleGroupRequest(
        name=segment_name(account, segment), rule_group=rule_group, etag=etag
    )
    return Call(lambda stubs: stubs.segments.AddRuleGroup, request, repeatable=False)


def clear_rules(account: str, segment: str, *, etag: str = "") -> Call[Segment]:
    """Removes all rules: every active member of the list is a member then."""
    request = service.ClearRulesRequest(name=segment_name(account, segment), etag=etag)
    return Call(lambda stubs: stubs.segments.ClearRules, request, repeatable=not etag)


def get_segment(account: str, segment: str, *, min_revision: int = 0) -> Call[Segment]:
    """Returns a segment, by id or name, with its number of members."""
    request = service.GetSegmentRequest(
        name=segment_name(account, segment), min_revision=min_revision
    )
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


def delete_segment(account: str, segment: str, *, etag: str = "") -> Call[Empty]:
    """Deletes a segment by id or name. With an etag, only if nobody changed it meanwhile."""
    request = service.DeleteSegmentRequest(name=segment_name(account, segment), etag=etag)
    return Call(lambda stubs: stubs.segments.DeleteSegment, request, repeatable=False)


def list_active_subscribers(
    account: str,
    segment: str,
    *,
    date: str = "",
    page: int = 1,
    page_size: int = 1000,
    order_field: str = "date",
    order_direction: str = "asc",
    include_tracking_preference: bool = False,
    min_revision: int = 0,
) -> Call[service.ListActiveSubscribersResponse]:
    """Returns a page of members with the envelope of seed 004; `date` leaves out who was active before it."""
    request = service.ListActiveSubscribersRequest(
        name=segment_name(account, segment),
        date=date,
        page=page,
        page_size=page_size,
        order_field=order_field,
        order_direction=order_direction,
        include_tracking_preference=include_tracking_preference,
        min_revision=min_revision,
    )
    return Call(lambda stubs: stubs.segments.ListActiveSubscribers, request)


def count_members(
    account: str,
    segment: str,
    *,
    evaluate_time: datetime | None = None,
    time_zone: str = "",
    include_breakdown: bool = False,
    estimate_only: bool = False,
    min_revision: int = 0,
) -> Call[service.CountMembersResponse]:
    """Counts the members of a segment, by id or name, now or as of a moment and in a time zone."""
    request = service.CountMembersRequest(
        parent=account_name(account),
        segment=segment_name(account, segment),
        evaluate_time=_moment(evaluate_time),
        time_zone=time_zone,
        include_breakdown=include_breakdown,
        estimate_only=estimate_only,
        min_revision=min_revision,
    )
    return Call(lambda stubs: stubs.segments.CountMembers, request)


def count_draft(
    account: str,
    rule_groups: Sequence[RuleGroup] = (),
    *,
    rule_filter: str = "",
    rule_json: str = "",
    list_id: str | None = None,
    evaluate_time: datetime | None = None,
    time_zone: str = "",
    include_breakdown: bool = False,
    estimate_only: bool = False,
    min_revision: int = 0,
) -> Call[service.CountMembersResponse]:
    """Counts whom rules would select, without saving them."""
    request = service.CountMembersRequest(
        parent=account_name(account),
        draft=_segment(account, list_id, "", rule_groups, rule_filter, rule_json),
        evaluate_time=_moment(evaluate_time),
        time_zone=time_zone,
        include_breakdown=include_breakdown,
        estimate_only=estimate_only,
        min_revision=min_revision,
    )
    return Call(lambda stubs: stubs.segments.CountMembers, request)


def explain_membership(
    account: str,
    segment: str,
    profile_id: str,
    *,
    evaluate_time: datetime | None = None,
    time_zone: str = "",
    min_revision: int = 0,
) -> Call[service.ExplainMembershipResponse]:
    """Tells for each rule of a segment what it saw of a profile, and when the answer changes."""
    request = service.ExplainMembershipRequest(
        parent=account_name(account),
        segment=segment_name(account, segment),
        profile_id=profile_id,
        evaluate_time=_moment(evaluate_time),
        time_zone=time_zone,
        min_revision=min_revision,
    )
    return Call(lambda stubs: stubs.segments.ExplainMembership, request)


def list_segment_revisions(account: str, segment: str) -> PagedCall[SegmentRevision]:
    """Lists what a segment was, the newest revision first."""
    return PagedCall(
        lambda token: Call(
            lambda stubs: stubs.segments.ListSegmentRevisions,
            service.ListSegmentRevisionsRequest(
                name=segment_name(account, segment), page_token=token
            ),
        ),
        lambda page: page.revisions,
    )


def compare_segment_revisions(
    account: str, segment: str, from_revision: int, to_revision: int, *, min_revision: int = 0
) -> Call[service.CompareSegmentRevisionsResponse]:
    """Compares two revisions: which rules, and how many members enter and leave."""
    request = service.CompareSegmentRevisionsRequest(
        name=segment_name(account, segment),
        from_revision_number=from_revision,
        to_revision_number=to_revision,
        min_revision=min_revision,
    )
    return Call(lambda stubs: stubs.segments.CompareSegmentRevisions, request)


def follow(request: service.WatchSegmentRequest, response: service.WatchSegmentResponse) -> None:
    """Makes a watching request go on after a response; among all members, which have no position, it begins anew."""
    if response.HasField("position"):
        request.position.CopyFrom(response.position)
    else:
        request.ClearField("position")


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


def _moment(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else to_timestamp(moment)


def _segment(
    account: str,
    list_id: str | None,
    title: str,
    rule_groups: Sequence[RuleGroup],
    rule_filter: str,
    rule_json: str,
) -> Segment:
    return Segment(
        list=list_name(account, list_id) if list_id else "",
        title=title,
        rule_groups=rule_groups,
        filter=rule_filter,
        condition_json=rule_json,
    )
