"""The one place where a domain error becomes a `google.rpc.Status`."""

from collections.abc import Callable, Iterator
from typing import Final

from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from segue import errors
from segue.v1 import segment_pb2

DOMAIN: Final = "segue"

CODES: Final[dict[type[errors.SegueError], StatusCode]] = {
    errors.FieldInvalid: StatusCode.INVALID_ARGUMENT,
    errors.RulesInvalid: StatusCode.INVALID_ARGUMENT,
    errors.ConditionInvalid: StatusCode.INVALID_ARGUMENT,
    errors.ConditionTooLarge: StatusCode.INVALID_ARGUMENT,
    errors.PatternTooCostly: StatusCode.INVALID_ARGUMENT,
    errors.TimeZoneUnknown: StatusCode.INVALID_ARGUMENT,
    errors.BlockInvalid: StatusCode.INVALID_ARGUMENT,
    errors.ChecksumMismatch: StatusCode.INVALID_ARGUMENT,
    errors.TimeInvalid: StatusCode.INVALID_ARGUMENT,
    errors.NotImplementedYet: StatusCode.UNIMPLEMENTED,
    errors.KeyInvalid: StatusCode.UNAUTHENTICATED,
    errors.KeyForbidden: StatusCode.PERMISSION_DENIED,
    errors.ResourceNotFound: StatusCode.NOT_FOUND,
    errors.TokenInvalid: StatusCode.NOT_FOUND,
    errors.ResourceExists: StatusCode.ALREADY_EXISTS,
    errors.ResourceChanged: StatusCode.ABORTED,
    errors.StateForbids: StatusCode.FAILED_PRECONDITION,
    errors.RequestIdReused: StatusCode.FAILED_PRECONDITION,
    errors.PartChanged: StatusCode.FAILED_PRECONDITION,
    errors.SegmentCycle: StatusCode.FAILED_PRECONDITION,
    errors.SegmentSystem: StatusCode.FAILED_PRECONDITION,
    errors.ExportNotReady: StatusCode.FAILED_PRECONDITION,
    errors.ExportFailed: StatusCode.FAILED_PRECONDITION,
    errors.ExportWithdrawn: StatusCode.FAILED_PRECONDITION,
    errors.RevisionAhead: StatusCode.FAILED_PRECONDITION,
    errors.LimitExceeded: StatusCode.RESOURCE_EXHAUSTED,
    errors.ExportsPending: StatusCode.RESOURCE_EXHAUSTED,
    errors.ImportsPending: StatusCode.RESOURCE_EXHAUSTED,
    errors.ExportTooLarge: StatusCode.RESOURCE_EXHAUSTED,
    errors.StorageFull: StatusCode.RESOURCE_EXHAUSTED,
    errors.BlockTooLarge: StatusCode.RESOURCE_EXHAUSTED,
    errors.OffsetOutOfRange: StatusCode.OUT_OF_RANGE,
    errors.PageInvalid: StatusCode.OUT_OF_RANGE,
    errors.StoreUnavailable: StatusCode.UNAVAILABLE,
    errors.ServerStopping: StatusCode.UNAVAILABLE,
    errors.DeadlinePassed: StatusCode.DEADLINE_EXCEEDED,
    errors.InternalError: StatusCode.INTERNAL,
}
"""Code of every error; a class that is not here has that of its nearest base."""

RETRY_SECONDS: Final = 1
"""What `RetryInfo` asks a caller to wait."""

STATUS_BYTES: Final = 7 * 1024
"""Most a status may take: gRPC clients refuse more than 8 KiB of metadata unless told otherwise."""

VALUE_CHARACTERS: Final = 256
MESSAGE_CHARACTERS: Final = 1024

_INFO_BYTES: Final = 1024
"""Room for an ErrorInfo, and for what holds the details."""

_HEAD_BYTES: Final = 3
"""A tag and a length of two bytes: what a violation takes besides its own bytes."""


def status_of(
    error: BaseException, request_id: str, rules_field: str = "segment.rule_groups[{}]"
) -> status_pb2.Status:
    """Tells a caller what went wrong, with details for programs.

    Details that would make the status larger than `STATUS_BYTES` are left out from the last on.

    Args:
        error: An error of ours, or any other exception, whose text stays here.
        request_id: By which the log finds a fault of ours.
        rules_field: Field of the request that holds a rule group, with braces for its number.
    """
    if not isinstance(error, errors.SegueError) or isinstance(error, errors.InternalError):
        return _internal(request_id)
    status = status_pb2.Status(
        code=code_of(error).value[0], message=_cut(str(error), MESSAGE_CHARACTERS)
    )
    for detail in _details(error, rules_field):
        status.details.add().Pack(detail)
        if status.ByteSize() > STATUS_BYTES:
            status.details.pop()
    return status


def code_of(error: errors.SegueError) -> StatusCode:
    """Returns the code of an error by its class or nearest base."""
    return next(CODES[base] for base in type(error).__mro__ if base in CODES)


