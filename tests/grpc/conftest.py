"""A server in this process for each test: port 0, a directory of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import Message
from grpc import aio
from prometheus_client import CollectorRegistry

from segue.domain.key import Principal
from segue.errors import KeyInvalid
from segue.transport.grpc.call import CallDesk, CallLimits
from segue.transport.grpc.interceptor import CallInterceptor
from segue.transport.grpc.metrics import CallMetrics
from segue.transport.grpc.registration import service_handler
from segue.v1 import list_service_pb2, segment_service_pb2
from segue.v1.list_service_pb2_grpc import ListServiceStub
from segue.v1.segment_service_pb2_grpc import SegmentServiceStub

if TYPE_CHECKING:  # the generated stubs have this class only for type checkers
    from segue.v1.list_service_pb2_grpc import ListServiceAsyncStub
    from segue.v1.segment_service_pb2_grpc import SegmentServiceAsyncStub

ADMIN = (("authorization", "Bearer admin"),)
SHOP = (("authorization", "Bearer shop"),)
KEYS = {"admin": Principal(None), "shop": Principal("shop"), "bank": Principal("bank")}


async def authenticate(secret: str) -> Principal:
    """Knows three keys."""
    if secret not in KEYS:
        raise KeyInvalid("the key is not valid")
    return KEYS[secret]


@dataclass
class Probe:
    """Servicers whose answers a test chooses: `answer` for unary calls, `stream` for streams."""

    answer: Callable[[Message], Awaitable[Message | bytes]] | None = None
    stream: Callable[[Message], AsyncIterator[bytes]] | None = None
    seen: list[Message] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., object]:
        """Serves every method of a service."""
        return self._stream if name.startswith("stream_") else self._unary

    async def _unary(self, request: Message, _: object) -> Message | bytes:
        self.seen.append(request)
        assert self.answer is not None
        return await self.answer(request)

    async def _stream(self, request: Message, _: object) -> AsyncIterator[bytes]:
        self.seen.append(request)
        assert self.stream is not None
        async for item in self.stream(request):
            yield item


@dataclass
class ProbedServer:
    """A server of probes with the real interceptor before them."""

    probe: Probe
    desk: CallDesk
    registry: CollectorRegistry
    channel: aio.Channel
    server: aio.Server

    @property
    def lists(self) -> "ListServiceAsyncStub":
        return ListServiceStub(self.channel)

    @property
    def segments(self) -> "SegmentServiceAsyncStub":
        return SegmentServiceStub(self.channel)


@pytest.fixture
async def probed() -> AsyncIterator[ProbedServer]:
    registry, probe = CollectorRegistry(), Probe()
    limits = CallLimits(max_calls=4, max_account_calls=2, unary_deadline_seconds=0.2)
    desk = CallDesk(authenticate, limits, CallMetrics(registry))
    server = aio.server(interceptors=[CallInterceptor(desk)], options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (
            service_handler(list_service_pb2.DESCRIPTOR.services_by_name["ListService"], probe),
            service_handler(
                segment_service_pb2.DESCRIPTOR.services_by_name["SegmentService"], probe
            ),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield ProbedServer(probe, desk, registry, channel, server)
    await server.stop(None)
