"""The one interceptor: opens a `Call` around every handler, whatever its kind."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, TypeAlias

import grpc
from google.protobuf.message import Message
from grpc import HandlerCallDetails, RpcMethodHandler, aio

from segue.transport.grpc.call import Call, Context, Parse
from segue.transport.grpc.desk import CallDesk

HEALTH: Final = "/grpc.health.v1.Health/"
"""Needs no key, and is served as it is."""

Handler: TypeAlias = "RpcMethodHandler[Any, Any]"
Response: TypeAlias = Message | bytes


class CallInterceptor(aio.ServerInterceptor):
    """Wraps the four kinds of handlers. Requests are parsed inside the call, after its key was checked."""

    def __init__(self, desk: CallDesk) -> None:
        """Takes what all calls share."""
        self._desk = desk
        self._wrapped: dict[str, Handler] = {}
        """By method; those that are served are few, and each has one handler."""

    async def intercept_service(
        self,
        continuation: Callable[[HandlerCallDetails], Awaitable["Handler | None"]],
        handler_call_details: HandlerCallDetails,
    ) -> "Handler | None":
        """Finds the handler and wraps it; an unknown method stays unknown."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None or method.startswith(HEALTH):
                return handler
            wrapped = self._wrapped[method] = self._wrap(handler, method)
        return wrapped

    def _wrap(self, handler: Handler, method: str) -> Handler:
        match handler.request_streaming, handler.response_streaming:
            case False, False:
                return self._unary_unary(handler, method)
            case False, True:
                return self._unary_stream(handler, method)
            case True, False:
                return self._stream_unary(handler, method)
            case _:
                return self._stream_stream(handler, method)

    def _unary_unary(self, handler: Handler, method: str) -> Handler:
        behaviour: Any = handler.unary_unary
        parse: Any = handler.request_deserializer

        async def serve(data: bytes, context: Context) -> Response:
            async with Call(self._desk, method, context) as call, call.deadline:
                await call.admit()
                request = call.read(parse, data)
                await call.reach(request)
                response: Response = await behaviour(request, context)
                return response

        return _async_handler(grpc.unary_unary_rpc_method_handler, serve, handler)

    def _unary_stream(self, handler: Handler, method: str) -> Handler:
        behaviour: Any = handler.unary_stream
        parse: Any = handler.request_deserializer

        async def serve(data: bytes, context: Context) -> AsyncIterator[Response]:
            async with Call(self._desk, method, context) as call:
                await call.admit()
                request = call.read(parse, data)
                await call.reach(request)
                async with aclosing(behaviour(request, context)) as responses:
                    async for response in responses:
                        yield response
                        call.message_sent()

        return _async_handler(grpc.unary_stream_rpc_method_handler, serve, handler)

    def _stream_unary(self, handler: Handler, method: str) -> Handler:
        behaviour: Any = handler.stream_unary
        parse: Any = handler.request_deserializer

        async def serve(messages: AsyncIterator[bytes], context: Context) -> Response:
            async with Call(self._desk, method, context) as call:
                await call.admit()
                async with aclosing(_requests(call, parse, messages)) as requests:
                    response: Response = await behaviour(requests, context)
                    return response

        return _async_handler(grpc.stream_unary_rpc_method_handler, serve, handler)

    def _stream_stream(self, handler: Handler, method: str) -> Handler:
        behaviour: Any = handler.stream_stream
        parse: Any = handler.request_deserializer

        async def serve(
            messages: AsyncIterator[bytes], context: Context
        ) -> AsyncIterator[Response]:
            async with Call(self._desk, method, context) as call:
                await call.admit()
                requests = _requests(call, parse, messages)
                async with aclosing(behaviour(requests, context)) as responses:
                    async for response in responses:
                        yield response
                        call.message_sent()

        return _async_handler(grpc.stream_stream_rpc_method_handler, serve, handler)


def _async_handler(make: Any, serve: Callable[..., Any], wrapped: Handler) -> Handler:  # noqa: ANN401 — grpc types only sync handlers
    """Makes a handler that gets requests as bytes: they are parsed by the call."""
    handler: Handler = make(serve, response_serializer=wrapped.response_serializer)
    return handler


async def _requests(
    call: Call, parse: Parse, messages: AsyncIterator[bytes]
) -> AsyncGenerator[Message, None]:
    async for data in messages:
        call.message_received()
        yield call.read(parse, data)
