"""Use cases of events: blocks of them are checked, journaled and recorded as they arrive."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from segue import _kernel
from segue._kernel import EventPart, Schema
from segue.domain.account import Account
from segue.domain.event import BlockOutcome, EventBlock, RecordSummary
from segue.errors import BlockInvalid, BlockTooLarge, ChecksumMismatch, SegueError
from segue.kernel import guard
from segue.service.change import Change
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.store.journal import EntryKind

BLOCKS_IN_FLIGHT: Final = 4
"""Blocks of one stream that are checked or committed at once; flow control holds the sender back beyond them."""


@dataclass(frozen=True)
class _Turn:
    """A block's place in the order of commits."""

    number: int
    before: "asyncio.Future[bool]"
    """Whether the block before it was handed to the ledger."""
    after: "asyncio.Future[bool]"
    """Tells the next block the same of this one."""


class EventService:
    """Records events."""

    def __init__(self, ledger: Ledger, limits: Limits) -> None:
        """Takes what the use cases work on."""
        self._ledger = ledger
        self._directory = ledger.directory
        self._limits = limits

    async def record(
        self,
        account_id: str,
        blocks: AsyncIterator[EventBlock],
        *,
        refuse_unknown_profiles: bool = False,
    ) -> RecordSummary:
        """Records blocks in order; all of them are durable and visible on return.

        Blocks before a refused one stay recorded: `recorded_blocks` in the error's metadata says how many.

        Raises:
            BlockInvalid: A block is no serialized `segue.v1.EventBatch`.
            BlockTooLarge: A block is larger than it may be.
            ChecksumMismatch: A block's bytes are not those its checksum was made of.
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        kind = EntryKind.EVENTS_STRICT if refuse_unknown_profiles else EntryKind.EVENTS
        summary = RecordSummary((await self._ledger.snapshot(account)).revision)
        in_flight: deque[asyncio.Task[BlockOutcome]] = deque()
        turn = _first_turn()
        try:
            async for block in blocks:
                in_flight.append(asyncio.create_task(self._record(account, kind, block, turn)))
                turn = _turn_after(turn)
                if len(in_flight) >= BLOCKS_IN_FLIGHT:
                    summary.add(await in_flight[0])
                    in_flight.popleft()
            while in_flight:
                summary.add(await in_flight[0])
                in_flight.popleft()
        except SegueError as error:
            rest = await asyncio.gather(*in_flight, return_exceptions=True)
            recorded = list(takewhile(lambda found: isinstance(found, BlockOutcome), rest))
            error.metadata["recorded_blocks"] = str(summary.block_count + len(recorded))
            raise
        finally:
            await asyncio.gather(*in_flight, return_exceptions=True)
        return summary

    async def _record(
        self, account: Account, kind: EntryKind, block: EventBlock, turn: _Turn
    ) -> BlockOutcome:
        may_follow = False
        try:
            version, schema = await self._ledger.schema(account)
            self._check_size(turn.number, block)
            part = await guard.run_sized(len(block.data), _decode, schema, turn.number, block)
            if not await turn.before:
                raise asyncio.CancelledError
            committing = asyncio.create_task(
                self._commit(account, kind, version, block, part, turn)
            )
            may_follow = True
        finally:
            turn.after.set_result(may_follow)
        return await committing

    async def _commit(
        self,
        account: Account,
        kind: EntryKind,
        version: int,
        block: EventBlock,
        part: EventPart,
        turn: _Turn,
    ) -> BlockOutcome:
        """Commits a block's good events, if it has any."""
        if part.valid_count == 0:
            return BlockOutcome(turn.number, part.record_count, 0, 0, 0, part.exceptions, 0)
        is_strict = kind is EntryKind.EVENTS_STRICT
        change = Change(
            kind,
            lambda: block.data,
            version,
            lambda table, revision, tick: table.record(part, is_strict, revision, tick),
            size_bytes=len(block.data),
        )
        committed = await self._ledger.commit(account, change)
        recorded, duplicates, unknown, problems = committed.result
        return BlockOutcome(
            turn.number,
            part.record_count,
            recorded,
            duplicates,
            unknown,
            (*part.exceptions, *problems),
            committed.revision,
        )

    def _check_size(self, number: int, block: EventBlock) -> None:
        size = len(block.data)
        if size > self._limits.block_bytes:
            raise BlockTooLarge(
                f"block {number} has {size} bytes, at most {self._limits.block_bytes} are taken; send smaller ones",
                {"size_bytes": size, "maximum": self._limits.block_bytes},
            )


def _first_turn() -> _Turn:
    loop = asyncio.get_running_loop()
    before = loop.create_future()
    before.set_result(True)
    return _Turn(1, before, loop.create_future())


def _turn_after(turn: _Turn) -> _Turn:
    return _Turn(turn.number + 1, turn.after, asyncio.get_running_loop().create_future())


def _decode(schema: Schema, number: int, block: EventBlock) -> EventPart:
    if block.crc32c is not None and block.crc32c != _kernel.crc32c(block.data):
        raise ChecksumMismatch(
            f"block {number} does not have the checksum sent with it; send it again",
            {"part": number},
        )
    try:
        return _kernel.decode_events(schema, block.data)
    except BlockInvalid as error:
        raise BlockInvalid(
            f"block {number}: {error}; the blocks before it are recorded",
            {**error.metadata, "part": number},
        ) from error
