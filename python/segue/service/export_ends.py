"""How exports end before their time: given up, committed, withdrawn since a profile was erased; and what is deleted then."""

from collections.abc import Callable, Iterable
from typing import Final

from segue.domain.account import Account
from segue.domain.export import ExportState
from segue.domain.timestamp import Clock
from segue.kernel.notice import Notice
from segue.service.export_rows import HeldExports
from segue.store import export_files, exports
from segue.store.base import Connection, Store
from segue.store.blobs import Blobs
from segue.store.exports import ExportRow

REMEMBERED_MILLIS: Final = 7 * 86_400_000
"""How long exports that ended can be listed."""


class ExportEnds:
    """Ends exports, and tells everybody who waits for one that something happened to it."""

    def __init__(self, store: Store, blobs: Blobs, held: HeldExports, clock: Clock) -> None:
        """Takes where exports, their files and their rows are."""
        self._store = store
        self._blobs = blobs
        self._held = held
        self._clock = clock
        self.changed = Notice()
        """Told when the state or progress of some export changed."""
        self.on_end: Callable[[int], None] = lambda _: None
        """Is called with the number of an export that ended; whoever writes its files stops."""

    async def end(self, row: ExportRow, state: ExportState) -> bool:
        """Ends an export and deletes its files; answers whether it had not ended before."""
        ended = await self._store.write(lambda tx: exports.end(tx, row.key, state, self._clock()))
        await self.clean([row.key])
        return ended

    async def clean(self, keys: Iterable[int]) -> None:
        """Lets go of what ended exports hold in memory and on disk, after their end is durable."""
        for key in keys:
            self.on_end(key)
            self._held.drop(key)
            await self._blobs.delete(await self._store.write(_forget_files(key)))
        self.changed.tell()

    async def bury(self, keys: Iterable[int], paths: Iterable[str]) -> None:
        """Lets go of exports whose rows went with their account: stops their jobs and readers, deletes their files."""
        for key in keys:
            self.on_end(key)
            self._held.drop(key)
        await self._blobs.delete(paths)
        self.changed.tell()

    async def sweep(self) -> None:
        """Ends exports whose time is over, deletes their files, and forgets those that ended long ago."""
        now = self._clock()
        ended = await self._store.write(lambda tx: exports.expire(tx, now))
        await self.clean(ended)
        self._held.forget(
            await self._store.write(lambda tx: exports.sweep(tx, now - REMEMBERED_MILLIS))
        )

    async def start(self) -> None:
        """Deletes what a crash left: files of exports that ended, and blobs that no row knows."""
        await self.sweep()
        await self._blobs.sweep(await self._store.read(export_files.select_paths))

    async def holding(self, account: Account, profile_id: str) -> tuple[list[int], int]:
        """Returns the numbers of an account's exports that hold a profile, and the greatest number looked at.

        An export whose snapshot has left memory is built again for that.
        """
        rows = await self._store.read(
            lambda tx: exports.select_open(tx, account.key, self._clock())
        )
        found = []
        for row in rows:
            export = await self._held.get(account, row)
            if export.whole.contains(profile_id):
                found.append(row.key)
        return found, max((row.key for row in rows), default=0)

    def withdraw_in(
        self, tx: Connection, account: Account, holding: Iterable[int], looked_at: int
    ) -> list[int]:
        """Withdraws exports in the transaction that erases a profile; returns their numbers, to be cleaned when it is durable.

        Args:
            tx: That transaction.
            account: The owner.
            holding: Exports that hold the profile.
            looked_at: The greatest number looked at: younger exports may hold it, so they are withdrawn too.
        """
        now = self._clock()
        younger = [
            row.key for row in exports.select_open(tx, account.key, now) if row.key > looked_at
        ]
        keys = [*holding, *younger]
        for key in keys:
            exports.end(tx, key, ExportState.WITHDRAWN, now)
        return keys


def _forget_files(key: int) -> Callable[[Connection], list[str]]:
    return lambda tx: export_files.delete(tx, key)
