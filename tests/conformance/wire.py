"""People as the API takes them: profiles and events."""

import datetime
from collections.abc import Iterable, Mapping

from segue.domain.condition import Attribute
from segue.v1.event_pb2 import Event, EventBatch
from segue.v1.profile_pb2 import (
    Consent,
    ConsentState,
    ConsentToTrack,
    FieldValue,
    Identifier,
    MembershipState,
    PersonName,
    Profile,
    SubscriptionState,
    TopicState,
)
from segue.v1.profile_pb2 import Membership as MembershipMessage
from tests.conformance.person import Membership, Person, Value

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MILLI = datetime.timedelta(milliseconds=1)


def millis(instant: datetime.datetime) -> int:
    """Counts milliseconds since 1970 UTC."""
    return (instant - EPOCH) // MILLI


def to_profile(person: Person) -> Profile:
    """Writes everything known of a person, but times that the server gives."""
    words = {name: str(value) for name, value in person.attributes.items()}
    return Profile(
        profile_id=person.profile_id,
        emails=_identifiers(words.get(Attribute.EMAIL)),
        phones=_identifiers(words.get(Attribute.PHONE)),
        customer_type=words.get(Attribute.CUSTOMER_TYPE),
        name=_name(words),
        locale=words.get(Attribute.LOCALE),
        country=words.get(Attribute.COUNTRY),
        region=words.get(Attribute.REGION),
        latitude=person.latitude,
        longitude=person.longitude,
        fields=_field_values(person.fields),
        memberships=[_membership(*item) for item in person.memberships.items()],
        tags=sorted(person.tags),
        topics=[_topic(*item) for item in person.topics.items()],
        consents=[_consent(*item) for item in person.consents.items()],
    )


def to_events(people: Iterable[Person]) -> EventBatch:
    """Writes everything that happened to people."""
    return EventBatch(
        events=[
            _event(event.event_id, person.profile_id, event.event_type, event.at, event.data)
            for person in people
            for event in person.events
        ]
    )


def _identifiers(value: str | None) -> list[Identifier]:
    return [] if value is None else [Identifier(value=value)]


def _name(words: Mapping[Attribute, str]) -> PersonName:
    given, family = words.get(Attribute.GIVEN_NAME), words.get(Attribute.FAMILY_NAME)
    whole = None if given or family else words.get(Attribute.NAME)
    return PersonName(given_name=given, family_name=family, full_name=whole)


def _membership(list_id: str, membership: Membership) -> MembershipMessage:
    answer = (membership.consent_to_track or "unspecified").upper()
    return MembershipMessage(
        list=list_id,
        state=MembershipState.Value(f"MEMBERSHIP_STATE_{membership.state}"),
        joined_at_millis=millis(membership.joined_at),
        consent_to_track=ConsentToTrack.Value(f"CONSENT_TO_TRACK_{answer}"),
        fields=_field_values(membership.fields),
    )


def _topic(name: str, is_subscribed: bool) -> TopicState:  # noqa: FBT001 - a pair of a mapping
    word = "SUBSCRIBED" if is_subscribed else "UNSUBSCRIBED"
    return TopicState(topic=name, state=SubscriptionState.Value(f"SUBSCRIPTION_STATE_{word}"))


def _consent(name: str, is_given: bool) -> Consent:  # noqa: FBT001 - a pair of a mapping
    word = "GIVEN" if is_given else "WITHDRAWN"
    return Consent(consent_type=name, state=ConsentState.Value(f"CONSENT_STATE_{word}"))


def _field_values(values: Mapping[str, Value]) -> list[FieldValue]:
    return [_field_value(key, value) for key, value in values.items()]


def _field_value(key: str, value: Value) -> FieldValue:
    message = FieldValue(key=key)
    match value:
        case frozenset():
            message.options.options.extend(sorted(value))
        case bool():
            message.boolean = value
        case str():
            message.text = value
        case float() | int():
            message.number = value
        case datetime.datetime():
            message.date_time_millis = millis(value)
        case datetime.date():
            message.date_days = (value - EPOCH.date()).days
    return message


def _event(
    event_id: str,
    profile_id: str,
    event_type: str,
    at: datetime.datetime,
    data: Mapping[str, Value],
) -> Event:
    message = Event(
        event_id=event_id,
        profile_id=profile_id,
        event_type=event_type,
        source_time_millis=millis(at),
    )
    for key, value in data.items():
        entry = message.data.add(key=key)
        match value:
            case bool():
                entry.boolean = value
            case str():
                entry.text = value
            case float() | int():
                entry.number = value
            case datetime.datetime():
                entry.date_time_millis = millis(value)
    return message
