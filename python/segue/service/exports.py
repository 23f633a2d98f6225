"""Use cases of exports that are open: Status, Watch, Commit, Cancel, List (seed 000).

An export is a revision, a schema version, a selection and a format; its bytes are a pure function of these. So it resumes at any
offset, after a restart too: the revision is built again from snapshot and journal, which compaction leaves until the export expires.
Streams are encoded as they are read; files are written by the worker (`segue.worker.export_jobs`) from the same rows.
"""

from collections.abc import AsyncIterator

from segue.domain.account import Account
from segue.domain.export import ExportDelivery, ExportState, ExportStatus
from segue.domain.page import MAX_POSITION, Page, PageRequest, encode_position
from segue.domain.timestamp import Clock
from segue.errors import ServerStopping
from segue.service.directory import Directory
from segue.service.export_ends import ExportEnds
from segue.service.export_files import check_made
from segue.service.export_statuses import ExportStatuses
from segue.service.tokens import owned_job
from segue.store import exports
from segue.store.base import Store
from segue.store.exports import ExportRow


class ExportService:
    """Tells of exports and ends them."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        ends: ExportEnds,
        statuses: ExportStatuses,
        clock: Clock,
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._directory = directory
        self._ends = ends
        self._statuses = statuses
        self._clock = clock
        self._is_stopping = False

    async def status(self, account_id: str | None, token: str) -> ExportStatus:
        """Returns an export's state, size and progress.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        account, row = await self._find(account_id, token)
        return await self._statuses.of(account, row)

    async def watch(self, account_id: str | None, token: str) -> AsyncIterator[ExportStatus]:
        """Yields an export's status, and again whenever it changed, until the export is made or cannot be made.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            ServerStopping: The server is.
        """
        account, row = await self._find(account_id, token)
        told: ExportStatus | None = None
        while True:
            heard = self._ends.changed.next()
            if self._is_stopping:
                raise ServerStopping("the server is stopping; watch again later")
            row = await self._row(row)
            status = await self._statuses.of(account, row)
            if status != told:
                yield status
                told = status
            if status.state is not ExportState.PROCESSING:
                return
            await heard.wait()

    async def commit(self, account_id: str | None, token: str, *, keep_files: bool) -> ExportStatus:
        """Ends the token of an export that was taken over; its files stay when asked to.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            ExportNotReady: The export is being made.
        """
        account, row = await self._find(account_id, token)
        if row.state is ExportState.PROCESSING:
            check_made(account, row)
        is_kept = keep_files and row.state.is_made and row.delivery is ExportDelivery.FILES
        if is_kept or not await self._ends.end(row, ExportState.EXPIRED):
            await self._store.write(lambda tx: exports.end_token(tx, row.key))
        return await self._ended(account, row)

    async def cancel(self, account_id: str | None, token: str) -> ExportStatus:
        """Gives an export up; a job stops, files are deleted, the token ends.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        account, row = await self._find(account_id, token)
        if not await self._ends.end(row, ExportState.CANCELLED):
            await self._store.write(lambda tx: exports.end_token(tx, row.key))
        return await self._ended(account, row)

    async def list(self, account_id: str, page: PageRequest) -> Page[ExportStatus]:
        """Lists an account's exports, the newest first.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        (before,), limit = page.position(MAX_POSITION), page.limit()
        rows = await self._store.read(
            lambda tx: exports.select(tx, account.key, int(before), limit + 1)
        )
        found = [await self._statuses.of(account, row, counted=False) for row in rows[:limit]]
        token = encode_position(rows[limit - 1].key) if len(rows) > limit else ""
        return Page(tuple(found), token)

    def stop(self) -> None:
        """Ends what watches exports; for a server that is stopping."""
        self._is_stopping = True
        self._ends.changed.tell()

    async def _ended(self, account: Account, row: ExportRow) -> ExportStatus:
        return await self._statuses.of(account, await self._row(row))

    async def _row(self, row: ExportRow) -> ExportRow:
        """Returns an export as it is stored now; one that was swept, as it was."""
        return await self._store.read(lambda tx: exports.find_by_key(tx, row.key)) or row

    async def _find(self, account_id: str | None, token: str) -> tuple[Account, ExportRow]:
        """Returns the export of a token, when the caller's account (None: any) owns it."""
        return await owned_job(self._store, exports.find, account_id, token, self._clock())
