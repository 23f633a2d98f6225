"""One HTTP request from its head to the last byte of its answer: admission, limits, deadline, errors, and the server's end.

Requests are calls as those over gRPC are: the same desk admits them, by the same keys.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from segue.errors import DeadlinePassed, InternalError, SegueError
from segue.transport.grpc.call import REQUEST_ID_KEY, request_id_of
from segue.transport.grpc.caller import CALLER
from segue.transport.grpc.desk import CallDesk, secret_of
from segue.transport.grpc.min_revision import reach_min_revision
from segue.transport.grpc.policy import MethodPolicy
from segue.transport.http.problem import problem_of

_log = structlog.get_logger()


class HttpCall:
    """A request and who makes it."""

    def __init__(self, desk: CallDesk, request: Request) -> None:
        """Takes the request; nobody is admitted yet."""
        self.request = request
        self.request_id = request_id_of(request.headers.get(REQUEST_ID_KEY, ""))
        self.account_id: str | None = None
        """Whose place it takes; None is nobody's."""
        self._desk = desk

    async def admit(self) -> str | None:
        """Lets the request in by its key; returns the account that the key is for, None for an admin's.

        Raises:
            KeyInvalid: There is no key, or nobody holds it.
            LimitExceeded: Too many calls of the account are in flight.
        """
        secret = secret_of(self.request.headers.get("authorization", ""))
        principal = await self._desk.authenticate(secret)
        CALLER.set(principal)
        if principal.account_id is not None:
            self.enter_account(principal.account_id)
        return principal.account_id

    async def reach(self, message: Message, policy: MethodPolicy) -> None:
        """Waits until the account of a request has come to the revision that it asks for at least.

        Raises:
            SegueError: What `reach_min_revision` raises.
        """
        await reach_min_revision(self._desk.reach, message, policy)

    def enter_account(self, account_id: str) -> None:
        """Counts the request for an account.

        Raises:
            LimitExceeded: Too many calls of the account are in flight.
        """
        self.account_id = account_id
        self._desk.enter_account(account_id)


Handle = Callable[[HttpCall], Awaitable[Response]]
Statuses = Mapping[type[Exception], HTTPStatus]


class HttpCalls:
    """The requests that are being served."""

    def __init__(self, desk: CallDesk) -> None:
        """Takes what all calls share."""
        self.desk = desk
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self, call: HttpCall, handle: Handle, statuses: Statuses) -> Response:
        """Returns the answer of a handler, or the problem that it met.

        Args:
            call: The request.
            handle: What answers it; has the deadline of unary calls, the body of its answer has not.
            statuses: HTTP statuses of errors, where they differ from those of the codes.
        """
        seconds = self.desk.limits.unary_deadline_seconds
        try:
            self.desk.check_open()
            async with asyncio.timeout(seconds) as deadline:
                return await handle(call)
        except Exception as error:  # noqa: BLE001 — the outermost place: whatever it is becomes an answer
            if isinstance(error, TimeoutError) and deadline.expired():
                error = DeadlinePassed(
                    f"the request took longer than {seconds:g} s", {"seconds": f"{seconds:g}"}
                )
            if not isinstance(error, SegueError) or isinstance(error, InternalError):
                _log.error("request failed", exc_info=error)
            return problem_of(error, call.request_id, statuses)

    def enter(self) -> None:
        """Counts the request that the running task serves."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        self.desk.enter()

    async def stop(self, grace_seconds: float) -> None:
        """Turns new requests away, and ends those in flight when the grace is over."""
        self.desk.stop()
        if running := [*self._running]:
            _, late = await asyncio.wait(running, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


class HttpEndpoint:
    """An address: what answers it, and with which statuses."""

    def __init__(self, calls: HttpCalls, handle: Handle, statuses: Statuses) -> None:
        """Takes what `HttpCalls.serve` takes."""
        self._calls = calls
        self._handle = handle
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request; its place is taken until the last byte of the answer was sent."""
        call = HttpCall(self._calls.desk, Request(scope, receive))
        structlog.contextvars.bind_contextvars(request_id=call.request_id)
        self._calls.enter()
        try:
            response = await self._calls.serve(call, self._handle, self._statuses)
            response.headers[REQUEST_ID_KEY] = call.request_id
            await response(scope, receive, send)
        finally:
            self._calls.desk.leave(call.account_id)
