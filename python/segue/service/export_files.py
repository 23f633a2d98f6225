"""Finished files of exports, found and read for both transports."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from typing import Final

from segue import _kernel
from segue.domain.account import Account
from segue.domain.export import Compression, ExportState
from segue.domain.secret import Secret
from segue.domain.timestamp import Clock
from segue.errors import (
    ExportFailed,
    ExportNotReady,
    FieldInvalid,
    FieldViolation,
    OffsetOutOfRange,
    ResourceNotFound,
)
from segue.kernel.guard import guarded
from segue.service.blocks import Encoding
from segue.service.compressed_pieces import compressed
from segue.service.export_rows import HeldExports, export_name, withdrawn
from segue.service.stored_file import StoredFile
from segue.service.tokens import token_invalid
from segue.store import accounts, export_files, exports
from segue.store.base import Connection, Store
from segue.store.blobs import Blobs
from segue.store.export_files import FileRow
from segue.store.exports import ExportRow

PIECE_BYTES: Final = 1 << 20
"""Size of the pieces that `content` yields."""

_LINKED: Final = "the export of this link"
"""What stands for a link in errors: the link itself is a secret."""

_GONE: Final = frozenset({ExportState.EXPIRED, ExportState.CANCELLED})
"""Exports that their owner gave up, or whose time is over."""


class ExportFiles:
    """Finds files and reads them. An export that ends meanwhile ends its readers at their next piece."""

    def __init__(
        self, store: Store, blobs: Blobs, held: HeldExports, encoding: Encoding, clock: Clock
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._blobs = blobs
        self._held = held
        self._encoding = encoding
        self._clock = clock

    async def find(self, account_id: str | None, export_id: str, number: int) -> StoredFile:
        """Returns a file of an export, when the caller's account (None: any) owns it.

        Raises:
            ResourceNotFound: There is no such export or file, or no more, or it is another account's: one answer for all.
            ExportNotReady: The export is being made.
            ExportFailed: It could not be made.
            ExportWithdrawn: It held a profile that was erased since.
        """
        found = await self._store.read(
            lambda tx: _found(tx, exports.find_by_id(tx, export_id), number)
        )
        if found is None or account_id not in {None, found.account.account_id}:
            raise ResourceNotFound(f"exports/{export_id}")
        return self._checked(found, f"exports/{export_id}")

    async def find_by_link(self, secret: str, number: int) -> StoredFile:
        """Returns a file of the export whose download link has a secret.

        Raises:
            ResourceNotFound: As with `find`.
            ExportNotReady: The export is being made.
            ExportFailed: It could not be made.
            ExportWithdrawn: It held a profile that was erased since.
        """
        digest = Secret(secret).digest()
        found = await self._store.read(
            lambda tx: _found(tx, exports.find_by_link(tx, digest), number)
        )
        if found is None:
            raise ResourceNotFound(_LINKED)
        return self._checked(found, _LINKED)

    async def count(self, export: ExportRow) -> int:
        """Returns how many files an export has."""
        return await self._store.read(lambda tx: export_files.count(tx, export.key))

    def _checked(self, found: "_Found", name: str) -> StoredFile:
        account, export, file = found.account, found.export, found.file
        is_over = export.state in _GONE or export.expire_millis <= self._clock()
        if is_over:
            raise ResourceNotFound(name)
        check_made(account, export)
        if file is None:
            raise ResourceNotFound(name)
        return StoredFile(account, export, file, file.number + 1 == found.file_count)

    async def frames(
        self, account: Account, export: ExportRow, number: int, offset: int
    ) -> AsyncGenerator[bytes, None]:
        """Yields a file's blocks as serialized `RetrieveExportResponse`s, from an offset on; one block is read ahead.

        An offset within a block gives the rest of the block, with all rows that end in the block.

        Raises:
            FieldInvalid: The export has no file of this number.
            OffsetOutOfRange: The offset lies behind the end.
            ExportWithdrawn: It held a profile that was erased meanwhile.
            TokenInvalid: It ended meanwhile.
        """
        file = await self._store.read(lambda tx: export_files.find(tx, export.key, number))
        if file is None:
            count = await self.count(export)
            raise FieldInvalid(FieldViolation("part", f"must be below {count}, the export's files"))
        if offset > file.byte_count:
            raise OffsetOutOfRange(
                f"offset {offset} lies behind the end at {file.byte_count}; send the next_offset of a block",
                {"offset": offset, "end": file.byte_count},
            )

        async def frame(start: int, end: int, row_count: int) -> bytes:
            def framed(data: bytes) -> bytes:
                return guarded(_kernel.frame_block, data, start, row_count)

            return await self._read(account, export, file, start, end, framed)

        blocks = _blocks_from(file, offset)
        async for response in self._ahead(account, export, starmap(frame, blocks)):
            yield response

    async def content(self, file: StoredFile, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yields a file's bytes from `start` until before `end` in pieces of about 1 MiB; one piece is read ahead.

        Notes that the export was retrieved when the end of its last file was taken.

        Raises:
            ExportWithdrawn: It held a profile that was erased meanwhile.
            TokenInvalid: It ended meanwhile.
        """
        account, export = file.account, file.export
        pieces = (
            self._read(account, export, file.row, position, min(position + PIECE_BYTES, end))
            for position in range(start, end, PIECE_BYTES)
        )
        async for piece in self._ahead(account, export, pieces):
            yield piece
        is_retrieved = file.is_last and end == file.byte_count
        if is_retrieved and export.state is not ExportState.RETRIEVED:
            await self._store.write(
                lambda tx: exports.set_retrieved(tx, export.key, export.byte_count)
            )

    def compressed(self, file: StoredFile, compression: Compression) -> AsyncGenerator[bytes, None]:
        """Yields a file's bytes as `content` does, compressed when its owner's turn on the cores comes."""
        content = self.content(file, 0, file.byte_count)
        return compressed(content, compression, partial(self._encoding.run, file.account.key))

    async def _read(
        self,
        account: Account,
        export: ExportRow,
        file: FileRow,
        start: int,
        end: int,
        made: Callable[[bytes], bytes] = bytes,
    ) -> bytes:
        try:
            return await self._blobs.read(file.path, start, end, made)
        except FileNotFoundError:
            await self._held.check(account, export)
            raise token_invalid() from None

    async def _ahead(
        self, account: Account, export: ExportRow, parts: Iterator[Coroutine[None, None, bytes]]
    ) -> AsyncGenerator[bytes, None]:
        """Yields parts in order, as long as the export goes on; while one is taken the next is made."""
        ahead = _started(parts)
        try:
            while ahead is not None:
                part = await ahead
                ahead = _started(parts)
                await self._held.check(account, export)
                yield part
        finally:
            if ahead is not None:
                ahead.cancel()


