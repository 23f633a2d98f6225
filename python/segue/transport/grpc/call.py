"""One RPC from its first byte to its status: key, tenant, limits, deadline, metrics, errors."""

import asyncio
import random
import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import structlog
from google.protobuf.message import DecodeError, Message
from grpc import StatusCode, aio

from segue.errors import (
    DeadlinePassed,
    FieldInvalid,
    FieldViolation,
    KeyForbidden,
    ResourceNotFound,
    SegueError,
)
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.desk import CallDesk, secret_of
from segue.transport.grpc.min_revision import reach_min_revision
from segue.transport.grpc.policy import POLICIES, MethodPolicy
from segue.transport.grpc.status import status_of

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Parse = Callable[[bytes], Message]
"""Reads a request of one method."""

REQUEST_ID_KEY: Final = "x-request-id"
DETAILS_KEY: Final = "grpc-status-details-bin"
_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_MADE_IDS: Final = random.Random()  # noqa: S311 — an id is to be found in a log by, and is no secret

_log = structlog.get_logger()


class Call:
    """One RPC. Entered when it arrives; on leaving, whatever was raised becomes its status.

    A stream that breaks off leaves its generator suspended, so what a call holds is given back when gRPC says that the call is done.
    """

    def __init__(self, desk: CallDesk, method: str, context: Context) -> None:
        """Takes the full method name, as `/segue.v1.ListService/GetList`."""
        self._desk = desk
        self._method = method
        self._context = context
        self._policy = POLICIES.get(method, MethodPolicy())
        self._metadata = {
            key: value
            for key, value in context.invocation_metadata() or ()
            if isinstance(value, str)
        }
        self._request_id = request_id_of(self._metadata.get(REQUEST_ID_KEY, ""))
        self._code = StatusCode.CANCELLED
        self._began = time.perf_counter()
        self._account_id: str | None = None
        has_deadline = context.time_remaining() is not None
        self.deadline = asyncio.timeout(
            None if has_deadline else desk.limits.unary_deadline_seconds
        )
        """To be entered around the handler of a unary call."""

    async def __aenter__(self) -> Self:
        """Counts the call and binds its id to all log lines written for it."""
        self._desk.metrics.call_started(self._method)
        self._desk.enter()
        self._context.add_done_callback(self._end)  # type: ignore[arg-type] # the stub wants a class of its own
        self._context.set_trailing_metadata(((REQUEST_ID_KEY, self._request_id),))
        structlog.contextvars.bind_contextvars(request_id=self._request_id, method=self._method)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the call with the status that belongs to the error."""
        if error is None:
            self._code = StatusCode.OK
            return
        if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            return
        if isinstance(error, aio.AbortError):
            self._code = _code_of_number(self._context.code())
            return
        if isinstance(error, TimeoutError) and self.deadline.expired():
            error = self._deadline_passed()
        await self._abort(error)

    async def _abort(self, error: BaseException) -> None:
        status = status_of(error, self._request_id, self._policy.rules_field)
        self._code = _code_of_number(status.code)
        if self._code is StatusCode.INTERNAL:
            _log.error("call failed", exc_info=error)
        await self._context.abort(
            self._code,
            status.message,
            (
                (REQUEST_ID_KEY, self._request_id),
                (DETAILS_KEY, status.SerializeToString()),
            ),
        )

    def _deadline_passed(self) -> SegueError:
        seconds = self._desk.limits.unary_deadline_seconds
        return DeadlinePassed(
            f"the call took longer than the server's default of {seconds:g} s; send a deadline with the call",
            {"seconds": f"{seconds:g}"},
        )

    def _end(self, _: Context) -> None:
        seconds = time.perf_counter() - self._began
        self._desk.leave(self._account_id)
        self._desk.metrics.call_ended(self._method, self._code, seconds)
        self._desk.log.debug(
            "call ended", method=self._method, code=self._code.name, seconds=seconds
        )

    async def admit(self) -> None:
        """Lets the call in by its key, before anything of its request is read.

        Raises:
            ServerStopping: The server takes no new calls.
            LimitExceeded: Too many calls are in flight.
            KeyInvalid: There is no key, or nobody holds it.
            KeyForbidden: The method is for admins.
        """
        self._desk.check_open()
        principal = await self._desk.authenticate(
            secret_of(self._metadata.get("authorization", ""))
        )
        if principal.account_id is not None:
            if self._policy.admin_only:
                raise KeyForbidden(f"{self._method} needs an admin's key", {"method": self._method})
            self._account_id = principal.account_id
            self._desk.enter_account(principal.account_id)
        CALLER.set(principal)

    def read(self, parse: Parse, data: bytes) -> Message:
        """Parses a message and checks that every resource it names is the caller's.

        Raises:
            FieldInvalid: The bytes are no such message.
            ResourceNotFound: It names another account's resource, whether that exists or not.
        """
        try:
            request = parse(data)
        except DecodeError as error:
            raise FieldInvalid(
                FieldViolation("request", "is not a message of this method")
            ) from error
        check_tenant(request, self._policy)
        return request

    async def reach(self, request: Message) -> None:
        """Waits until the account of a read has come to the revision that the request asks for at least.

        Raises:
            SegueError: What `reach_min_revision` raises.
        """
        await reach_min_revision(self._desk.reach, request, self._policy)

    def message_received(self) -> None:
        """Counts a message of a stream in."""
        self._desk.metrics.message_received(self._method)

    def message_sent(self) -> None:
        """Counts a message of a stream out."""
        self._desk.metrics.message_sent(self._method)


def request_id_of(sent: str) -> str:
    """Returns the request id that a caller sent, or a new one where that is none of 1-128 printable ASCII characters."""
    return sent if _REQUEST_ID.fullmatch(sent) else f"{_MADE_IDS.getrandbits(128):032x}"


def check_tenant(request: Message, policy: MethodPolicy) -> None:
    """Checks that every resource which a request names is the caller's.

    Raises:
        ResourceNotFound: It names another account's resource, whether that exists or not.
    """
    account_id = CALLER.get().account_id
    if account_id is None:
        return
    for path in policy.names:
        name = _value_at(request, path)
        if _is_foreign(name, account_id):
            raise ResourceNotFound(name)


def _value_at(request: Message, path: str) -> str:
    value: Any = request
    for part in path.split("."):
        value = getattr(value, part)
    return str(value)


def _is_foreign(name: str, account_id: str) -> bool:
    """Whether a name is in another account; a name of another form is left to the servicer."""
    collection, _, rest = name.partition("/")
    return collection == "accounts" and rest.partition("/")[0] != account_id


_CODES: Final = {code.value[0]: code for code in StatusCode}


def _code_of_number(number: int | StatusCode) -> StatusCode:
    return number if isinstance(number, StatusCode) else _CODES.get(number, StatusCode.UNKNOWN)
