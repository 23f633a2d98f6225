"""How exports end before their time: given up, committed, withdrawn since a profile was erased; and what is deleted then."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final

from segue.domain.account import Account
from segue.domain.export import ExportState
from segue.domain.timestamp import Clock
from segue.errors import ExportWithdrawn, StoreUnavailable, TokenInvalid
from segue.kernel import guard
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
        self.on_end: Callable[[int], Awaitable[None]] = _nobody_writes
        """Is called with the number of an export that ended; returns when whoever wrote its files has stopped and left nothing."""

    async def end(self, row: ExportRow, state: ExportState) -> bool:
        """Ends an export and deletes its files; answers whether it had not ended before."""
        ended = await self._store.write(lambda tx: exports.end(tx, row.key, state, self._clock()))
        await self.clean([row.key])
        return ended

    async def clean(self, keys: Iterable[int]) -> None:
        """Lets go of what ended exports hold in memory and on disk, after their end is durable.

        Raises:
            StoreUnavailable: Some files could not be deleted; those of the other exports are, and `sweep` tries again.
        """
        ended = list(keys)
        await self._stop(ended)
        failure: StoreUnavailable | None = None
        for key in ended:
            try:
                await self._delete_files(key)
            except StoreUnavailable as error:
                failure = error
        if failure is not None:
            raise failure

    async def bury(self, keys: Iterable[int], paths: Iterable[str]) -> None:
        """Lets go of exports whose rows went with their account: stops their jobs and readers, deletes their files."""
        await self._stop(list(keys))
        await self._blobs.delete(paths)

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

        An export whose snapshot has left memory is built again for that. One whose time is over and that nobody ended yet is ended first, as
        its snapshot may be gone.
        """
        rows = await self._store.read(lambda tx: exports.select_open(tx, account.key))
        if any(row.expire_millis <= self._clock() for row in rows):
            await self.sweep()
        found = []
        for row in rows:
            with suppress(ExportWithdrawn, TokenInvalid):  # it ended meanwhile
                export = await self._held.get(account, row)
                if await guard.run(export.whole.contains, profile_id):
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
        younger = [row.key for row in exports.select_open(tx, account.key) if row.key > looked_at]
        keys = [*holding, *younger]
        for key in keys:
            exports.end(tx, key, ExportState.WITHDRAWN, now)
        return keys

    async def _stop(self, ended: list[int]) -> None:
        """Stops who reads or writes exports that ended, before anything of them is deleted."""
        for key in ended:
            self._held.drop(key)
        await asyncio.gather(*map(self.on_end, ended))
        self.changed.tell()

    async def _delete_files(self, key: int) -> None:
        """Deletes the files of an export; their rows last, so that files that cannot be deleted are not forgotten."""
        paths = await self._store.read(lambda tx: export_files.paths(tx, key))
        if paths:
            await self._blobs.delete(paths)
            await self._store.write(lambda tx: export_files.delete(tx, key, paths))


async def _nobody_writes(_: int) -> None:
    """Stands for writers until there are some."""
