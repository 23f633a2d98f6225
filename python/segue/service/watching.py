"""Use case of watching: who enters and leaves a segment, as it happens."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from segue._kernel import Export, Plan, Schema, Snapshot
from segue.domain.account import Account
from segue.domain.membership import MembersAnew, MembershipChanges, WatchPosition
from segue.domain.profile import BlockFormat
from segue.errors import ServerStopping
from segue.kernel import guard
from segue.kernel.accounts import LiveAccount
from segue.service.ledger import Ledger
from segue.service.membership import AccountMembers, Membership
from segue.service.segment_rows import segment_in
from segue.store.base import Store

CHANGES_AT_ONCE: Final = 10_000
"""Enterings and leavings in one response."""

MEMBERS_BLOCK_BYTES: Final = 64 << 10
"""Ids in one response, some thousands."""

NOBODY: Final = b'{"or":[]}'
NEVER_MILLIS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999: nothing has changed since."""

Watched = MembershipChanges | MembersAnew


class WatchService:
    """Streams the changes of a segment's members."""

    def __init__(self, store: Store, ledger: Ledger, membership: Membership) -> None:
        """Takes what the use case works on."""
        self._store = store
        self._ledger = ledger
        self._membership = membership

    async def watch(
        self, account_id: str, segment_id: str, seen: WatchPosition | None, epoch: int
    ) -> AsyncGenerator[tuple[Watched, int], None]:
        """Yields enterings and leavings after a position, or first all members, each with the epoch of its position.

        Ends only by raising; holds one response at a time.

        Args:
            account_id: Owner.
            segment_id: The segment.
            seen: The position of the last response; None begins with all members.
            epoch: That position's; another one than the table's begins with all members too.

        Raises:
            ResourceNotFound: There is no such account or segment, or no more.
            ServerStopping: The server is.
        """
        while True:
            account = await self._ledger.directory.account(account_id)
            await self._check(account, segment_id)
            async with self._ledger.use(account) as live:
                members = self._membership.of(live)
                known = seen if epoch == members.epoch else None
                async for watched in self._watch(account, members, segment_id, known):
                    if isinstance(watched, MembershipChanges):
                        seen, epoch = watched.position, members.epoch
                    yield watched, members.epoch

    async def _watch(
        self,
        account: Account,
        members: AccountMembers,
        segment_id: str,
        seen: WatchPosition | None,
    ) -> AsyncIterator[Watched]:
        """Yields changes until the table is dropped."""
        live = members.live
        while not live.is_dropped:
            heard = live.published.next()
            if self._membership.is_stopping:
                raise ServerStopping("the server is stopping; go on from the position later")
            if members.kept(segment_id) is None:
                await self._check(account, segment_id)
                await heard.wait()
                continue
            found = None if seen is None else await _changes(live, segment_id, seen)
            if found is None:
                async for anew in self._members(account, members, segment_id):
                    seen = anew.position if isinstance(anew, MembershipChanges) else None
                    yield anew
            else:
                seen = found.position
                if found.changes:
                    yield found
                else:
                    await heard.wait()

    async def _members(
        self, account: Account, members: AccountMembers, segment_id: str
    ) -> AsyncIterator[Watched]:
        found = await members.members(segment_id)
        if found is None:
            return
        snapshot, plan = found
        schema = await self._ledger.schemas.get(account.key, members.live.schema_version)
        position = WatchPosition(snapshot.revision, snapshot.moment_millis)
        export = await guard.run(lambda: _ids(snapshot, schema, plan))
        yield MembersAnew(b"", position, is_first=True)
        async for block in self._ledger.encoding.read(account.key, export, 0):
            yield MembersAnew(block, position, is_first=False)
        yield MembershipChanges(b"", position)

    async def _check(self, account: Account, segment_id: str) -> None:
        await self._store.read(lambda tx: segment_in(tx, account, segment_id))


async def _changes(
    live: LiveAccount, segment_id: str, seen: WatchPosition
) -> MembershipChanges | None:
    found = await guard.run(
        live.table.changes, segment_id, seen.revision, seen.millis, CHANGES_AT_ONCE
    )
    if found is None:
        return None
    changes, revision, millis = found
    return MembershipChanges(changes, WatchPosition(revision, millis))


def _ids(snapshot: Snapshot, schema: Schema, plan: Plan) -> Export:
    """Selects members by id alone: as those whom another plan, which nobody satisfies, has left out since."""
    return snapshot.export(
        schema,
        Plan(schema, NOBODY, 0),
        BlockFormat.PROFILE_BATCH,
        changed_from_millis=NEVER_MILLIS,
        plan_before=plan,
        include_removed=True,
        block_bytes=MEMBERS_BLOCK_BYTES,
    )