def check_made(account: Account, export: ExportRow) -> None:
    """Checks that an export is made.

    Raises:
        ExportNotReady: It is being made.
        ExportFailed: It could not be made, or was given up.
        ExportWithdrawn: It held a profile that was erased.
    """
    name = export_name(account, export)
    match export.state:
        case ExportState.PROCESSING:
            raise ExportNotReady(
                f"{name} is being made; ask again, or watch it",
                {"name": name, "state": export.state.name},
            )
        case ExportState.WITHDRAWN:
            raise withdrawn(account, export)
        case ExportState.FAILED | ExportState.ERROR | ExportState.CANCELLED:
            cause = export.fault.reason if export.fault else ""
            told = export.fault.message if export.fault else "it was given up"
            raise ExportFailed(
                f"{name} was not made: {told}",
                {"name": name, "state": export.state.name, "cause": cause},
            )


def _blocks_from(file: FileRow, offset: int) -> Iterator[tuple[int, int, int]]:
    """Yields where blocks begin and end, and the rows that end in each, from an offset on."""
    start = offset
    for end, row_count in export_files.BLOCK_ENTRY.iter_unpack(file.blocks):
        if end > offset:
            yield start, end, row_count
            start = end


@dataclass(frozen=True)
class _Found:
    """An export with the file that was asked for."""

    account: Account
    export: ExportRow
    file: FileRow | None
    file_count: int


def _found(tx: Connection, export: ExportRow | None, number: int) -> _Found | None:
    if export is None:
        return None
    account = accounts.find_by_key(tx, export.account)
    if account is None:
        return None
    file = export_files.find(tx, export.key, number)
    return _Found(account, export, file, export_files.count(tx, export.key))


def _started(parts: Iterator[Coroutine[None, None, bytes]]) -> asyncio.Task[bytes] | None:
    """Starts to make the next part. A failure that nobody waits for any more is nobody's."""
    coming = next(parts, None)
    if coming is None:
        return None
    task = asyncio.create_task(coming)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
