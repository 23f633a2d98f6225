"""Errors as `application/problem+json` (RFC 9457), made of the same status that gRPC sends."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from google.rpc import error_details_pb2
from grpc import StatusCode
from starlette.responses import Response

from segue import errors
from segue.transport.grpc.status import RETRY_SECONDS, status_of

STATUSES: Final = {
    StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    StatusCode.OUT_OF_RANGE: HTTPStatus.BAD_REQUEST,
    StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    StatusCode.ABORTED: HTTPStatus.CONFLICT,
    StatusCode.FAILED_PRECONDITION: HTTPStatus.CONFLICT,
    StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    StatusCode.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
    StatusCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""HTTP status of every code that our errors have."""

OF_POLLING: Final[dict[type[Exception], HTTPStatus]] = {
    errors.ExportNotReady: HTTPStatus.NOT_FOUND,
    errors.ResourceNotFound: HTTPStatus.GONE,
    errors.ExportWithdrawn: HTTPStatus.GONE,
    errors.ExportFailed: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What seed 002 has for the errors of a poll address."""

_OF_ERROR: Final[dict[type[Exception], HTTPStatus]] = {
    errors.BlockTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE
}
_RETRIED: Final = frozenset(
    {
        "LIMIT_EXCEEDED",
        "EXPORT_NOT_READY",
        "EXPORTS_PENDING",
        "STORE_UNAVAILABLE",
        "SERVER_STOPPING",
    }
)
"""Reasons that pass by themselves."""

_CODES: Final = {code.value[0]: code for code in StatusCode}


def problem_of(
    error: Exception, request_id: str, statuses: Mapping[type[Exception], HTTPStatus]
) -> Response:
    """Tells a caller what went wrong: a fault of ours by its request id alone.

    Args:
        error: An error of ours, or any other exception, whose text stays here.
        request_id: By which the log finds the request.
        statuses: HTTP statuses that differ from those of the codes.
    """
    status = status_of(error, request_id)
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    body: dict[str, Any] = {"reason": info.reason, "metadata": dict(info.metadata)}
    for detail in status.details[1:]:
        if (bad := error_details_pb2.BadRequest()) and detail.Unpack(bad):
            body["violations"] = [
                {"field": violation.field, "description": violation.description}
                for violation in bad.field_violations
            ]
    http = statuses.get(type(error)) or _OF_ERROR.get(type(error)) or STATUSES[_CODES[status.code]]
    response = problem(http, status.message, body | {"request_id": request_id})
    if http is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="segue"'
    if info.reason in _RETRIED:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def problem(status: HTTPStatus, detail: str, more: Mapping[str, object]) -> Response:
    """Returns an answer that says what went wrong.

    Args:
        status: Its status.
        detail: What went wrong, and what to do.
        more: Further members.
    """
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    return Response(
        json.dumps(body | dict(more)),
        status.value,
        {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        "application/problem+json",
    )
