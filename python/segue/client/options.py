"""Where a client connects to, and how."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import grpc

from segue.client.retry import RetryPolicy

DEFAULT_TARGET: Final = "127.0.0.1:50051"
DEFAULT_TIMEOUT_SECONDS: Final = 30.0
DEFAULT_RETRY: Final = RetryPolicy()

_RECEIVED_BYTES: Final = 32 * 1024 * 1024
_SENT_BYTES: Final = 64 * 1024 * 1024
"""As much as a server takes by default: a million identifiers that an export is limited to."""

_KEEPALIVE_MILLIS: Final = 60_000
_KEEPALIVE_TIMEOUT_MILLIS: Final = 20_000

CHANNEL_OPTIONS: Final[Sequence[tuple[str, int]]] = (
    ("grpc.max_receive_message_length", _RECEIVED_BYTES),
    ("grpc.max_send_message_length", _SENT_BYTES),
    ("grpc.keepalive_time_ms", _KEEPALIVE_MILLIS),
    ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MILLIS),
    # Repeating a call is decided in `segue.client.retry`, which knows what may be repeated.
    ("grpc.enable_retries", 0),
)


@dataclass(frozen=True)
class ConnectOptions:
    """How a client reaches its server.

    Attributes:
        target: `host:port`, or any gRPC target.
        api_key: Sent as bearer of every call; never shown when the options are printed.
        tls: Encrypts the connection.
        root_certificates: PEM of the authorities to trust with `tls`; those of the system without it.
        timeout_seconds: Longest wait for the answer of a single call. Streams have no such limit.
        retry: How often a call is repeated when the server is away.
    """

    target: str = DEFAULT_TARGET
    api_key: str = field(default="", repr=False)
    tls: bool = False
    root_certificates: bytes | None = None
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    retry: RetryPolicy = DEFAULT_RETRY

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Returns what a secure channel needs; None for a plain one."""
        return grpc.ssl_channel_credentials(self.root_certificates) if self.tls else None

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Returns what goes with every call."""
        return (("authorization", f"Bearer {self.api_key}"),) if self.api_key else ()
