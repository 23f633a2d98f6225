"""The gRPC server: its options, its services beside ours, and how it stops."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from segue.process import StartRefused
from segue.settings import Settings
from segue.transport.grpc.desk import CallDesk
from segue.transport.grpc.interceptor import CallInterceptor
from segue.transport.grpc.registration import service_handler

KEEPALIVE_MILLIS: Final = 60_000
"""After so long without data a connection is asked whether it lives."""
KEEPALIVE_ANSWER_MILLIS: Final = 20_000
"""A connection that does not answer within this time is closed."""
PING_MILLIS: Final = 30_000
"""Clients may ask that often, with no call in flight too; the default of five minutes cuts off clients behind load balancers."""
UNWIND_SECONDS: Final = 5
"""How long handlers of cancelled calls may take to let go of what they hold."""
METADATA_BYTES: Final = 16 * 1024
"""Most metadata a call may bring."""


class GrpcListener:
    """An open port with every service behind the interceptor."""

    def __init__(
        self, settings: Settings, desk: CallDesk, servicers: Mapping[ServiceDescriptor, object]
    ) -> None:
        """Opens the port; 0 takes a free one.

        Raises:
            StartRefused: The port is taken, the host is not this machine's, or the certificate cannot be read.
        """
        self._desk = desk
        self._names = [service.full_name for service in servicers]
        self._health = health.aio.HealthServicer()
        self._server = aio.server(
            interceptors=[CallInterceptor(desk)],
            options=_options(settings),
            maximum_concurrent_rpcs=2 * settings.max_calls,
        )
        self._server.add_generic_rpc_handlers(
            tuple(service_handler(service, servicer) for service, servicer in servicers.items())
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.reflection:
            names = (*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        self.address = _listen(self._server, settings)
        """HOST:PORT with the port that was taken."""

    async def start(self) -> None:
        """Begins to serve, and says so to whoever watches its health."""
        await self._server.start()
        for name in ("", *self._names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, grace_seconds: float) -> None:
        """Turns new calls away, and ends those in flight when the grace is over."""
        self._desk.stop()
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._desk.idle.wait(), UNWIND_SECONDS)


def _listen(server: aio.Server, settings: Settings) -> str:
    credentials = _credentials(settings.tls_certificate_file, settings.tls_key_file)
    try:
        if credentials:
            port = server.add_secure_port(settings.grpc, credentials)
        else:
            port = server.add_insecure_port(settings.grpc)
    except RuntimeError as error:
        raise StartRefused(
            f"grpc={settings.grpc} cannot be listened on; set another port or stop who has it"
        ) from error
    return f"{settings.grpc.rpartition(':')[0]}:{port}"


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # a second server on the port must fail and not share its calls
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.max_concurrent_streams", settings.max_connection_streams),
        ("grpc.max_metadata_size", METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", METADATA_BYTES),
        ("grpc.keepalive_time_ms", KEEPALIVE_MILLIS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_ANSWER_MILLIS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", PING_MILLIS),
    ]


def _credentials(certificate: Path | None, key: Path | None) -> grpc.ServerCredentials | None:
    if certificate is None or key is None:
        return None
    try:
        return grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    except OSError as error:
        raise StartRefused(f"{error.filename} cannot be read ({error.strerror})") from error