def _internal(request_id: str) -> status_pb2.Status:
    status = status_pb2.Status(
        code=StatusCode.INTERNAL.value[0],
        message=f"internal error; the server's log has it under request id {request_id}",
    )
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(
            reason=errors.InternalError.reason, domain=DOMAIN, metadata={"request_id": request_id}
        )
    )
    return status


def _details(error: errors.SegueError, rules_field: str) -> Iterator[Message]:
    """Yields details by importance: the first always fits."""
    metadata = {key: _cut(value, VALUE_CHARACTERS) for key, value in error.metadata.items()}
    yield error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    match error:
        case errors.RulesInvalid():
            yield _rules_failure(error)
            yield error_details_pb2.BadRequest(
                field_violations=_rule_violations(error, rules_field)
            )
        case errors.FieldInvalid():
            yield _bad_request(error)
        case (
            errors.StateForbids()
            | errors.RequestIdReused()
            | errors.PartChanged()
            | errors.SegmentCycle()
            | errors.SegmentSystem()
            | errors.ExportFailed()
            | errors.ExportWithdrawn()
            | errors.RevisionAhead()
        ):
            yield error_details_pb2.PreconditionFailure(
                violations=[
                    error_details_pb2.PreconditionFailure.Violation(
                        type=error.reason, subject=_subject(metadata), description=str(error)
                    )
                ]
            )
        case (
            errors.LimitExceeded()
            | errors.BlockTooLarge()
            | errors.ExportTooLarge()
            | errors.StorageFull()
        ):
            yield error_details_pb2.QuotaFailure(
                violations=[
                    error_details_pb2.QuotaFailure.Violation(
                        subject=metadata.get("limit", "block"), description=str(error)
                    )
                ]
            )
        case (
            errors.StoreUnavailable()
            | errors.ServerStopping()
            | errors.ExportNotReady()
            | errors.ExportsPending()
            | errors.ImportsPending()
        ):
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromSeconds(RETRY_SECONDS)
            yield retry


def _bad_request(error: errors.FieldInvalid) -> error_details_pb2.BadRequest:
    """Writes what is wrong with each field; where that would be too long, descriptions go, and then the last fields."""
    message_bytes = len(_cut(str(error), MESSAGE_CHARACTERS).encode())
    for has_description in (True, False):
        told = error_details_pb2.BadRequest()
        room = STATUS_BYTES - message_bytes - _INFO_BYTES
        for violation in error.violations:
            description = violation.description if has_description else ""
            added = told.field_violations.add(field=violation.field, description=description)
            room -= added.ByteSize() + _HEAD_BYTES
            if room < 0:
                told.field_violations.pop()
                break
        else:
            return told
    return told


def _subject(metadata: dict[str, str]) -> str:
    """Returns what a precondition is about: a resource's name, a part or a request id."""
    return next((metadata[key] for key in ("name", "part", "request_id") if key in metadata), "")


def _rules_failure(error: errors.RulesInvalid) -> segment_pb2.SegmentRulesFailure:
    """Writes seed 004's answer; where it would be too long, results of good rules lose their texts, then all do, then the last go."""
    failure = segment_pb2.SegmentRulesFailure(
        code=int(error.metadata["vendor_code"]), message=str(error)
    )
    for has_texts in _TEXTS:
        del failure.rule_results[:]
        failure.rule_results.extend(
            _rule_result(result, with_texts=has_texts(result)) for result in error.results
        )
        if failure.ByteSize() <= _RULES_BYTES:
            return failure
    while failure.ByteSize() > _RULES_BYTES:
        failure.rule_results.pop()
    return failure


_TEXTS: Final[tuple[Callable[[errors.RuleResult], bool], ...]] = (
    lambda _: True,
    lambda result: bool(result.rule_code),
    lambda _: False,
)
"""Whose texts are told, from the longest answer to the shortest."""

_RULES_BYTES: Final = STATUS_BYTES - 512
"""Room for rule results beside the other parts of a status."""


def _rule_result(result: errors.RuleResult, *, with_texts: bool) -> segment_pb2.RuleResult:
    told = segment_pb2.RuleResult(
        code=result.rule_code,
        clause_results=[segment_pb2.ClauseResult(code=result.clause_code)],
        rule_group_index=result.group_index,
        rule_index=result.rule_index,
    )
    if with_texts:
        told.message = result.rule_message
        told.rule_type = _cut(result.rule_type, VALUE_CHARACTERS)
        (clause,) = told.clause_results
        clause.message = result.clause_message
        clause.clause = _cut(result.clause, VALUE_CHARACTERS)
    return told


_RULE_TYPE_CODES: Final = frozenset({285, 2704, 2705})
"""Codes that blame the rule type and not the clause."""


def _rule_violations(
    error: errors.RulesInvalid, rules_field: str
) -> Iterator[error_details_pb2.BadRequest.FieldViolation]:
    for result in error.results:
        if result.rule_code:
            part = "rule_type" if result.rule_code in _RULE_TYPE_CODES else "clause"
            group = rules_field.format(result.group_index)
            text = result.rule_message if part == "rule_type" else result.clause_message
            yield error_details_pb2.BadRequest.FieldViolation(
                field=f"{group}.rules[{result.rule_index}].{part}",
                description=text or result.rule_message,
            )


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
