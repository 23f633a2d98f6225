"""Use cases of records with problems: paged, streamed, and as blocks of the format they came in (seed 001)."""

from collections.abc import AsyncIterator

from segue import _kernel
from segue.domain.imports import RejectedRecords
from segue.domain.page import MAX_PAGE_SIZE, Page, PageRequest, encode_position
from segue.domain.profile import RecordException
from segue.errors import StateForbids
from segue.kernel import guard
from segue.service.imports import ImportService
from segue.service.staged_blocks import StagedBlocks
from segue.store import import_exceptions
from segue.store.base import Store
from segue.store.imports import ImportRow


class ImportExceptionService:
    """Tells which records of an import have problems."""

    def __init__(self, store: Store, blocks: StagedBlocks, imports: ImportService) -> None:
        """Takes where problems and parts are, and what finds imports by their tokens."""
        self._store = store
        self._blocks = blocks
        self._imports = imports

    async def list(
        self, account_id: str | None, token: str, page: PageRequest
    ) -> Page[RecordException]:
        """Lists problems of records, in order of part and record.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        _, row = await self._imports.find(account_id, token)
        after, limit = page.position(0, -1), page.limit(MAX_PAGE_SIZE)
        found = await self._store.read(
            lambda tx: import_exceptions.select(tx, row.key, after, limit + 1)
        )
        next_token = ""
        if len(found) > limit:
            position, last = found[limit - 1]
            next_token = encode_position(last.part_number, position)
        items = tuple(problem for _, problem in found[:limit])
        return Page(items, next_token, row.exception_count)

    async def stream(
        self, account_id: str | None, token: str
    ) -> AsyncIterator[tuple[RecordException, ...]]:
        """Yields all problems of records in order of part and record, at most a page at a time.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        page = PageRequest(MAX_PAGE_SIZE)
        while True:
            found = await self.list(account_id, token, page)
            if found.items:
                yield found.items
            if not found.next_token:
                return
            page = PageRequest(MAX_PAGE_SIZE, found.next_token)

    async def rejected(
        self, account_id: str | None, token: str, after_part: int = 0
    ) -> AsyncIterator[RejectedRecords]:
        """Yields the records with problems, a block a part, in order of parts.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            StateForbids: The parts are not kept any more.
        """
        _, row = await self._imports.find(account_id, token)
        part = await self._next_part(row, after_part)
        while part is not None:
            yield await self._rejected_of(row, part)
            part = await self._next_part(row, part)

    async def _next_part(self, row: ImportRow, after: int) -> int | None:
        return await self._store.read(lambda tx: import_exceptions.next_part(tx, row.key, after))

    async def _rejected_of(self, row: ImportRow, number: int) -> RejectedRecords:
        found = await self._blocks.read(row, number)
        if found is None:
            raise StateForbids(
                "the parts of the import are not kept any more; take the records from where they came from",
                {"name": row.name, "state": row.state.name},
            )
        part, data = found
        exceptions = await self._store.read(
            lambda tx: import_exceptions.of_part(tx, row.key, number)
        )
        problems = [(each.record_number, each.field_path, each.message) for each in exceptions]
        records = len({each.record_number for each in exceptions})
        block = await guard.run(
            _kernel.rejected, part.block_format, part.compression, data, problems
        )
        checksum = await guard.run(_kernel.crc32c, block)
        return RejectedRecords(number, part.block_format, block, checksum, records)
