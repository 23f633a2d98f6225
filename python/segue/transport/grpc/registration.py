"""Binds a servicer's methods to their RPCs by the service's descriptor.

Generated registration serializes every response; this one sends a response that is `bytes` as it is, which is how blocks made by the
kernel leave without a copy. `GetList` is served by the method `get_list`.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc import RpcMethodHandler

F = TypeVar("F", bound=Callable[..., Any])

_PARSE = "parse_request"
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def service_handler(service: ServiceDescriptor, servicer: object) -> grpc.GenericRpcHandler:
    """Makes the handler of a whole service.

    Raises:
        AttributeError: The servicer lacks a method of the service.
    """
    return grpc.method_handlers_generic_handler(
        service.full_name,
        {
            method.name: _method_handler(method, getattr(servicer, _method_name(method)))
            for method in service.methods
        },
    )


def _method_name(method: MethodDescriptor) -> str:
    return _WORD_START.sub("_", method.name).lower()


_MAKERS: dict[tuple[bool, bool], Callable[..., Any]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
"""Makers of handlers by whether request and response are streams."""


def parsed_by(parse: Callable[[bytes], object]) -> Callable[[F], F]:
    """Lets a method's requests be parsed otherwise than by the class of their messages.

    Args:
        parse: Raises `DecodeError` where that would.
    """

    def mark(method: F) -> F:
        method.__dict__[_PARSE] = parse
        return method

    return mark


def _method_handler(
    method: MethodDescriptor, behaviour: Callable[..., Any]
) -> "RpcMethodHandler[Any, Any]":
    maker = _MAKERS[method.client_streaming, method.server_streaming]
    handler: RpcMethodHandler[Any, Any] = maker(
        behaviour,
        request_deserializer=getattr(behaviour, _PARSE, None)
        or GetMessageClass(method.input_type).FromString,
        response_serializer=_serialize,
    )
    return handler


def _serialize(response: Message | bytes) -> bytes:
    return response if isinstance(response, bytes) else response.SerializeToString()
