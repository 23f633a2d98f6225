"""Domain values as the messages that callers see."""

from google.protobuf.timestamp_pb2 import Timestamp

from segue.domain.account import Account
from segue.domain.audit import AuditEntry
from segue.domain.campaign import Campaign
from segue.domain.event import RecordSummary
from segue.domain.field import Field, FieldType
from segue.domain.key import ApiKey
from segue.domain.list import ListStats, MailingList
from segue.domain.profile import RecordException, UpsertResult
from segue.service.etag import etag_of
from segue.v1 import (
    account_pb2,
    account_service_pb2,
    campaign_pb2,
    error_reason_pb2,
    event_service_pb2,
    field_pb2,
    list_pb2,
    list_service_pb2,
    profile_service_pb2,
    user_service_pb2,
)

FIELD_TYPES = {
    FieldType.TEXT: field_pb2.FIELD_TYPE_TEXT,
    FieldType.NUMBER: field_pb2.FIELD_TYPE_NUMBER,
    FieldType.BOOLEAN: field_pb2.FIELD_TYPE_BOOLEAN,
    FieldType.DATE: field_pb2.FIELD_TYPE_DATE,
    FieldType.DATE_TIME: field_pb2.FIELD_TYPE_DATE_TIME,
    FieldType.MULTI_SELECT_ONE: field_pb2.FIELD_TYPE_MULTI_SELECT_ONE,
    FieldType.MULTI_SELECT_MANY: field_pb2.FIELD_TYPE_MULTI_SELECT_MANY,
    FieldType.COUNTRY: field_pb2.FIELD_TYPE_COUNTRY,
    FieldType.US_STATE: field_pb2.FIELD_TYPE_US_STATE,
}


def timestamp(millis: int) -> Timestamp:
    """Returns an instant given in milliseconds since 1970 UTC."""
    message = Timestamp()
    message.FromMilliseconds(millis)
    return message


def account_message(account: Account) -> account_pb2.Account:
    """Returns an account as its resource."""
    return account_pb2.Account(
        name=account.name,
        display_name=account.display_name,
        time_zone=account.time_zone,
        create_time=timestamp(account.create_millis),
        update_time=timestamp(account.update_millis),
        etag=etag_of(account.version),
        revision=account.revision,
        profile_count=account.profile_count,
    )


def list_message(mailing_list: MailingList) -> list_pb2.List:
    """Returns a list as its resource."""
    return list_pb2.List(
        name=mailing_list.name,
        display_name=mailing_list.display_name,
        create_time=timestamp(mailing_list.create_millis),
        update_time=timestamp(mailing_list.update_millis),
        etag=etag_of(mailing_list.version),
    )


def list_stats_message(stats: ListStats) -> list_service_pb2.ListStats:
    """Returns a list's counts; they come in the order of `MEMBERSHIP_STATES`."""
    active, unconfirmed, unsubscribed, bounced, deleted, inactive = stats.counts
    return list_service_pb2.ListStats(
        name=stats.name,
        active_count=active,
        unconfirmed_count=unconfirmed,
        unsubscribed_count=unsubscribed,
        bounced_count=bounced,
        deleted_count=deleted,
        inactive_count=inactive,
        revision=stats.revision,
    )


def field_message(field: Field) -> field_pb2.Field:
    """Returns a field as its resource; `%` is what a key may hold and a name may not."""
    return field_pb2.Field(
        name=f"{field.parent}/fields/{field.key.replace('%', '%25')}",
        key=field.key,
        tag=f"[{field.key}]",
        display_name=field.display_name,
        type=FIELD_TYPES[field.type],
        options=field.options,
        create_time=timestamp(field.create_millis),
        etag=etag_of(field.version),
    )


def campaign_message(campaign: Campaign) -> campaign_pb2.Campaign:
    """Returns a campaign as its resource."""
    account = f"accounts/{campaign.account_id}"
    return campaign_pb2.Campaign(
        name=campaign.name,
        title=campaign.title,
        lists=[f"{account}/lists/{list_id}" for list_id in campaign.list_ids],
        segments=[f"{account}/segments/{segment_id}" for segment_id in campaign.segment_ids],
        links=campaign.links,
        state=campaign_pb2.CampaignState.ValueType(campaign.state),
        sent_time=optional_timestamp(campaign.sent_millis),
        create_time=timestamp(campaign.create_millis),
        etag=etag_of(campaign.version),
    )


def recorded_message(summary: RecordSummary) -> event_service_pb2.RecordEventsResponse:
    """Returns what became of a stream of events."""
    return event_service_pb2.RecordEventsResponse(
        received_count=summary.received_count,
        recorded_count=summary.recorded_count,
        duplicate_count=summary.duplicate_count,
        unknown_profile_count=summary.unknown_profile_count,
        exception_count=summary.exception_count,
        exceptions=[
            event_service_pb2.EventException(
                block_number=problem.block_number,
                record_number=problem.record_number,
                event_id=problem.event_id,
                field_path=problem.field_path,
                reason=error_reason_pb2.ErrorReason.ValueType(problem.reason),
                message=problem.message,
            )
            for problem in summary.exceptions
        ],
        revision=summary.revision,
    )


def upsert_message(result: UpsertResult) -> profile_service_pb2.UpsertProfilesResponse:
    """Returns what became of a small write."""
    return profile_service_pb2.UpsertProfilesResponse(
        revision=result.revision,
        written_count=result.written_count,
        created_count=result.created_count,
        exceptions=[exception_message(problem) for problem in result.exceptions],
    )


def exception_message(problem: RecordException) -> profile_service_pb2.RecordException:
    """Returns a problem of one record."""
    return profile_service_pb2.RecordException(
        part_number=problem.part_number,
        record_number=problem.record_number,
        profile_id=problem.profile_id,
        field_path=problem.field_path,
        reason=error_reason_pb2.ErrorReason.ValueType(problem.reason),
        message=problem.message,
    )


def audit_message(entry: AuditEntry) -> account_service_pb2.AuditEntry:
    """Returns an entry of the audit log."""
    return account_service_pb2.AuditEntry(
        time=timestamp(entry.millis),
        actor=entry.actor,
        action=entry.action,
        resource=entry.resource,
        revision=entry.revision,
        counts=entry.counts,
    )


def api_key_message(key: ApiKey) -> user_service_pb2.ApiKey:
    """Returns a key as its resource, without its secret."""
    return user_service_pb2.ApiKey(
        name=key.name, display_name=key.display_name, create_time=timestamp(key.create_millis)
    )


def optional_timestamp(millis: int | None) -> Timestamp | None:
    """Returns an instant, or none for none."""
    return None if millis is None else timestamp(millis)
