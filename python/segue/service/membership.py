"""Keeps the members of saved segments right in every account in memory: at commits by the kernel, at due moments by a timer.

A count never waits for this: what is not registered yet, or cannot be moved forward because an import holds the table, is evaluated.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from segue._kernel import Plan, Snapshot
from segue.domain.account import Account
from segue.domain.segment import Segment
from segue.domain.timestamp import Clock
from segue.errors import SegueError
from segue.kernel import guard
from segue.kernel.accounts import LiveAccount
from segue.rules.lowering import calendar_due, lower_members
from segue.rules.scope import SegmentRules
from segue.service.audience import Audiences
from segue.service.ledger import Ledger
from segue.store import accounts, segments
from segue.store.base import Connection, Store

RETRY_MILLIS: Final = 1_000
"""How long to wait after the store or the kernel has failed."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Kept:
    """A segment whose members the kernel keeps."""

    version: int
    schema_version: int
    rules: SegmentRules
    plan: Plan
    due_millis: int | None
    """Midnight at which windows of the calendar move on; rolling ones are the kernel's business."""


class AccountMembers:
    """The kept segments of one account in memory."""

    def __init__(self, live: LiveAccount, store: Store, ledger: Ledger, clock: Clock) -> None:
        """Begins with no segment kept."""
        self.live = live
        self.epoch = secrets.randbits(64)
        """Which life of the table positions belong to."""
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._plans: dict[str, tuple[bytes, Plan]] = {}
        """What the kernel keeps segments by, also while they wait to be registered anew."""
        self._stale: set[str] | None = None
        """Segments to be registered anew; None is all."""
        self._schema_version = 0

    async def run(self) -> None:
        """Registers segments and moves them forward when they are due, until it is cancelled."""
        while True:
            heard = self.live.published.next()
            try:
                await self._register_stale()
                due = self._next_due()
                if due is not None and due <= self._clock():
                    await self.advance()
                    due = self._next_due()
            except Exception:  # noqa: BLE001 - one bad round must not end them all
                _log.exception("membership.failed")
                due = self._clock() + RETRY_MILLIS
            await _heard_or_due(heard, None if due is None else due - self._clock())

    def forget(self, segment_ids: Collection[str] | None) -> None:
        """Has segments (None: all) evaluated until they are registered anew."""
        if segment_ids is None:
            self._stale = None
            self._kept.clear()
        elif self._stale is not None:
            self._stale.update(segment_ids)
            for segment_id in segment_ids:
                self._kept.pop(segment_id, None)
        self.live.published.tell()

    def kept(self, segment_id: str) -> Kept | None:
        """Returns a segment as it is registered; None when its members have to be evaluated."""
        found = self._kept.get(segment_id)
        return found if found is not None and self._is_right(found) else None

    def _is_right(self, kept: Kept) -> bool:
        """Whether a segment's rules mean what they meant when it was registered."""
        return kept.schema_version == self.live.schema_version and (
            kept.due_millis is None or kept.due_millis > self._clock()
        )

    async def snapshot(self, segment_ids: Collection[str]) -> tuple[Snapshot, frozenset[str]]:
        """Returns the account's state now, and those of the segments whose members in it are right."""
        before = {segment_id: self.kept(segment_id) for segment_id in segment_ids}
        table = self.live.table
        due, snapshot = await guard.run(lambda: (table.next_due(), table.snapshot()))
        if due is not None and due <= self._clock():
            if self._ledger.turns.is_held(self.live.key):
                return snapshot, frozenset()
            await self.advance()
            snapshot = await self.live.snapshot()
        right = [
            segment_id
            for segment_id, kept in before.items()
            if kept is not None and self.kept(segment_id) is kept
        ]
        return snapshot, frozenset(right)

    async def advance(self) -> None:
        """Applies all entering and leaving that time has caused."""
        due = self.live.due_millis
        if due is not None and due <= self._clock():
            async with self._ledger.turns.hold(self.live.key):
                await self._change(lambda: self.live.table.advance(self._clock()))
            self.live.published.tell()

    async def members(self, segment_id: str) -> tuple[Snapshot, Plan] | None:
        """Returns a state of the account with what a segment's members in it satisfy; None when they have to be evaluated."""
        kept = self.kept(segment_id)
        snapshot = await self.live.snapshot()
        if kept is None or self.kept(segment_id) is not kept:
            return None
        return snapshot, kept.plan.at(snapshot.moment_millis)

    async def _change(self, change: Callable[[], object]) -> None:
        """Changes what the table keeps, and hears what is due next; only in the account's turn."""
        table = self.live.table
        _, self.live.due_millis = await guard.run(lambda: (change(), table.next_due()))

    def _next_due(self) -> int | None:
        dues = [self.live.due_millis, *(kept.due_millis for kept in self._kept.values())]
        return min((due for due in dues if due is not None), default=None)

    async def _register_stale(self) -> None:
        asked, self._stale = self._stale, set()
        if self._schema_version != self.live.schema_version:
            asked, self._schema_version = None, self.live.schema_version
        wanted = None if asked is None else asked | self._outdated()
        if wanted is not None and not wanted:
            return
        try:
            found = await self._store.read(lambda tx: _audiences(tx, self.live.key, wanted))
        except BaseException:
            self._stale = None if wanted is None or self._stale is None else wanted | self._stale
            raise
        gone = (self._plans.keys() if wanted is None else wanted) - {
            item.segment_id for item, _ in found
        }
        for segment_id in gone:
            await self._release(segment_id)
        for segment, rules in found:
            try:
                await self._register(segment, rules)
            except SegueError:
                _log.exception("membership.unregistered", segment=segment.name)

    def _outdated(self) -> set[str]:
        return {segment_id for segment_id, kept in self._kept.items() if not self._is_right(kept)}

    async def _register(self, segment: Segment, rules: SegmentRules) -> None:
        version = self.live.schema_version
        schema = await self._ledger.schemas.get(self.live.key, version)
        async with self._ledger.turns.hold(self.live.key):
            now = self._clock()
            lowered = lower_members(*rules, now)
            known, plan = self._plans.get(segment.segment_id, (b"", None))
            if plan is None or known != lowered:
                plan = await guard.run(Plan, schema, lowered, now)
                await self._change(partial(self.live.table.maintain, segment.segment_id, plan))
                self._plans[segment.segment_id] = lowered, plan
        if self._stale is not None and segment.segment_id not in self._stale:
            due = calendar_due(*rules, now)
            kept = Kept(segment.version, version, rules, plan, due)
            self._kept[segment.segment_id] = kept
            self.live.published.tell()

    async def _release(self, segment_id: str) -> None:
        async with self._ledger.turns.hold(self.live.key):
            await self._change(partial(self.live.table.release, segment_id))
        self._kept.pop(segment_id, None)
        self._plans.pop(segment_id, None)


