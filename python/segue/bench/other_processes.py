"""Work that benchmarks give to processes of their own, so that what they measure does not share an interpreter with what they load."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from typing import Final

from segue.client import AsyncAccountClient, AsyncClient, Client, Export

_START_SECONDS: Final = 60.0
_WARMING_CALLS: Final = 20


@dataclass(frozen=True)
class Passage:
    """One stream that was read by another process, by the clock that all processes of the machine share.

    Attributes:
        rows: Rows of it.
        started: Seconds.
        ended: Seconds.
    """

    rows: int
    started: float
    ended: float


@contextmanager
def started_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Yields processes that are started, each with the client loaded."""
    context = multiprocessing.get_context("spawn")
    meeting = context.Barrier(count)
    with ProcessPoolExecutor(count, context, initializer=_keep, initargs=(meeting,)) as pool:
        for met in [pool.submit(_meet) for _ in range(count)]:
            met.result()
        yield pool


def read_part(target: str, api_key: str, token: str, part: int) -> Passage:
    """Reads one stream of an export to its end; a task of such a process."""
    with Client(target, api_key=api_key) as client:
        export = client.resume_export(token)
        if not isinstance(export, Export):
            raise TypeError(f"{export.name} has no streams")
        started = time.perf_counter()
        rows = sum(block.row_count for block in export.blocks(part=part))
        return Passage(rows, started, time.perf_counter())


def call_steadily(
    target: str, api_key: str, account: str, profile_ids: Sequence[str], calls_per_second: float
) -> list[float]:
    """Asks for profiles one after the other at a steady rate, whether those before were answered or not; a task of such a process.

    Returns:
        Seconds from sending each call until its answer.
    """
    return asyncio.run(_call_steadily(target, api_key, account, profile_ids, calls_per_second))


async def _call_steadily(
    target: str, api_key: str, account: str, profile_ids: Sequence[str], calls_per_second: float
) -> list[float]:
    async with AsyncClient(target, api_key=api_key) as client:
        asked = client.account(account)
        for profile_id in profile_ids[:_WARMING_CALLS]:
            await _call(asked, profile_id)
        calls, started = [], time.perf_counter()
        for number, profile_id in enumerate(profile_ids):
            due = started + number / calls_per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            calls.append(asyncio.create_task(_call(asked, profile_id)))
        return await asyncio.gather(*calls)


async def _call(account: AsyncAccountClient, profile_id: str) -> float:
    sent = time.perf_counter()
    await account.get_profile(profile_id)
    return time.perf_counter() - sent


_kept: list[Barrier] = []


def _keep(meeting: Barrier) -> None:
    _kept.append(meeting)


def _meet() -> None:
    """Ends when every process does this, so that none of them has done it for another."""
    _kept[0].wait(_START_SECONDS)
