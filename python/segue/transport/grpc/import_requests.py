"""What callers ask imports for, as domain values."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from google.protobuf.message import DecodeError

from segue.domain.export import Compression, MatchBy
from segue.domain.imports import (
    ImportAction,
    ImportRequest,
    ImportRules,
    StagedPart,
    WriteMode,
)
from segue.domain.profile import BlockFormat
from segue.errors import FieldInvalid, FieldViolation
from segue.kernel.message import take_bytes
from segue.transport.grpc import names
from segue.transport.grpc.notification_messages import notification_target_of
from segue.transport.grpc.requests import block_format_of, enum_of
from segue.v1 import import_service_pb2

IMPORT_FORMATS: Final = frozenset(
    {
        BlockFormat.PROFILE_BATCH,
        BlockFormat.ARROW_IPC,
        BlockFormat.NDJSON,
        BlockFormat.CSV,
        BlockFormat.PARQUET,
    }
)

_DATA_FIELD: Final = import_service_pb2.StageProfilesRequest.DATA_FIELD_NUMBER

_REFRESH: Final = (
    ("alternate_ids", 1),
    ("contacts", 2),
    ("custom_fields", 4),
    ("groups", 8),
    ("tags", 16),
)


def import_request_of(
    account: str, request: import_service_pb2.InitiateImportRequest
) -> ImportRequest:
    """Returns what an import is opened with.

    Raises:
        FieldInvalid: The list's name is malformed, or a choice is unknown.
    """
    options: dict[str, Any] = {}
    if request.HasField("staging_retention"):
        options["staging_retention_seconds"] = request.staging_retention.seconds
    return ImportRequest(
        display_name=request.display_name,
        list_id=names.list_within(account, request.list, "list"),
        action=enum_of(ImportAction, request.action, "action") or ImportAction.ADD,
        rules=_rules_of(request),
        ignore_unknown_fields=request.ignore_unknown_fields,
        validate_only=request.validate_only,
        notify=notification_target_of(request.notify) if request.HasField("notify") else None,
        request_id=request.request_id,
        **options,
    )


def _rules_of(request: import_service_pb2.InitiateImportRequest) -> ImportRules:
    criteria, match_by = request.match_criteria, MatchBy.PROFILE_ID
    if request.HasField("match_criteria"):
        chosen = enum_of(MatchBy, criteria.match_by, "match_criteria.match_by")
        if chosen is None:
            raise FieldInvalid(
                FieldViolation(
                    "match_criteria.match_by", "is missing; choose by what records find profiles"
                )
            )
        if criteria.values:
            raise FieldInvalid(
                FieldViolation("match_criteria.values", "are for exports; leave them out")
            )
        match_by = chosen
    return ImportRules(
        match_by=match_by,
        match_type=criteria.match_type,
        write_mode=enum_of(WriteMode, request.write_mode, "write_mode") or WriteMode.UPSERT,
        refresh=sum(bit for name, bit in _REFRESH if getattr(request.refresh, name)),
        allow_prior_consents=request.allow_prior_consents,
    )


def status_wait_of(request: import_service_pb2.GetImportStatusRequest) -> float:
    """Returns the seconds for which a caller waits for an import's end.

    Raises:
        FieldInvalid: They are negative.
    """
    seconds = request.wait.seconds + request.wait.nanos / 1e9
    if seconds < 0:
        raise FieldInvalid(
            FieldViolation("wait", "is negative; leave it out for an answer at once")
        )
    return seconds


@dataclass(frozen=True)
class StageRequest:
    """A `StageProfilesRequest` whose block was taken out before it was parsed, so that megabytes are not copied once more."""

    head: import_service_pb2.StageProfilesRequest = field(
        default_factory=import_service_pb2.StageProfilesRequest
    )
    """All but the block."""
    data: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, message: bytes) -> Self:
        """Reads a message.

        Raises:
            DecodeError: The bytes are none.
        """
        taken = take_bytes(message, _DATA_FIELD)
        if taken is None:
            raise DecodeError
        head, data = taken
        return cls(import_service_pb2.StageProfilesRequest.FromString(head), data)


async def staged_parts(
    first: StageRequest, others: AsyncIterator[StageRequest]
) -> AsyncIterator[StagedPart]:
    """Yields the blocks of a stream as they arrive; a first message with a token alone is none.

    Raises:
        FieldInvalid: A part has no number or no format.
    """
    if first.head.part_number or first.data:
        yield _staged_part(first)
    async for request in others:
        yield _staged_part(request)


def _staged_part(request: StageRequest) -> StagedPart:
    head = request.head
    if not head.part_number:
        raise FieldInvalid(FieldViolation("part_number", "is missing; count parts from 1"))
    return StagedPart(
        number=head.part_number,
        block_format=block_format_of(head.format, IMPORT_FORMATS),
        compression=enum_of(Compression, head.compression, "compression") or Compression.NONE,
        data=request.data,
        crc32c=head.crc32c if head.HasField("crc32c") else None,
    )
