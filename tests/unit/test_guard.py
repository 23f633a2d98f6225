"""Where the kernel is called, and what a panic becomes."""

import threading

import pytest

from segue.errors import KernelPanicked
from segue.kernel import guard


class PanicException(BaseException):
    """As PyO3 raises it."""


def panic() -> None:
    raise PanicException("index out of bounds")


@pytest.mark.parametrize("size_bytes", [0, guard.SMALL_BYTES, guard.SMALL_BYTES + 1, 1 << 20])
async def test_small_input_is_worked_on_here_and_large_input_elsewhere(size_bytes: int) -> None:
    here = await guard.run_sized(size_bytes, threading.get_ident) == threading.get_ident()
    assert here == (size_bytes <= guard.SMALL_BYTES)


@pytest.mark.parametrize("size_bytes", [0, 1 << 20])
async def test_a_panic_is_an_error_wherever_it_happens(size_bytes: int) -> None:
    with pytest.raises(KernelPanicked):
        await guard.run_sized(size_bytes, panic)
