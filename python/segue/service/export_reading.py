"""Use cases of reading exports: as parts, streams or files, and some rows at a time (seed 000: Retrieve)."""

from collections.abc import AsyncIterator

from segue.domain.account import Account
from segue.domain.export import ExportDelivery, ExportState, RowWindow
from segue.domain.timestamp import Clock
from segue.errors import FieldInvalid, FieldViolation
from segue.service.blocks import Encoding
from segue.service.export_ends import ExportEnds
from segue.service.export_files import ExportFiles, check_made
from segue.service.export_rows import HeldExports
from segue.service.tokens import owned_job
from segue.store import exports
from segue.store.base import Store
from segue.store.exports import ExportRow


class ExportReading:
    """Hands out the bytes of exports."""

    def __init__(
        self,
        store: Store,
        encoding: Encoding,
        held: HeldExports,
        ends: ExportEnds,
        files: ExportFiles,
        clock: Clock,
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._encoding = encoding
        self._held = held
        self._ends = ends
        self._files = files
        self._clock = clock

    async def retrieve(
        self,
        account_id: str | None,
        token: str,
        offset: int = 0,
        part: int = 0,
        *,
        keep_alive: bool = True,
    ) -> AsyncIterator[bytes]:
        """Yields a part's blocks, as serialized responses, from an offset on.

        Args:
            account_id: The caller's account; None is any.
            token: The export's.
            offset: The byte to begin at.
            part: Number of the stream or file, from 0.
            keep_alive: Whether the token counts on when all parts were retrieved to their end.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            OffsetOutOfRange: The offset lies behind the end.
            FieldInvalid: There is no such part.
            ExportNotReady: Its files are not written yet.
            ExportFailed: It could not be made.
            ExportWithdrawn: It held a profile that was erased, maybe since the stream began.
        """
        account, row = await self._find(account_id, token)
        check_made(account, row)
        if row.delivery is ExportDelivery.FILES:
            async for block in self._files.frames(account, row, part, offset):
                yield block
            read_bytes: int | None = row.byte_count
            is_read = part + 1 == await self._files.count(row)
        else:
            async for block in self._stream(account, row, part, offset):
                yield block
            held = await self._held.get(account, row)
            read_bytes = held.read_bytes()
            is_read = read_bytes is not None
        if is_read and read_bytes is not None:
            await self._retrieved(row, read_bytes, keep_alive=keep_alive)

    async def retrieve_rows(
        self,
        account_id: str | None,
        token: str,
        rows: RowWindow,
        offset: int,
        *,
        keep_alive: bool,
    ) -> AsyncIterator[bytes]:
        """Yields some rows as a document of their own, whose offsets begin at 0 (seed 000: limit and offset).

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            OffsetOutOfRange: The offset lies behind the end.
            FieldInvalid: The window is.
            ExportNotReady: Files are not written yet.
            ExportFailed: It could not be made.
            ExportWithdrawn: It held a profile that was erased.
        """
        account, row = await self._find(account_id, token)
        check_made(account, row)
        _check_window(rows)
        held = await self._held.get(account, row)
        page = held.whole.slice(rows.offset - 1, rows.limit, None)
        async for block in self._encoding.read(account.key, page, offset):
            await self._held.check(account, row)
            yield block
        if rows.offset - 1 + rows.limit >= held.whole.row_count:
            await self._retrieved(row, row.byte_count, keep_alive=keep_alive)

    async def _stream(
        self, account: Account, row: ExportRow, part: int, offset: int
    ) -> AsyncIterator[bytes]:
        if not 0 <= part < row.stream_count:
            raise FieldInvalid(
                FieldViolation("part", f"must be below {row.stream_count}, the export's streams")
            )
        held = await self._held.get(account, row)
        async for block in self._encoding.read(account.key, held.stream(part), offset):
            await self._held.check(account, row)
            yield block

    async def _retrieved(self, row: ExportRow, byte_count: int, *, keep_alive: bool) -> None:
        if not keep_alive:
            await self._ends.end(row, ExportState.EXPIRED)
        elif row.state is not ExportState.RETRIEVED or row.byte_count != byte_count:
            await self._store.write(lambda tx: exports.set_retrieved(tx, row.key, byte_count))

    async def _find(self, account_id: str | None, token: str) -> tuple[Account, ExportRow]:
        """Returns the export of a token, when the caller's account (None: any) owns it."""
        return await owned_job(self._store, exports.find, account_id, token, self._clock())


def _check_window(rows: RowWindow) -> None:
    violations = [
        FieldViolation(f"rows.{name}", "must be 1 or more")
        for name, value in (("offset", rows.offset), ("limit", rows.limit))
        if value < 1
    ]
    if violations:
        raise FieldInvalid(*violations)
