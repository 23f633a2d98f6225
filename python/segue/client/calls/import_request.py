"""What is asked of an import."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Final, TypedDict

from google.protobuf.duration_pb2 import Duration

from segue.client.names import account_name, list_name
from segue.v1 import import_service_pb2 as service
from segue.v1.match_criteria_pb2 import MatchBy, MatchCriteria

REFRESHED: Final = ("alternate_ids", "contacts", "custom_fields", "groups", "tags")
"""Collections that records may replace."""


class ImportOptions(TypedDict, total=False):
    """What is done with an import's records; everything may be left out.

    Attributes:
        list_id: The list every record joins, whose fields column names mean first.
        display_name: A name for people.
        action: ADD creates and updates profiles, which is the default; DELETE erases those named.
        match_by: By what records find their profiles; the profile id by default.
        match_type: Type of that identifier; required for alternate ids.
        refresh: Names among `REFRESHED`: what a record does not name of these is deactivated.
        allow_prior_consents: Records may write consents of an older version.
        ignore_unknown_fields: Unknown fields, tags, topics and consent types are passed over.
        write_mode: Which profiles may be written; new and stored ones by default.
        validate_only: Execution only tells what would happen, in the status's `review`.
        staging_retention: How long staged data is kept, and the import can be undone; at most 10 days.
        notify_email: Address that is written to when the import has ended.
        notify_webhook: https address that is called instead, signed as Standard Webhooks say.
        request_id: A UUID; the same one again gets the import that was opened first. A new one by default.
    """

    list_id: str | None
    display_name: str
    action: service.ImportAction.ValueType
    match_by: MatchBy.ValueType | None
    match_type: str
    refresh: Iterable[str]
    allow_prior_consents: bool
    ignore_unknown_fields: bool
    write_mode: service.WriteMode.ValueType
    validate_only: bool
    staging_retention: timedelta | None
    notify_email: str | None
    notify_webhook: str | None
    request_id: str


def import_request(
    account: str,
    *,
    list_id: str | None = None,
    display_name: str = "",
    action: service.ImportAction.ValueType = service.ImportAction.IMPORT_ACTION_UNSPECIFIED,
    match_by: MatchBy.ValueType | None = None,
    match_type: str = "",
    refresh: Iterable[str] = (),
    allow_prior_consents: bool = False,
    ignore_unknown_fields: bool = False,
    write_mode: service.WriteMode.ValueType = service.WriteMode.WRITE_MODE_UNSPECIFIED,
    validate_only: bool = False,
    staging_retention: timedelta | None = None,
    notify_email: str | None = None,
    notify_webhook: str | None = None,
    request_id: str = "",
) -> service.InitiateImportRequest:
    """Returns the request that opens an import, see `ImportOptions`.

    Raises:
        ValueError: `refresh` has another name, or both an e-mail address and a webhook were given.
    """
    if notify_email and notify_webhook:
        raise ValueError("give one of notify_email and notify_webhook")
    request = service.InitiateImportRequest(
        parent=account_name(account),
        list=list_name(account, list_id) if list_id else "",
        display_name=display_name,
        action=action,
        refresh=_refresh(refresh),
        allow_prior_consents=allow_prior_consents,
        ignore_unknown_fields=ignore_unknown_fields,
        write_mode=write_mode,
        validate_only=validate_only,
        request_id=request_id or str(uuid.uuid4()),
    )
    if match_by is not None or match_type:
        criteria = MatchCriteria(match_type=match_type)
        criteria.match_by = match_by or MatchBy.MATCH_BY_UNSPECIFIED
        request.match_criteria.CopyFrom(criteria)
    if staging_retention is not None:
        retention = Duration()
        retention.FromTimedelta(staging_retention)
        request.staging_retention.CopyFrom(retention)
    if notify_email:
        request.notify.email_address = notify_email
    if notify_webhook:
        request.notify.webhook_uri = notify_webhook
    return request


def _refresh(names: Iterable[str]) -> service.RefreshFlags | None:
    chosen = list(names)
    unknown = [name for name in chosen if name not in REFRESHED]
    if unknown:
        raise ValueError(f"refresh has {', '.join(unknown)}; choose among {', '.join(REFRESHED)}")
    return service.RefreshFlags(**dict.fromkeys(chosen, True)) if chosen else None
