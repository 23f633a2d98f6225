"""A server whose handlers do what a test says, behind the real interceptor."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from google.protobuf.message import Message
from grpc import aio
from prometheus_client import CollectorRegistry

from segue.domain.key import Principal
from segue.errors import KeyInvalid
from segue.transport.grpc.desk import CallDesk, CallLimits
from segue.transport.grpc.interceptor import CallInterceptor
from segue.transport.grpc.metrics import CallMetrics
from segue.transport.grpc.registration import service_handler
from segue.v1 import list_service_pb2, segment_service_pb2
from tests.grpc.api import Api

KEYS = {"admin": Principal(None), "shop": Principal("shop"), "bank": Principal("bank")}


async def authenticate(secret: str) -> Principal:
    """Knows three keys."""
    if secret not in KEYS:
        raise KeyInvalid("the key is not valid")
    return KEYS[secret]


async def reach(_account: str, _revision: int) -> None:
    """Has every revision."""


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

    def api(self, key: str | None) -> Api:
        return Api(self.channel, key)


async def serve_probes() -> AsyncIterator[ProbedServer]:
    """Serves lists and segments by probes; two calls an account, four in all, 0.2 s each."""
    registry, probe = CollectorRegistry(), Probe()
    limits = CallLimits(max_calls=4, max_account_calls=2, unary_deadline_seconds=0.2)
    desk = CallDesk(authenticate, reach, limits, CallMetrics(registry))
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
