"""Segments and their members as the messages that callers see."""

from segue.domain.membership import (
    CostEstimate,
    DescribedSegment,
    ExplainedRule,
    Explanation,
    GroupCount,
    MemberCount,
    MembersAnew,
    MembershipChanges,
    RevisionComparison,
)
from segue.domain.segment import SegmentRevision
from segue.service.etag import etag_of
from segue.transport.grpc.messages import optional_timestamp, timestamp
from segue.v1 import export_service_pb2, profile_pb2, segment_pb2, segment_service_pb2


def segment_message(described: DescribedSegment) -> segment_pb2.Segment:
    """Returns a segment as its resource; 0 members where they were not counted."""
    segment, forms = described.segment, described.forms
    return segment_pb2.Segment(
        name=segment.name,
        list=segment.list_name,
        title=segment.title,
        rule_groups=[
            segment_pb2.RuleGroup(
                rules=[
                    segment_pb2.Rule(rule_type=rule.rule_type, clause=rule.clause) for rule in group
                ]
            )
            for group in forms.groups
        ],
        active_subscriber_count=described.members,
        create_time=timestamp(segment.create_millis),
        update_time=timestamp(segment.update_millis),
        etag=etag_of(segment.version),
        filter=forms.filter,
        condition_json=forms.json,
        inexpressible=forms.inexpressible,
        system=segment.is_system,
        revision_number=segment.version,
    )


def revision_message(
    revision: SegmentRevision, described: DescribedSegment
) -> segment_pb2.SegmentRevision:
    """Returns a segment as it was."""
    return segment_pb2.SegmentRevision(
        revision_number=revision.segment.version,
        create_time=timestamp(revision.segment.update_millis),
        author=revision.author,
        segment=segment_message(described),
    )


def comparison_message(
    comparison: RevisionComparison,
) -> segment_service_pb2.CompareSegmentRevisionsResponse:
    """Returns the difference of two revisions."""
    return segment_service_pb2.CompareSegmentRevisionsResponse(
        removed_rules=comparison.removed_rules,
        added_rules=comparison.added_rules,
        entering_count=comparison.entering,
        leaving_count=comparison.leaving,
        staying_count=comparison.staying,
        former_title=comparison.former_title,
    )


def count_message(count: MemberCount) -> segment_service_pb2.CountMembersResponse:
    """Returns a number of members."""
    return segment_service_pb2.CountMembersResponse(
        member_count=count.members,
        candidate_count=count.candidates,
        revision=count.revision,
        evaluate_time=timestamp(count.evaluate_millis),
        groups=[_group_message(group) for group in count.groups],
        cost=_cost_message(count.cost),
    )


def _group_message(group: GroupCount) -> segment_service_pb2.RuleGroupCount:
    return segment_service_pb2.RuleGroupCount(
        member_count=group.members,
        sole_excluded_count=group.sole_excluded,
        rules=[
            segment_service_pb2.RuleCount(
                filter=rule.filter, member_count=rule.members, excluded_count=rule.excluded
            )
            for rule in group.rules
        ],
    )


def _cost_message(cost: CostEstimate) -> segment_service_pb2.CostEstimate:
    return segment_service_pb2.CostEstimate(
        bytes_read=cost.bytes_read,
        profile_count=cost.profile_count,
        predicate_count=cost.predicate_count,
    )


def explanation_message(
    explanation: Explanation,
) -> segment_service_pb2.ExplainMembershipResponse:
    """Returns why a profile is a member, or is not."""
    return segment_service_pb2.ExplainMembershipResponse(
        is_member=explanation.is_member,
        is_candidate=explanation.is_candidate,
        next_change_time=optional_timestamp(explanation.next_change_millis),
        root=_explained_message(explanation.root),
        revision=explanation.revision,
        evaluate_time=timestamp(explanation.evaluate_millis),
    )


def _explained_message(node: ExplainedRule) -> segment_service_pb2.ExplainedRule:
    return segment_service_pb2.ExplainedRule(
        rule=node.rule,
        holds=node.holds,
        value_json=node.value_json,
        window_start_time=optional_timestamp(node.window_start_millis),
        window_end_time=optional_timestamp(node.window_end_millis),
        next_change_time=optional_timestamp(node.next_change_millis),
        children=[_explained_message(child) for child in node.children],
    )


def watch_message(
    watched: MembershipChanges | MembersAnew, epoch: int
) -> segment_service_pb2.WatchSegmentResponse:
    """Returns enterings and leavings with the position after them."""
    if isinstance(watched, MembershipChanges):
        message = segment_service_pb2.WatchSegmentResponse.FromString(watched.changes)
        position = watched.position
        message.position.MergeFrom(
            segment_service_pb2.WatchPosition(
                revision=position.revision, millis=position.millis, epoch=epoch
            )
        )
        return message
    message = segment_service_pb2.WatchSegmentResponse(reset=watched.is_first)
    data = export_service_pb2.RetrieveExportResponse.FromString(watched.block).data
    for profile in profile_pb2.ProfileBatch.FromString(data).profiles:
        message.changes.add(
            profile_id=profile.profile_id,
            entered=True,
            revision=watched.as_of.revision,
            at_millis=watched.as_of.millis,
        )
    return message
