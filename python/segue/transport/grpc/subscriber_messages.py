"""Members as seed 004 shows them."""

import datetime
from collections.abc import Iterator
from typing import Final

from segue.domain.membership import SubscriberPage
from segue.domain.timestamp import format_timestamp
from segue.transport.grpc.messages import timestamp
from segue.v1 import profile_pb2, segment_service_pb2

_EPOCH: Final = datetime.date(1970, 1, 1)
_CONSENTS: Final = {
    profile_pb2.CONSENT_TO_TRACK_YES: "Yes",
    profile_pb2.CONSENT_TO_TRACK_NO: "No",
}


def subscriber_page_message(
    page: SubscriberPage, *, with_consent: bool
) -> segment_service_pb2.ListActiveSubscribersResponse:
    """Returns a page of members with its envelope; some milliseconds for a full page."""
    batch = profile_pb2.ProfileBatch.FromString(page.batch)
    results = [
        _subscriber(profile, page.list_id, with_consent=with_consent) for profile in batch.profiles
    ]
    return segment_service_pb2.ListActiveSubscribersResponse(
        results=results,
        results_ordered_by=page.order_field,
        order_direction=page.order_direction,
        page_number=page.page,
        page_size=page.page_size,
        records_on_this_page=len(results),
        total_number_of_records=page.total,
        number_of_pages=page.page_count,
    )


def _subscriber(
    profile: profile_pb2.Profile, list_id: str | None, *, with_consent: bool
) -> segment_service_pb2.Subscriber:
    own = [item for item in profile.memberships if item.list == list_id]
    joined, active = profile.created_at_millis, profile.created_at_millis
    fields, consent = list(profile.fields), ""
    for membership in own:
        joined, active = membership.joined_at_millis, membership.active_at_millis
        fields = list(membership.fields)
        consent = _CONSENTS.get(membership.consent_to_track, "") if with_consent else ""
    return segment_service_pb2.Subscriber(
        email_address=next((one.value for one in profile.emails if not one.inactive), ""),
        name=profile.name.full_name,
        list_joined_date=timestamp(joined),
        date=timestamp(active),
        state="Active",
        custom_fields=[
            segment_service_pb2.CustomField(key=field.key, value=value)
            for field in fields
            for value in _texts(field)
        ],
        consent_to_track=consent,
        profile_id=profile.profile_id,
    )


def _texts(field: profile_pb2.FieldValue) -> Iterator[str]:
    """Yields a field's value as text; of several options each."""
    match field.WhichOneof("value"):
        case "text":
            yield field.text
        case "number":
            yield f"{field.number:.17g}" if field.number % 1 else f"{field.number:.0f}"
        case "boolean":
            yield "true" if field.boolean else "false"
        case "date_days":
            yield (_EPOCH + datetime.timedelta(days=field.date_days)).isoformat()
        case "date_time_millis":
            yield format_timestamp(field.date_time_millis)
        case "options":
            yield from field.options.options
