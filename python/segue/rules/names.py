"""Names that conditions use, found in a scope or refused."""

from segue.domain.condition import Attribute, EventMatch, Subject
from segue.errors import ConditionInvalid
from segue.rules.scope import Column, EventTypeScope, Property, RuleScope, SegmentRules


def missing(
    kind: str, name: str, remedy: str = "create it first, or correct the name"
) -> ConditionInvalid:
    """Returns the refusal of a name that the account does not have."""
    return ConditionInvalid(
        f"there is no {kind} {name!r} here; {remedy}", {"kind": kind, "name": name}
    )


def column_of(subject: Subject, scope: RuleScope) -> Column:
    """Finds the values of an attribute or field.

    Raises:
        ConditionInvalid: There is no such field, or the attribute is a membership's and the segment has no list.
    """
    column = scope.column(subject)
    if column is not None:
        return column
    if isinstance(subject, Attribute):
        raise missing("attribute", subject.value, "it is one of segments on a list")
    raise missing("field", subject.key)


def event_type_of(match: EventMatch, scope: RuleScope) -> EventTypeScope:
    """Finds an event type.

    Raises:
        ConditionInvalid: There is no such event type.
    """
    found = scope.event_types.get(match.event_type)
    if found is None:
        raise missing("event type", match.event_type)
    return found


def property_of(key: str, event_type: EventTypeScope) -> Property:
    """Finds a property of an event type.

    Raises:
        ConditionInvalid: The event type has no such property.
    """
    found = event_type.properties.get(key)
    if found is None:
        known = ", ".join(event_type.properties) or "none"
        raise missing("property", key, f"the event type has {known}")
    return found


def segment_of(segment_id: str, scope: RuleScope) -> SegmentRules:
    """Finds another segment.

    Raises:
        ConditionInvalid: There is no such segment.
    """
    found = scope.segment(segment_id)
    if found is None:
        raise missing("segment", segment_id)
    return found


def mark_column(kind: str, name: str, scope: RuleScope) -> int:
    """Finds the column of a tag, topic or consent.

    Raises:
        ConditionInvalid: There is none of this id.
    """
    columns = {"tag": scope.tags, "topic": scope.topics, "consent": scope.consents}[kind]
    if name not in columns:
        raise missing(kind, name)
    return columns[name]
