"""Counts of calls by method and code, as Prometheus reads them."""

from functools import cache

from grpc import StatusCode
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600)


class CallMetrics:
    """Counters of one server."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds the counters to a registry; those of each method are looked up once."""
        started = Counter("segue_grpc_calls_started", "Calls begun.", ["method"], registry=registry)
        handled = Counter(
            "segue_grpc_calls_handled", "Calls ended.", ["method", "code"], registry=registry
        )
        seconds = Histogram(
            "segue_grpc_call_seconds",
            "Time from a call's first byte to its status.",
            ["method"],
            registry=registry,
            buckets=_SECONDS,
        )
        received = Counter(
            "segue_grpc_messages_received", "Messages of streams in.", ["method"], registry=registry
        )
        sent = Counter(
            "segue_grpc_messages_sent", "Messages of streams out.", ["method"], registry=registry
        )
        self._started, self._handled = cache(started.labels), cache(handled.labels)
        self._seconds = cache(seconds.labels)
        self._received, self._sent = cache(received.labels), cache(sent.labels)
        self._in_flight = Gauge("segue_grpc_calls_in_flight", "Calls now.", registry=registry)

    def call_started(self, method: str) -> None:
        """Counts a call that begins."""
        self._started(method).inc()
        self._in_flight.inc()

    def call_ended(self, method: str, code: StatusCode, seconds: float) -> None:
        """Counts a call that ended, whoever ended it."""
        self._handled(method, code.name).inc()
        self._seconds(method).observe(seconds)
        self._in_flight.dec()

    def message_received(self, method: str) -> None:
        """Counts a message of a stream in."""
        self._received(method).inc()

    def message_sent(self, method: str) -> None:
        """Counts a message of a stream out."""
        self._sent(method).inc()
