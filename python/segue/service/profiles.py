"""Use cases of single profiles."""

import asyncio
import json
from collections.abc import Sequence

from segue import _kernel
from segue.domain.account import Account
from segue.domain.profile import BlockFormat, UpsertResult, exceptions_of_part
from segue.errors import BlockTooLarge, LimitExceeded, ResourceNotFound
from segue.kernel import guard
from segue.service.change import Change
from segue.service.export_ends import ExportEnds
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.store.base import Connection
from segue.store.journal import EntryKind


class ProfileService:
    """Reads, writes and erases profiles."""

    def __init__(self, ledger: Ledger, ends: ExportEnds, limits: Limits) -> None:
        """Takes what the use cases work on."""
        self._ledger = ledger
        self._ends = ends
        self._directory = ledger.directory
        self._limits = limits
        self._erasing: set[asyncio.Task[None]] = set()

    async def get(self, account_id: str, profile_id: str) -> bytes:
        """Returns a serialized `segue.v1.Profile`.

        Raises:
            ResourceNotFound: There is no such account or profile.
        """
        account = await self._directory.account(account_id)
        _, schema = await self._ledger.schema(account)
        async with self._ledger.use(account) as live:
            profile = await guard.run(lambda: live.table.snapshot().profile(schema, profile_id))
        if profile is None:
            raise ResourceNotFound(f"{account.name}/profiles/{profile_id}")
        return profile

    async def get_several(
        self, account_id: str, profile_ids: Sequence[str]
    ) -> tuple[list[bytes], int]:
        """Returns serialized `segue.v1.Profile`s in the order asked for, all of one revision, and that revision.

        Raises:
            ResourceNotFound: There is no such account, or profiles are not there; names the first of them.
            LimitExceeded: Together they are larger than a block may be.
        """
        account = await self._directory.account(account_id)
        _, schema = await self._ledger.schema(account)
        snapshot = await self._ledger.snapshot(account)

        def read() -> list[bytes]:
            profiles, room = [], self._limits.block_bytes
            for profile_id in profile_ids:
                profile = snapshot.profile(schema, profile_id)
                if profile is None:
                    raise ResourceNotFound(f"{account.name}/profiles/{profile_id}")
                room -= len(profile)
                if room < 0:
                    raise _too_large_together(self._limits.block_bytes)
                profiles.append(profile)
            return profiles

        return await guard.run(read), snapshot.revision

    async def upsert(
        self, account_id: str, batch: bytes, *, ignore_unknown_fields: bool = False
    ) -> UpsertResult:
        """Writes the good profiles of a serialized `segue.v1.ProfileBatch`; durable and visible on return.

        Raises:
            BlockInvalid: The bytes are no such batch.
            BlockTooLarge: It is larger than a block may be.
            LimitExceeded: It holds more profiles than a small write may.
            ResourceNotFound: There is no such account.
        """
        if len(batch) > self._limits.block_bytes:
            raise BlockTooLarge(
                f"the batch has {len(batch)} bytes, at most {self._limits.block_bytes} are taken; send fewer profiles",
                {"size_bytes": len(batch), "maximum": self._limits.block_bytes},
            )
        account = await self._directory.account(account_id)
        version, schema = await self._ledger.schema(account)
        part = await guard.run_sized(
            len(batch),
            _kernel.decode,
            schema,
            BlockFormat.PROFILE_BATCH,
            batch,
            None,
            ignore_unknown_fields,
            max_bytes=self._limits.block_bytes,
        )
        if part.record_count > self._limits.upsert_profiles:
            raise LimitExceeded(
                f"the batch has {part.record_count} profiles, at most {self._limits.upsert_profiles} are taken;"
                " send several, or import them",
                {"limit": "upsert_profiles", "maximum": self._limits.upsert_profiles},
            )
        exceptions = exceptions_of_part(0, part.exceptions)
        if part.valid_count == 0:
            snapshot = await self._ledger.snapshot(account)
            return UpsertResult(snapshot.revision, 0, 0, exceptions)
        kind = EntryKind.PROFILES_LENIENT if ignore_unknown_fields else EntryKind.PROFILES
        change = Change(
            kind,
            lambda: batch,
            version,
            lambda table, revision, tick: table.apply([part], revision, tick),
            size_bytes=len(batch),
        )
        committed = await self._ledger.commit(account, change)
        written, created = committed.result
        return UpsertResult(committed.revision, written, created, exceptions)

    async def delete(self, account_id: str, profile_id: str) -> None:
        """Erases a profile, and events that came before it; its id stays as the mark of a removal.

        Exports that hold the profile are withdrawn by the same transaction, and their files are deleted before this returns.

        Raises:
            ResourceNotFound: There is no such account, or nothing of such a profile.
        """
        account = await self._directory.account(account_id)
        snapshot = await self._ledger.snapshot(account)
        if not await guard.run(snapshot.holds, profile_id):
            raise ResourceNotFound(f"{account.name}/profiles/{profile_id}")
        holding, looked_at = await self._ends.holding(account, profile_id)
        erasing = asyncio.create_task(self._erase(account, profile_id, holding, looked_at))
        self._erasing.add(erasing)
        erasing.add_done_callback(self._erasing.discard)
        await asyncio.shield(erasing)

    async def _erase(
        self, account: Account, profile_id: str, holding: list[int], looked_at: int
    ) -> None:
        """Erases, and lets go of what was withdrawn; to its end, also when the caller went away in between."""
        body = json.dumps([profile_id]).encode()
        version, _ = await self._ledger.schema(account)
        withdrawn: list[int] = []

        def withdraw(tx: Connection) -> None:
            withdrawn[:] = self._ends.withdraw_in(tx, account, holding, looked_at)

        change = Change(
            EntryKind.ERASURE,
            lambda: body,
            version,
            lambda table, revision, tick: table.erase([profile_id], revision, tick),
            together=withdraw,
            size_bytes=len(body),
        )
        committed = await self._ledger.commit(account, change)
        await self._ends.clean(withdrawn)
        if not committed.result:
            raise ResourceNotFound(f"{account.name}/profiles/{profile_id}")


def _too_large_together(maximum: int) -> LimitExceeded:
    return LimitExceeded(
        f"the profiles have more than {maximum} bytes together; ask for fewer at once",
        {"limit": "block_bytes", "maximum": maximum},
    )
