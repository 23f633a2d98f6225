"""What callers send about segments as domain values."""

from typing import Final, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from segue.domain.membership import SubscriberQuery, WatchPosition
from segue.domain.segment import (
    NO_RULES,
    Draft,
    Evaluation,
    Rules,
    RulesForm,
    RuleText,
    SegmentChange,
    encode_rule_groups,
)
from segue.errors import FieldInvalid, FieldViolation, TimeInvalid
from segue.transport.grpc import names
from segue.v1 import segment_pb2, segment_service_pb2

TargetRequest: TypeAlias = (
    segment_service_pb2.CountMembersRequest | segment_service_pb2.ExplainMembershipRequest
)
"""A request about a saved segment or a draft."""

_RULE_PATHS: Final = frozenset({"rule_groups", "filter", "condition_json"})
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799


def rules_of(segment: segment_pb2.Segment, field: str) -> Rules | None:
    """Returns a segment's rules in the form that is given; None when none is.

    Raises:
        FieldInvalid: Several forms are given.
    """
    groups = tuple(map(rule_group_of, segment.rule_groups))
    forms = {
        "rule_groups": Rules(RulesForm.GROUPS, encode_rule_groups(groups)),
        "filter": Rules(RulesForm.FILTER, segment.filter),
        "condition_json": Rules(RulesForm.JSON, segment.condition_json),
    }
    given = [name for name, rules in forms.items() if rules.text.strip()]
    if len(given) > 1:
        raise FieldInvalid(
            FieldViolation(f"{field}.{given[1]}", f"cannot stand beside {given[0]}; send one form")
        )
    return forms[given[0]] if given else None


def rule_group_of(group: segment_pb2.RuleGroup) -> tuple[RuleText, ...]:
    """Returns the rules of a group."""
    return tuple(RuleText(rule.rule_type, rule.clause) for rule in group.rules)


def segment_change_of(request: segment_service_pb2.UpdateSegmentRequest) -> SegmentChange:
    """Returns what an update changes: without a mask the title, and the rules where some are given (seed 004); else what the mask names.

    Raises:
        FieldInvalid: The mask names a field that cannot change, or rules come in several forms.
    """
    paths = set(request.update_mask.paths)
    if unknown := paths - _RULE_PATHS - {"title", "*"}:
        known = ", ".join(("title", *sorted(_RULE_PATHS)))
        raise FieldInvalid(
            FieldViolation("update_mask", f"names {min(unknown)!r}; may name {known}")
        )
    rules = rules_of(request.segment, "segment")
    if not paths:
        return SegmentChange(request.segment.title, rules)
    return SegmentChange(
        title=request.segment.title if paths & {"title", "*"} else None,
        rules=(rules or NO_RULES) if paths & {*_RULE_PATHS, "*"} else None,
    )


def target_of(account: str, request: TargetRequest) -> str | Draft:
    """Returns the saved segment, by id, or the draft that a request is about.

    Raises:
        FieldInvalid: There is neither.
    """
    match request.WhichOneof("target"):
        case "segment":
            return names.segment_within(account, request.segment, "segment")
        case "draft":
            list_id = names.list_within(account, request.draft.list, "draft.list")
            return Draft(list_id, rules_of(request.draft, "draft") or NO_RULES)
        case _:
            raise FieldInvalid(FieldViolation("target", "is missing; send segment or draft"))


def evaluation_of(request: TargetRequest) -> Evaluation:
    """Returns when and in which time zone rules are evaluated.

    Raises:
        TimeInvalid: The moment lies outside of years 1 to 9999.
    """
    has_time = request.HasField("evaluate_time")
    return Evaluation(_millis(request.evaluate_time) if has_time else None, request.time_zone)


def _millis(moment: Timestamp) -> int:
    if not _FIRST_SECOND <= moment.seconds <= _LAST_SECOND:
        raise TimeInvalid(
            f"{moment.seconds} s after 1970 is outside of years 1 to 9999",
            {"value": moment.seconds},
        )
    return moment.seconds * 1000 + moment.nanos // 1_000_000


def subscriber_query_of(
    request: segment_service_pb2.ListActiveSubscribersRequest,
) -> SubscriberQuery:
    """Returns which page of members is asked for."""
    return SubscriberQuery(
        request.date,
        request.page,
        request.page_size,
        request.order_field,
        request.order_direction,
    )


def watch_position_of(request: segment_service_pb2.WatchSegmentRequest) -> WatchPosition | None:
    """Returns where a watcher goes on; None for the beginning.

    Raises:
        FieldInvalid: The position is none that a server gave.
    """
    if not request.HasField("position"):
        return None
    position = WatchPosition(request.position.revision, request.position.millis)
    if position.revision < 0 or position.millis < 0:
        raise FieldInvalid(
            FieldViolation("position", "is negative; send the position of a response as received")
        )
    return position
