"""What callers send as domain values: pages, update masks, formats, and options that are not built yet."""

import enum
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from segue.domain.campaign import CampaignDraft, CampaignState
from segue.domain.event import EventBlock
from segue.domain.field import FieldType
from segue.domain.page import PageRequest
from segue.domain.profile import BlockFormat
from segue.errors import FieldInvalid, FieldViolation, NotImplementedYet
from segue.transport.grpc import names
from segue.transport.grpc.messages import FIELD_TYPES
from segue.v1 import (
    block_pb2,
    campaign_pb2,
    event_service_pb2,
    field_pb2,
)

_TYPES: Final = {number: field_type for field_type, number in FIELD_TYPES.items()}

EXPORT_FORMATS: Final = frozenset(BlockFormat) - {BlockFormat.EVENT_BATCH}
EVENT_FORMATS: Final = frozenset({BlockFormat.EVENT_BATCH})

_PLANNED_FORMATS: Final = {
    number: name.removeprefix("BLOCK_FORMAT_")
    for name, number in block_pb2.BlockFormat.items()
    if "BATCH" not in name and number
}
"""Formats that blocks of any rows may have one day; batches are of one kind of rows."""


class PagedRequest(Protocol):
    """A request for a page."""

    page_size: int
    page_token: str


def page_of(request: PagedRequest) -> PageRequest:
    """Returns which page is asked for."""
    return PageRequest(request.page_size, request.page_token)


def changes_of(resource: Message, mask: FieldMask, mutable: Iterable[str]) -> Mapping[str, Any]:
    """Returns the values an update takes over, by field.

    Args:
        resource: The resource sent.
        mask: Fields to take over, `*` for all mutable ones; empty for all that are set.
        mutable: Fields that may change.

    Raises:
        FieldInvalid: The mask names a field that cannot change.
    """
    fields = tuple(mutable)
    for path in mask.paths:
        if path not in {*fields, "*"}:
            raise FieldInvalid(
                FieldViolation("update_mask", f"names {path!r}; may name {', '.join(fields)}")
            )
    if not mask.paths:
        return {name: getattr(resource, name) for name in fields if getattr(resource, name)}
    chosen = fields if "*" in mask.paths else tuple(mask.paths)
    return {name: getattr(resource, name) for name in chosen}


def field_type_of(value: field_pb2.FieldType.ValueType) -> FieldType:
    """Returns a field's type.

    Raises:
        FieldInvalid: There is none, or it is unknown.
    """
    if value not in _TYPES:
        raise FieldInvalid(
            FieldViolation("field.type", "is missing or unknown; choose a FieldType")
        )
    return _TYPES[value]


def block_format_of(
    value: block_pb2.BlockFormat.ValueType, allowed: frozenset[BlockFormat], field: str = "format"
) -> BlockFormat:
    """Returns the format of blocks.

    Raises:
        FieldInvalid: There is none, or it is unknown.
        NotImplementedYet: It is designed and not built for this direction.
    """
    number = int(value)
    if number in allowed:
        return BlockFormat(number)
    if value in _PLANNED_FORMATS:
        refuse(f"{field}.{_PLANNED_FORMATS[value]}", is_asked_for=True)
    formats = ", ".join(sorted(item.name for item in allowed))
    raise FieldInvalid(FieldViolation(field, f"is missing or unknown; choose one of {formats}"))


E = TypeVar("E", bound=enum.IntEnum)


def enum_of(kind: type[E], value: int, field: str) -> E | None:
    """Returns a choice of the protocol; None where nothing is chosen.

    Raises:
        FieldInvalid: It is unknown.
    """
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(item.name for item in kind if item)
        raise FieldInvalid(FieldViolation(field, f"is unknown; choose one of {known}")) from None


async def event_blocks(
    first: event_service_pb2.RecordEventsRequest,
    others: AsyncIterator[event_service_pb2.RecordEventsRequest],
) -> AsyncIterator[EventBlock]:
    """Yields the blocks of a stream as they arrive; a first message without data is none.

    Raises:
        FieldInvalid: A block has no format.
        NotImplementedYet: It is compressed, or of a format that is not built.
    """
    if first.data:
        yield _event_block(first)
    async for request in others:
        yield _event_block(request)


def _event_block(request: event_service_pb2.RecordEventsRequest) -> EventBlock:
    refuse("events.compression", request.compression != block_pb2.COMPRESSION_UNSPECIFIED)
    block_format_of(request.format, EVENT_FORMATS)
    return EventBlock(request.data, request.crc32c if request.HasField("crc32c") else None)


def campaign_draft_of(account: str, campaign: campaign_pb2.Campaign) -> CampaignDraft:
    """Returns what a campaign is created with.

    Raises:
        FieldInvalid: A name is malformed or another account's, or the state is unknown.
    """
    state = campaign_state_of(campaign.state, "campaign.state")
    return CampaignDraft(
        title=campaign.title,
        list_ids=tuple(
            names.list_of_account(account, name, f"campaign.lists[{position}]")
            for position, name in enumerate(campaign.lists)
        ),
        segment_ids=tuple(
            names.segment_within(account, name, f"campaign.segments[{position}]")
            for position, name in enumerate(campaign.segments)
        ),
        links=tuple(campaign.links),
        state=state or CampaignState.DRAFT,
        sent_millis=millis_of(campaign, "sent_time"),
    )


def campaign_state_of(
    value: campaign_pb2.CampaignState.ValueType, field: str
) -> CampaignState | None:
    """Returns a campaign's state, None where none is said.

    Raises:
        FieldInvalid: It is unknown.
    """
    if value == campaign_pb2.CAMPAIGN_STATE_UNSPECIFIED:
        return None
    if value not in campaign_pb2.CampaignState.values():
        raise FieldInvalid(FieldViolation(field, "is unknown; choose DRAFT or SENT"))
    return CampaignState(value)


def millis_of(message: Message, field: str) -> int | None:
    """Returns a timestamp of a message in milliseconds since 1970 UTC; None where it is not set."""
    moment: Timestamp = getattr(message, field)
    return moment.ToMilliseconds() if message.HasField(field) else None


def refuse(feature: str, is_asked_for: bool) -> None:  # noqa: FBT001 — reads as a sentence
    """Refuses an option that is designed and not built.

    Raises:
        NotImplementedYet: It is asked for; names the feature.
    """
    if is_asked_for:
        raise NotImplementedYet(f"{feature} is not built yet; leave it out", {"feature": feature})
