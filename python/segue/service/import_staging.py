"""Use case of staging: blocks are checked by the kernel and durable when their stream is answered (seed 001)."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from segue import _kernel
from segue._kernel import Part, Schema
from segue.domain.export import Compression
from segue.domain.imports import StagedPart, StageResult
from segue.domain.profile import exceptions_of_part
from segue.domain.timestamp import Clock
from segue.errors import (
    BlockInvalid,
    BlockTooLarge,
    ChecksumMismatch,
    FieldInvalid,
    FieldViolation,
    ImportsPending,
    LimitExceeded,
    PartChanged,
    StateForbids,
)
from segue.kernel import guard
from segue.service.import_records import DecodeLimits, decode_part
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.service.staging_room import StagingRoom
from segue.service.tokens import token_invalid
from segue.store import import_exceptions, import_parts, imports
from segue.store.base import Connection, Store
from segue.store.import_parts import PartRow
from segue.store.imports import ImportRow

PARTS_IN_FLIGHT: Final = 4
"""Parts of one stream that are checked or written at once; flow control holds the sender back beyond them."""


@dataclass(frozen=True)
class _Target:
    """What the parts of a stream are staged for, and what they are checked against."""

    row: ImportRow
    schema_version: int
    schema: Schema


class ImportStaging:
    """Takes blocks of profiles in."""

    def __init__(self, store: Store, ledger: Ledger, limits: Limits, clock: Clock) -> None:
        """Takes what the use case works on."""
        self._store = store
        self._clock = clock
        self._ledger = ledger
        self._blocks = ledger.replay.blocks
        self._limits = limits
        self._room = StagingRoom(limits.staging_memory_bytes)

    async def stage(self, row: ImportRow, parts: AsyncIterator[StagedPart]) -> StageResult:
        """Checks and stages parts; all of them are durable on return. Parts before a refused one stay.

        Raises:
            TokenInvalid: The token has ended meanwhile.
            FieldInvalid: A part has no number.
            StateForbids: The import takes no more parts.
            BlockInvalid: A part is not what its format says.
            BlockTooLarge: A part is larger than a block may be, as it came or decompressed.
            ChecksumMismatch: A part's bytes are not those its checksum was made of.
            PartChanged: A part's number came before with other bytes.
            LimitExceeded: The import holds as many bytes or records as one may.
            ImportsPending: The account's imports hold as many bytes as they may.
        """
        version, schema = await self._ledger.schema_of(row.account)
        target = _Target(row, version, schema)
        staging: deque[asyncio.Task[PartRow]] = deque()
        staged: list[PartRow] = []
        try:
            async for part in parts:
                staging.append(asyncio.create_task(self._stage_part(target, part)))
                if len(staging) >= PARTS_IN_FLIGHT:
                    staged.append(await staging.popleft())
            while staging:
                staged.append(await staging.popleft())
        finally:
            await asyncio.gather(*staging, return_exceptions=True)
        received, valid = sum(p.record_count for p in staged), sum(p.valid_count for p in staged)
        return StageResult(len(staged), received, valid, received - valid)

    async def _stage_part(self, target: _Target, part: StagedPart) -> PartRow:
        size = len(part.data)
        if part.number < 1:
            raise FieldInvalid(FieldViolation("part_number", "must be 1 or more"))
        if size > self._limits.block_bytes:
            raise BlockTooLarge(
                f"part {part.number} has {size} bytes, at most {self._limits.block_bytes} are taken; send smaller parts",
                {"size_bytes": size, "maximum": self._limits.block_bytes, "part": part.number},
            )
        is_packed = part.compression is not Compression.NONE
        taken = self._limits.unpacked_block_bytes if is_packed else size
        async with self._room.take(target.row.account, taken):
            checksum, decoded = await guard.run(self._check, target, part)
            return await self._keep(target, part, checksum, decoded)

    def _check(self, target: _Target, part: StagedPart) -> tuple[int, Part]:
        """Decodes a part; returns the checksum of its bytes beside it."""
        checksum = _kernel.crc32c(part.data)
        if part.crc32c is not None and part.crc32c != checksum:
            raise ChecksumMismatch(
                f"part {part.number} does not have the checksum sent with it; send it again",
                {"part": part.number},
            )
        limits = DecodeLimits(self._limits.unpacked_block_bytes, self._limits.compression_ratio)
        try:
            decoded = decode_part(
                target.schema, target.row, part.block_format, part.compression, part.data, limits
            )
        except (BlockInvalid, BlockTooLarge) as error:
            raise type(error)(
                f"part {part.number}: {error}", {**error.metadata, "part": part.number}
            ) from error
        return checksum, decoded

    async def _keep(
        self, target: _Target, part: StagedPart, checksum: int, decoded: Part
    ) -> PartRow:
        key, size = target.row.key, len(part.data)
        row = PartRow(
            part.number,
            part.block_format,
            part.compression,
            target.schema_version,
            import_parts.digest_of(checksum, size),
            decoded.record_count,
            decoded.valid_count,
        )
        # What is refused, or has come before, must not grow the import's file.
        before = await self._store.read(lambda tx: self._admit(tx, key, row))
        if before is not None:
            return before
        place = await self._blocks.keep(target.row, part.data)
        staged = replace(row, place=place)
        exceptions = exceptions_of_part(part.number, decoded.exceptions)

        def work(tx: Connection) -> PartRow:
            found = self._admit(tx, key, staged)
            if found is not None:
                return found
            import_parts.insert(tx, key, staged, part.data if place is None else b"")
            import_exceptions.insert(tx, key, exceptions)
            imports.add_staged(
                tx, key, staged.record_count, staged.valid_count, len(exceptions), size
            )
            return staged

        durable = await self._store.write(work, size if place is None else 0)
        if durable is staged:
            self._ledger.replay.staged_parts.keep(key, part.number, decoded, size)
        return durable

    def _admit(self, tx: Connection, key: int, part: PartRow) -> PartRow | None:
        """Checks that a part may be added; returns the same part where it came before."""
        now = living_in(tx, key, self._clock())
        found = import_parts.find(tx, key, part.number)
        if found is not None and found.digest == part.digest:
            return found
        if found is not None:
            raise PartChanged(
                f"part {part.number} came before with other bytes; give new bytes a new number",
                {"part": part.number},
            )
        if not now.state.takes_parts:
            raise StateForbids(
                f"the import is {now.state.name} and takes no more parts; open another",
                {"name": "import", "state": now.state.name},
            )
        self._check_quota(tx, now, part.record_count, part.size_bytes)
        return None

    def _check_quota(self, tx: Connection, row: ImportRow, records: int, size: int) -> None:
        """Checks that a part fits into its import and its account."""
        for name, found, more, maximum in (
            ("import_records", row.received_count, records, self._limits.import_records),
            ("staged_bytes", row.staged_bytes, size, self._limits.staged_bytes),
        ):
            if found + more > maximum:
                raise LimitExceeded(
                    f"the import would hold {found + more} {name}, at most {maximum} are taken; execute it and open another",
                    {"limit": name, "maximum": maximum},
                )
        maximum = self._limits.account_staged_bytes
        _, held = imports.open_usage(tx, row.account, 0)
        if held + size > maximum:
            raise ImportsPending(
                f"the account's open imports hold {held} bytes, at most {maximum} are taken; execute or cancel some, and send again",
                {"limit": "account_staged_bytes", "maximum": maximum},
            )


def living_in(tx: Connection, key: int, now_millis: int) -> ImportRow:
    """Reads an import inside the transaction that builds on it: between a call's beginning and that, its time may have ended.

    Raises:
        TokenInvalid: It has, and what was staged may be gone.
    """
    row = imports.find_living(tx, key, now_millis)
    if row is None:
        raise token_invalid()
    return row