class Membership:
    """The kept segments of all accounts in memory."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock) -> None:
        """Has itself run beside every account that the ledger loads."""
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._accounts: dict[int, AccountMembers] = {}
        self.is_stopping = False
        """Whether watchers are sent away."""
        ledger.keep = self._keep

    def of(self, live: LiveAccount) -> AccountMembers:
        """Returns the kept segments of an account in memory."""
        found = self._accounts.get(live.key)
        if found is None or found.live is not live:
            found = AccountMembers(live, self._store, self._ledger, self._clock)
            self._accounts[live.key] = found
        return found

    def refresh(self, account: Account, segment_ids: Collection[str] | None = None) -> None:
        """Tells that what segments (None: all) mean has changed, or that they are gone."""
        live = self._ledger.accounts.find(account.key)
        if live is not None:
            self.of(live).forget(segment_ids)

    def wake(self) -> None:
        """Has everything that waits look anew: at the clock, and whether to go on."""
        for members in self._accounts.values():
            members.live.published.tell()

    def stop(self) -> None:
        """Sends watchers away; they can go on at another server, or here when it is back."""
        self.is_stopping = True
        self.wake()

    async def close(self) -> None:
        """Ends what runs beside the accounts."""
        self._ledger.keep = None
        keepers = [
            members.live.keeper for members in self._accounts.values() if members.live.keeper
        ]
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, live: LiveAccount) -> None:
        members = self.of(live)
        try:
            await members.run()
        finally:
            if self._accounts.get(live.key) is members:
                del self._accounts[live.key]


def _audiences(
    tx: Connection, key: int, wanted: Collection[str] | None
) -> list[tuple[Segment, SegmentRules]]:
    """Reads the rules of an account's segments; those that cannot be read are left to who asks for them."""
    account = accounts.find_by_key(tx, key)
    if account is None:
        return []
    audiences, found = Audiences(tx, account), []
    for segment in segments.select(tx, account):
        if wanted is None or segment.segment_id in wanted:
            try:
                found.append((segment, audiences.saved(segment)))
            except SegueError:
                _log.exception("membership.unreadable", segment=segment.name)
    return found


async def _heard_or_due(heard: asyncio.Event, wait_millis: int | None) -> None:
    """Waits for an event, or for some time."""
    try:
        async with asyncio.timeout(None if wait_millis is None else max(0, wait_millis) / 1000):
            await heard.wait()
    except TimeoutError:
        return
