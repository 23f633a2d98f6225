"""Laws of fair shares: never more at once than there are places, and of those who wait each account in its turn."""

import asyncio
from collections import deque
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from segue.kernel.fair_share import FairShare
from segue.service.blocks import Encoding

ACCOUNTS = st.integers(1, 4)


class Shares(RuleBasedStateMachine):
    """Comers, leavers and those who give up, against a model that is a queue for each account."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.share = FairShare(2)
        self.leave: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.inside: set[int] = set()
        self.account_of: dict[int, int] = {}
        self.waiting: dict[int, deque[int]] = {}
        """The model: who waits, by account; the account whose turn is next stands first."""
        self.holding: set[int] = set()
        self.on_leaving: dict[int, Callable[[], object]] = {}
        """What is done before the one who gets a place hears of it."""
        self.count = 0

    async def visit(self, number: int) -> None:
        async with self.share.place(self.account_of[number]):
            self.inside.add(number)
            try:
                await self.leave[number].wait()
            finally:
                self.inside.discard(number)
        self.on_leaving.pop(number, lambda: None)()

    def settle(self) -> None:
        async def some_turns() -> None:
            for _ in range(8):
                await asyncio.sleep(0)

        self.loop.run_until_complete(some_turns())

    def pass_on(self) -> None:
        """Gives a place on in the model."""
        if self.waiting:
            account = next(iter(self.waiting))
            turns = self.waiting.pop(account)
            self.holding.add(turns.popleft())
            if turns:
                self.waiting[account] = turns

    @rule(account=ACCOUNTS)
    def somebody_comes(self, account: int) -> None:
        number = self.count
        self.count += 1
        self.account_of[number], self.leave[number] = account, asyncio.Event()
        self.tasks[number] = self.loop.create_task(self.visit(number))
        if len(self.holding) < 2:
            self.holding.add(number)
        else:
            self.waiting.setdefault(account, deque()).append(number)
        self.settle()

    @precondition(lambda self: self.holding)
    @rule(data=st.data(), by_force=st.booleans())
    def somebody_leaves(self, data: st.DataObject, *, by_force: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.holding)))
        if by_force:
            self.tasks[number].cancel()
        self.leave[number].set()
        self.holding.discard(number)
        self.pass_on()
        self.settle()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def somebody_gives_up(self, data: st.DataObject) -> None:
        account = data.draw(st.sampled_from(sorted(self.waiting)))
        number = data.draw(st.sampled_from(sorted(self.waiting[account])))
        self.tasks[number].cancel()
        self.waiting[account].remove(number)
        if not self.waiting[account]:
            del self.waiting[account]
        self.settle()

    @precondition(lambda self: self.waiting and self.holding)
    @rule(data=st.data())
    def a_place_is_given_to_one_who_gives_up_at_that_moment(self, data: st.DataObject) -> None:
        leaver = data.draw(st.sampled_from(sorted(self.holding)))
        self.holding.discard(leaver)
        self.pass_on()
        (taker,) = self.holding - self.inside
        self.on_leaving[leaver] = self.tasks[taker].cancel
        self.leave[leaver].set()
        self.holding.discard(taker)
        self.pass_on()
        self.settle()

    @invariant()
    def places_are_held_by_those_whose_turn_it_is(self) -> None:
        assert self.inside == self.holding

    def teardown(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        self.settle()

        async def take_all() -> None:
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)
            async with asyncio.timeout(5), self.share.place(1), self.share.place(2):
                pass

        self.loop.run_until_complete(take_all())
        self.loop.close()


TestShares = Shares.TestCase


@given(
    waiting=st.lists(ACCOUNTS, min_size=1, max_size=30),
)
def test_an_account_waits_for_one_turn_of_each_other_at_most(waiting: list[int]) -> None:
    order: list[int] = []

    async def visit(share: FairShare, account: int) -> None:
        async with share.place(account):
            order.append(account)

    async def law() -> None:
        share = FairShare(1)
        async with share.place(0):
            visits = [asyncio.create_task(visit(share, account)) for account in waiting]
            await asyncio.sleep(0)
        await asyncio.gather(*visits)

    asyncio.run(law())
    assert sorted(order) == sorted(waiting)
    for account in set(waiting):
        turns = [position for position, served in enumerate(order) if served == account]
        for turn, position in enumerate(turns):
            before = order[:position]
            others = {other for other in waiting if other != account}
            assert all(before.count(other) <= turn + 1 for other in others)


async def test_a_piece_of_work_that_fails_gives_its_place_on() -> None:
    encoding = Encoding()

    def fail() -> None:
        raise ZeroDivisionError

    for _ in range(20):
        outcomes = await asyncio.gather(
            *(encoding.run(account, fail) for account in range(9)), return_exceptions=True
        )
        assert all(isinstance(outcome, ZeroDivisionError) for outcome in outcomes)
    assert await encoding.run(1, lambda: "done") == "done"
