"""A caller for tests: any method by its name, with a request of keyword arguments, and a check for refusals."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status

from segue.v1 import (
    account_service_pb2,
    block_pb2,
    campaign_service_pb2,
    event_service_pb2,
    export_service_pb2,
    field_service_pb2,
    import_service_pb2,
    list_service_pb2,
    profile_service_pb2,
    segment_group_service_pb2,
    segment_pb2,
    segment_service_pb2,
    user_service_pb2,
)

METHODS: Final[dict[str, MethodDescriptor]] = {
    method.name: method
    for module in (
        account_service_pb2,
        campaign_service_pb2,
        event_service_pb2,
        export_service_pb2,
        field_service_pb2,
        import_service_pb2,
        list_service_pb2,
        profile_service_pb2,
        segment_group_service_pb2,
        segment_service_pb2,
        user_service_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
"""Every method of `segue.v1` by its name, which no two services share."""

EVENT_BATCH: Final = block_pb2.BLOCK_FORMAT_EVENT_BATCH


class Api:
    """Calls methods with one key."""

    def __init__(self, channel: aio.Channel, key: str | None) -> None:
        self.channel = channel
        self.metadata = (("authorization", f"Bearer {key}"),) if key else ()

    def start(self, method: str, requests: Any = None, **fields: Any) -> Any:
        """Starts a call of any kind; streams in take messages, the others the request's fields."""
        found = METHODS[method]
        kind = "_".join(
            "stream" if streams else "unary"
            for streams in (found.client_streaming, found.server_streaming)
        )
        opened = getattr(self.channel, kind)(
            f"/{found.containing_service.full_name}/{method}",
            request_serializer=GetMessageClass(found.input_type).SerializeToString,
            response_deserializer=GetMessageClass(found.output_type).FromString,
        )
        request = requests if found.client_streaming else request_of(method, **fields)
        return opened(request, metadata=self.metadata)

    async def __call__(self, method: str, **fields: Any) -> Any:
        """Calls a method with one response."""
        return await self.start(method, **fields)

    async def stream(self, method: str, **fields: Any) -> list[Any]:
        """Calls a method with a stream of responses."""
        return [response async for response in self.start(method, **fields)]

    async def stage(self, token: str, parts: Iterable[dict[str, Any]]) -> Any:
        """Stages parts in one stream."""

        async def requests() -> AsyncIterator[Message]:
            yield request_of("StageProfiles", token=token)
            for part in parts:
                yield request_of("StageProfiles", **part)

        return await self.start("StageProfiles", requests())

    async def record(self, parent: str, *blocks: bytes, **fields: Any) -> Any:
        """Records blocks of events in one stream."""

        async def requests() -> AsyncIterator[Message]:
            yield request_of("RecordEvents", parent=parent, **fields)
            for data in blocks:
                yield request_of("RecordEvents", format=EVENT_BATCH, data=data)

        return await self.start("RecordEvents", requests())


def request_of(method: str, **fields: Any) -> Message:
    """Makes a method's request."""
    return GetMessageClass(METHODS[method].input_type)(**fields)


@dataclass
class Refusal:
    """What a refused call was answered."""

    error: aio.AioRpcError | None = None

    @property
    def details(self) -> list[Any]:
        assert self.error is not None
        return details_of(self.error)

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.details[0].metadata)


@contextmanager
def refused(code: str, reason: str) -> Iterator[Refusal]:
    """Expects a call to fail with a code, and with `ErrorInfo` of a reason first among its details."""
    refusal = Refusal()
    with pytest.raises(aio.AioRpcError) as caught:
        yield refusal
    refusal.error = caught.value
    assert caught.value.code() is grpc.StatusCode[code], caught.value
    info = refusal.details[0]
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain) == (reason, "segue")


def details_of(error: aio.AioRpcError) -> list[Any]:
    """Unpacks the details of a status."""
    status = rpc_status.from_call(error)
    assert status is not None
    found = []
    for detail in status.details:
        kind = detail.type_url.rpartition(".")[2]
        module = segment_pb2 if hasattr(segment_pb2, kind) else error_details_pb2
        message = getattr(module, kind)()
        assert detail.Unpack(message)
        found.append(message)
    return found
