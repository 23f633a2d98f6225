"""The one way into the kernel: off the event loop, and a Rust panic becomes an error.

PyO3 raises a panic as a `BaseException`; grpc.aio would never answer the call it served.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from segue.errors import KernelPanicked

P = ParamSpec("P")
R = TypeVar("R")

_THREADS = ThreadPoolExecutor(max_workers=4 + (os.cpu_count() or 1), thread_name_prefix="kernel")


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
