"""What a failed call tells its caller.

ClientError
├── InvalidRequest        fields, times, blocks, offsets
│   └── RulesInvalid      one result for each rule of a segment
├── Unauthenticated · Forbidden · NotFound · AlreadyExists · LimitReached · NotImplementedYet
├── Conflict              a state or etag that forbids the call
│   ├── ExportNotReady    files that are not written yet
│   └── ExportFailed      an export that cannot be made, was given up or withdrawn
├── Unavailable           may be tried again
├── DeadlineExceeded
├── ServerFault           everything else a server may answer
├── BlockDamaged          a block of an export does not fit its offset or checksum
└── ImportFailed          the server took an import's parts and could not execute it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from segue.client.remedies import remedy_for
from segue.v1.segment_pb2 import SegmentRulesFailure

DETAILS_KEY: Final = "grpc-status-details-bin"
REQUEST_ID_KEY: Final = "x-request-id"


@dataclass(frozen=True)
class FieldViolation:
    """One field of a request that is wrong."""

    field: str
    description: str


@dataclass(frozen=True)
class RuleProblem:
    """What the server says of one rule and its clause; codes are seed 004's, 0 is good."""

    group_index: int
    rule_index: int
    rule_type: str
    clause: str
    rule_code: int
    rule_message: str
    clause_code: int
    clause_message: str


@dataclass(frozen=True)
class FailureDetails:
    """Everything besides the message that came with a failure."""

    reason: str = ""
    code: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[FieldViolation, ...] = ()
    rule_results: tuple[RuleProblem, ...] = ()
    retry_after_seconds: float = 0.0
    request_id: str = ""


class ClientError(Exception):
    """Base of all errors above.

    Attributes:
        message: What went wrong, in words.
        reason: Name in `segue.v1.ErrorReason` without its prefix; empty when the call never reached a server.
        code: Name of the gRPC status code.
        metadata: Values that appear in the message.
        violations: Fields of the request that are wrong.
        rule_results: One for each rule of a refused segment, good ones included.
        remedy: What to do about it; empty when nothing general can be said.
        request_id: Under which the server logged the call.
        retry_after_seconds: How long the server asks to wait; 0 when it does not say.
    """

    def __init__(self, message: str, details: FailureDetails | None = None) -> None:
        """Takes the message and what came with it."""
        super().__init__(message)
        details = details or FailureDetails()
        self.message = message
        self.reason = details.reason
        self.code = details.code
        self.metadata = dict(details.metadata)
        self.violations = details.violations
        self.rule_results = details.rule_results
        self.request_id = details.request_id
        self.retry_after_seconds = details.retry_after_seconds
        self.remedy = remedy_for(details.reason, details.code)


class InvalidRequest(ClientError):
    """Fields, times, blocks or offsets of the request are wrong."""


class RulesInvalid(InvalidRequest):
    """Rules of a segment are wrong; `rule_results` tells which."""


class Unauthenticated(ClientError):
    """No key, or one the server does not know."""


class Forbidden(ClientError):
    """The key may not make this call."""


class NotFound(ClientError):
    """No such resource or token for this key."""


class AlreadyExists(ClientError):
    """The name is taken."""


class Conflict(ClientError):
    """The resource's state or etag forbids the call."""


class ExportNotReady(Conflict):
    """The files of an export are not written yet."""


class ExportFailed(Conflict):
    """An export cannot be made, was given up, or held a profile that was erased; `reason` tells which."""


class LimitReached(ClientError):
    """A limit of the server or the account."""


class NotImplementedYet(ClientError):
    """An option the server does not have yet."""


class Unavailable(ClientError):
    """The server could not be reached or takes no work now."""


class DeadlineExceeded(ClientError):
    """The answer took longer than the caller waits."""


class ServerFault(ClientError):
    """The server failed, or broke off."""


class BlockDamaged(ClientError):
    """A block of an export does not fit its offset or its checksum."""


class ImportFailed(ClientError):
    """An import was executed and none of its records written."""


_CLASSES: Final[dict[grpc.StatusCode, type[ClientError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequest,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.FAILED_PRECONDITION: Conflict,
    grpc.StatusCode.RESOURCE_EXHAUSTED: LimitReached,
    grpc.StatusCode.UNIMPLEMENTED: NotImplementedYet,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}

_REASON_CLASSES: Final[dict[str, type[ClientError]]] = {
    "RULES_INVALID": RulesInvalid,
    "EXPORT_NOT_READY": ExportNotReady,
    "EXPORT_FAILED": ExportFailed,
    "EXPORT_WITHDRAWN": ExportFailed,
}

Trailers = Iterable[Any]


def from_status(
    code: grpc.StatusCode, message: str | None, trailers: Trailers | None
) -> ClientError:
    """Turns a call's status and trailing metadata into an error."""
    pairs: dict[str, str | bytes] = dict(trailers or ())
    details = _details(code.name, _status(pairs), pairs.get(REQUEST_ID_KEY, ""))
    cls = _REASON_CLASSES.get(details.reason) or _CLASSES.get(code, ServerFault)
    return cls(message or code.name, details)


def from_rpc_error(error: grpc.RpcError) -> ClientError:
    """Turns what `grpc` raised, sync or async, into an error of ours."""
    return from_status(error.code(), error.details(), error.trailing_metadata())


def details_of(status: status_pb2.Status) -> FailureDetails:
    """Reads a failure that stands in an answer, as a failed call's stands in its trailers."""
    names = {code.value[0]: code.name for code in grpc.StatusCode}
    return _details(names.get(status.code, "UNKNOWN"), status)


def _details(code: str, status: status_pb2.Status, request_id: str | bytes = "") -> FailureDetails:
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    rules = SegmentRulesFailure()
    for detail in status.details:
        for message in (info, request, retry, rules):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    request_id = request_id or info.metadata.get("request_id", "")
    return FailureDetails(
        reason=info.reason,
        code=code,
        metadata=dict(info.metadata),
        violations=tuple(
            FieldViolation(violation.field, violation.description)
            for violation in request.field_violations
        ),
        rule_results=tuple(_rule_problems(rules)),
        retry_after_seconds=retry.retry_delay.ToTimedelta().total_seconds(),
        request_id=request_id if isinstance(request_id, str) else request_id.decode("ascii"),
    )


def _status(trailers: Mapping[str, str | bytes]) -> status_pb2.Status:
    packed = trailers.get(DETAILS_KEY, b"")
    status = status_pb2.Status()
    try:
        status.ParseFromString(packed if isinstance(packed, bytes) else packed.encode("latin-1"))
    except DecodeError:
        # A proxy between us and the server may write details of its own; the code still says enough.
        status.Clear()
    return status


def _rule_problems(failure: SegmentRulesFailure) -> Sequence[RuleProblem]:
    return [
        RuleProblem(
            group_index=rule.rule_group_index,
            rule_index=rule.rule_index,
            rule_type=rule.rule_type,
            clause=clause.clause,
            rule_code=rule.code,
            rule_message=rule.message,
            clause_code=clause.code,
            clause_message=clause.message,
        )
        for rule in failure.rule_results
        for clause in rule.clause_results
    ]
