"""Clocks: the best of several runs, and the processor time of a process."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


def best_millis(work: Callable[[], object], runs: int = 7) -> float:
    """Runs work once to warm up, then some times more; returns the fastest run."""
    work()
    best = float("inf")
    for _ in range(runs):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best * 1000


@dataclass
class Span:
    """How long something took."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Processor time of this process, all threads."""


@contextmanager
def span() -> Iterator[Span]:
    """Measures the block under it."""
    measured = Span()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield measured
    finally:
        measured.wall_seconds = time.perf_counter() - wall
        measured.cpu_seconds = time.process_time() - cpu


def percentile(figures: Sequence[float], share: float) -> float:
    """Returns the figure that a share of them does not pass."""
    return sorted(figures)[min(int(share * len(figures)), len(figures) - 1)]
