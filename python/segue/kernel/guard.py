"""The one way into the kernel: off the event loop but for small inputs, and a Rust panic becomes an error.

PyO3 raises a panic as a `BaseException`; grpc.aio would never answer the call it served.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from segue.errors import KernelPanicked

P = ParamSpec("P")
R = TypeVar("R")

CORES: Final = os.cpu_count() or 1
BULK_NICENESS: Final = 5
"""How far bulk work steps back: calls that somebody waits for, and the event loop, get the cores first."""


def _step_back() -> None:
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BULK_NICENESS)


_THREADS = ThreadPoolExecutor(max_workers=4 + CORES, thread_name_prefix="kernel")
_BULK_THREADS = ThreadPoolExecutor(
    max_workers=CORES, thread_name_prefix="bulk", initializer=_step_back
)


SMALL_BYTES: Final = 32 << 10
"""Input that is worked on where it is, in two tenths of a millisecond at most: the way to a thread and back takes about as long."""


def guarded(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls the kernel on this thread.

    Raises:
        KernelPanicked: The kernel panicked; the message stays in the log.
    """
    try:
        return function(*args, **kwargs)
    except Exception:
        raise
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise KernelPanicked(f"kernel panicked: {error}") from error
        raise


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls the kernel on one of its threads; the call gives up the GIL and the loop goes on.

    Raises:
        KernelPanicked: The kernel panicked.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, lambda: guarded(function, *args, **kwargs))


async def run_sized(
    size_bytes: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Calls the kernel with input of a size, in linear time: with a small one at once, else as `run` does.

    Raises:
        KernelPanicked: The kernel panicked.
    """
    if size_bytes <= SMALL_BYTES:
        return guarded(function, *args, **kwargs)
    return await run(function, *args, **kwargs)


async def run_bulk(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls the kernel as `run` does, on threads for bulk work: as many as there are cores, and they step back for others.

    Raises:
        KernelPanicked: The kernel panicked.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_BULK_THREADS, lambda: guarded(function, *args, **kwargs))
