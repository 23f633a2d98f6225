"""Segment groups as the messages that callers see."""

from segue.domain.segment_group import (
    Combination,
    CountedGroup,
    GroupRef,
    Operand,
    SegmentRef,
)
from segue.service.etag import etag_of
from segue.transport.grpc.messages import timestamp
from segue.v1 import segment_group_pb2


def segment_group_message(counted: CountedGroup) -> segment_group_pb2.SegmentGroup:
    """Returns a group as its resource; 0 members where they were not counted."""
    group = counted.group
    return segment_group_pb2.SegmentGroup(
        name=group.name,
        display_name=group.display_name,
        combination=_combination(f"accounts/{group.account_id}", group.combination),
        member_count=counted.member_count,
        create_time=timestamp(group.create_millis),
        update_time=timestamp(group.update_millis),
        etag=etag_of(group.version),
        revision_number=group.version,
    )


def _combination(account: str, combination: Combination) -> segment_group_pb2.SegmentCombination:
    return segment_group_pb2.SegmentCombination(
        operator=segment_group_pb2.SegmentOperator.ValueType(combination.operator),
        operands=[_operand(account, operand) for operand in combination.operands],
    )


def _operand(account: str, operand: Operand) -> segment_group_pb2.SegmentOperand:
    match operand:
        case SegmentRef(segment_id):
            return segment_group_pb2.SegmentOperand(segment=f"{account}/segments/{segment_id}")
        case GroupRef(group_id):
            name = f"{account}/segmentGroups/{group_id}"
            return segment_group_pb2.SegmentOperand(segment_group=name)
        case Combination():
            return segment_group_pb2.SegmentOperand(combination=_combination(account, operand))
