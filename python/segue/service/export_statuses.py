"""What is told of exports: state, size, progress, files, and where they can be fetched."""

from segue.domain.account import Account
from segue.domain.export import ExportDelivery, ExportFile, ExportStatus
from segue.domain.notification import JobKind, NotificationStatus
from segue.errors import ResourceNotFound
from segue.service.export_rows import HeldExports, export_name
from segue.service.tokens import Tokens
from segue.store import accounts, export_files, exports, notifications
from segue.store.base import Connection, Store
from segue.store.export_files import FileRow
from segue.store.exports import ExportRow


class ExportStatuses:
    """Describes exports."""

    def __init__(self, store: Store, held: HeldExports, tokens: Tokens, base_url: str) -> None:
        """Takes what is described, and the address under which HTTP is reached."""
        self._store = store
        self._held = held
        self._tokens = tokens
        self._base_url = base_url.rstrip("/")

    def poll_uri(self, row: ExportRow, number: int = 0) -> str:
        """Returns where callers with a key fetch a file (seed 002)."""
        return _numbered(f"{self._base_url}/exports/{row.export_id}", number)

    def link_uri(self, row: ExportRow, number: int = 0) -> str:
        """Returns where everybody who has this link fetches a file (seed 003); the link is a secret."""
        secret = self._tokens.again(row.link_nonce.hex()).reveal()
        return _numbered(f"{self._base_url}/downloads/{secret}", number)

    async def count(self, account: Account, row: ExportRow) -> int:
        """Returns the rows of an export; counts them when they were not counted before.

        Raises:
            ExportWithdrawn: It held a profile that was erased meanwhile.
            TokenInvalid: It ended meanwhile.
        """
        if row.row_count or row.delivery is ExportDelivery.FILES or not row.state.is_made:
            return row.row_count
        held = await self._held.get(account, row)
        found = held.whole.row_count
        if found:
            await self._store.write(lambda tx: exports.set_row_count(tx, row.key, found))
        return found

    async def of(self, account: Account, row: ExportRow, *, counted: bool = True) -> ExportStatus:
        """Describes an export.

        Args:
            account: Its owner.
            row: The export.
            counted: Whether rows are counted that were not counted before, which may build its snapshot again.
        """

        def work(tx: Connection) -> tuple[list[FileRow], NotificationStatus | None]:
            return export_files.select(tx, row.key), notifications.read(tx, JobKind.EXPORT, row.key)

        files, notification = await self._store.read(work)
        return ExportStatus(
            name=export_name(account, row),
            state=row.state,
            block_format=row.block_format,
            compression=row.compression,
            delivery=row.delivery,
            stream_count=row.stream_count,
            row_count=await self.count(account, row) if counted else row.row_count,
            byte_count=row.byte_count,
            written_row_count=row.written_row_count,
            effective_last_millis=row.changed_from_millis,
            snapshot_millis=row.snapshot_millis,
            create_millis=row.create_millis,
            expire_millis=row.expire_millis,
            files=tuple(self._file(row, file) for file in files if row.state.is_made),
            fault=row.fault,
            notification=notification,
        )

    async def described(self, row: ExportRow) -> ExportStatus:
        """Describes an export of which only the row is known, as it is stored.

        Raises:
            ResourceNotFound: Its account is gone.
        """
        account = await self._store.read(lambda tx: accounts.find_by_key(tx, row.account))
        if account is None:
            raise ResourceNotFound(f"exports/{row.export_id}")
        return await self.of(account, row, counted=False)

    def _file(self, row: ExportRow, file: FileRow) -> ExportFile:
        return ExportFile(
            file.number,
            file.row_count,
            file.byte_count,
            file.sha256,
            self.poll_uri(row, file.number),
        )


def _numbered(uri: str, number: int) -> str:
    return f"{uri}?file={number}" if number else uri
