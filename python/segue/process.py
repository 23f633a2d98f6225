"""What concerns the process as a whole: whether it may start, its allocator, the form of its log lines."""

import ctypes
import logging
import sys
from typing import Any, Final

import structlog


class StartRefused(Exception):
    """The server cannot start; the message says why, and what to do."""


_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_PR_SET_THP_DISABLE: Final = 41
_TRIM_BYTES: Final = 256 * 1024 * 1024
_MMAP_BYTES: Final = 64 * 1024 * 1024

_CONTEXT: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_TRACEBACK: Final = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def tune_allocator() -> None:
    """Keeps freed blocks of about a message's size in the process instead of unmapping them, and memory in small pages.

    Without the first glibc maps and unmaps memory for every message of 1 MiB; with it ready-made blocks stream 25-40 % faster (2 cores, both
    sides). One arena is enough: what the kernel allocates does not come from it. Huge pages, which the kernel's allocator asks for, are
    cleared whole when a part of them is used: an import of 1 M profiles took up to 1.2 seconds of processor time more, and 100 MB (guest
    whose host gives memory as it is touched). Does nothing where the C library has no such calls.
    """
    library = ctypes.CDLL(None)
    mallopt, prctl = getattr(library, "mallopt", None), getattr(library, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)
        mallopt(_M_ARENA_MAX, 1)


def configure_logs(level: str) -> None:
    """Writes our log lines as JSON objects to standard error, each with the request id of its call.

    Tracebacks come without the values of variables, which may be a customer's.
    """
    structlog.configure(
        processors=[*_CONTEXT, _TRACEBACK, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def route_library_logs(level: str) -> None:
    """Writes what libraries log through `logging` in the same form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_CONTEXT,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACK,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.addFilter(_is_ours_to_mend)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)


def _is_ours_to_mend(record: logging.LogRecord) -> bool:
    """Tells whether a line is worth reading: grpc.aio logs a traceback whenever a caller leaves in the middle of a message."""
    error = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    return error is None or error.__name__ != "ExecuteBatchError"
