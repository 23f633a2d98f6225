"""Laws of the room for blocks: never fuller than its budget, everybody comes in, and no account or large block is passed for ever."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from segue.service.staging_room import StagingRoom

BUDGET = 100
BLOCKS = st.lists(
    st.tuples(
        st.integers(1, 3),  # account
        st.integers(1, 130),  # bytes; some are more than the budget
        st.integers(0, 4),  # turns of the loop before it comes
        st.integers(0, 4),  # turns of the loop that it stays
        st.booleans(),  # whether it gives up if it has not come to an end by then
    ),
    max_size=30,
)


async def turns_of_the_loop(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Visitors:
    """Blocks that come, wait, stay and leave, and who of them is inside."""

    def __init__(self) -> None:
        self.room = StagingRoom(BUDGET)
        self.inside: list[tuple[int, int]] = []

    async def visit(self, account: int, size_bytes: int, before: int, stay: int) -> None:
        await turns_of_the_loop(before)
        async with self.room.take(account, size_bytes):
            self.inside.append((account, size_bytes))
            try:
                self.check()
                await turns_of_the_loop(stay)
            finally:
                self.inside.remove((account, size_bytes))

    def check(self) -> None:
        assert len(self.inside) == 1 or sum(size for _, size in self.inside) <= BUDGET
        for account in (1, 2, 3):
            own = [size for owner, size in self.inside if owner == account]
            assert len(own) <= 1 or sum(own) <= BUDGET // 2


@settings(max_examples=100)
@given(BLOCKS)
def test_the_room_is_never_fuller_than_its_budget_and_everybody_comes_in(
    blocks: list[tuple[int, int, int, int, bool]],
) -> None:
    async def work() -> None:
        visitors = Visitors()
        tasks = [
            asyncio.create_task(visitors.visit(account, size, before, stay))
            for account, size, before, stay, _ in blocks
        ]
        await turns_of_the_loop(4)
        for task, (*_, gives_up) in zip(tasks, blocks, strict=True):
            if gives_up and not task.done():
                task.cancel()
        async with asyncio.timeout(10):
            results = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [each for each in results if isinstance(each, Exception)]
        assert not failures
        async with asyncio.timeout(10), visitors.room.take(1, 10 * BUDGET):
            pass  # what was given up has left nothing behind

    asyncio.run(work())


async def hold(room: StagingRoom, account: int, size_bytes: int, came_in: list[int]) -> None:
    """Stays inside until it is cancelled."""
    async with room.take(account, size_bytes):
        came_in.append(account)
        await asyncio.Event().wait()


async def test_an_account_with_much_waiting_does_not_hold_another_up() -> None:
    room, came_in = StagingRoom(BUDGET), list[int]()
    busy = [asyncio.create_task(hold(room, account, 25, came_in)) for account in (1, 2) * 20]
    await turns_of_the_loop(3)
    assert sorted(came_in) == [1, 1, 2, 2]
    other = asyncio.create_task(hold(room, 3, 25, came_in))
    await turns_of_the_loop(3)
    for task in busy[:3]:
        task.cancel()
    await turns_of_the_loop(5)
    assert sorted(came_in[4:]) == [1, 2, 3], "one block of each account that waits, no more"
    await end([*busy, other])


async def test_small_blocks_do_not_pass_a_large_one_for_ever() -> None:
    room, came_in = StagingRoom(BUDGET), list[int]()
    small = [asyncio.create_task(hold(room, account, 20, came_in)) for account in (1, 2)]
    await turns_of_the_loop(3)
    large = asyncio.create_task(hold(room, 3, BUDGET, came_in))
    await turns_of_the_loop(3)
    small += [asyncio.create_task(hold(room, account, 20, came_in)) for account in (1, 2)]
    await turns_of_the_loop(3)
    assert came_in == [1, 2]
    for task in small[:2]:
        task.cancel()
    await turns_of_the_loop(5)
    assert came_in == [1, 2, 3]
    await end([*small, large])


async def end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
