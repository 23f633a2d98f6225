"""A server of downloads whose exports are put there by hand, and curl, which fetches them."""

import asyncio
import hashlib
import secrets
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from segue.domain.export import Compression, ExportDelivery, ExportFault, ExportState
from segue.domain.profile import BlockFormat
from segue.domain.secret import Secret, new_nonce, new_secret
from segue.domain.timestamp import system_clock
from segue.service.account_revisions import AccountRevisions
from segue.service.export_files import PIECE_BYTES
from segue.service.export_use_cases import ExportUseCases, open_export_use_cases
from segue.service.keys import KeyService
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.service.notification_targets import NotificationTargets
from segue.service.tokens import Tokens
from segue.store import accounts, export_files, exports
from segue.store.base import Connection, Store
from segue.store.blobs import Blobs
from segue.store.exports import ExportRow, Selection
from segue.store.open import open_store
from segue.transport.grpc.desk import CallDesk, CallLimits
from segue.transport.grpc.metrics import CallMetrics
from segue.transport.grpc.servicers.exports import ExportServicer
from segue.transport.http.app import http_app
from segue.transport.http.calls import HttpCalls
from segue.transport.http.exports import ExportRoutes, LateApp
from segue.transport.http.listener import HttpListener

DAY_MILLIS: Final = 86_400_000
BLOCK_BYTES: Final = 700_000
"""Size of a block in the files below, which is none of the pieces that are read."""

DOCUMENT: Final = b"".join(
    b'{"profileId":"%d","number":%d}\n' % (number, number * number % 7919)
    for number in range(90_000)
)
"""More than two pieces, and good to compress."""

assert len(DOCUMENT) > 2 * PIECE_BYTES


@dataclass(frozen=True)
class Placed:
    """An export that was put there."""

    row: ExportRow
    link: Secret
    paths: Sequence[str]

    @property
    def path(self) -> str:
        """Its poll address."""
        return f"/exports/{self.row.export_id}"

    @property
    def link_path(self) -> str:
        """Its download link."""
        return f"/downloads/{self.link.reveal()}"


@dataclass
class Shelf:
    """A server with the accounts `shop` and `bank`, and what its exports are made of."""

    address: str
    store: Store
    blobs: Blobs
    exports: ExportUseCases
    calls: HttpCalls
    keys: dict[str, str] = field(default_factory=dict)
    """Secrets of keys: of both accounts, and `admin`."""

    async def put(
        self,
        *files: bytes,
        account: str = "shop",
        state: ExportState = ExportState.COMPLETE,
        compression: Compression = Compression.NONE,
        block_format: BlockFormat = BlockFormat.NDJSON,
        fault: ExportFault | None = None,
        expire_millis: int | None = None,
    ) -> Placed:
        """Puts an export with some files there."""
        now, export_id, link = system_clock(), secrets.token_hex(16), new_secret()
        paths = [f"1/{export_id}/{number}" for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            async with self.blobs.writer(path) as writer:
                await writer.write(data)

        def work(tx: Connection) -> ExportRow:
            owner = accounts.find(tx, account)
            assert owner is not None
            row = ExportRow(
                key=0,
                account=owner.key,
                export_id=export_id,
                is_token_live=True,
                link_nonce=new_nonce(),
                state=ExportState.PROCESSING if fault else state,
                delivery=ExportDelivery.FILES,
                block_format=block_format,
                compression=compression,
                list_id=None,
                changed_from_millis=None,
                include_removed=False,
                revision=0,
                schema_version=0,
                snapshot_millis=now,
                stream_count=0,
                max_file_rows=None,
                max_file_bytes=None,
                row_count=1,
                byte_count=0,
                written_row_count=0,
                create_millis=now,
                expire_millis=now + DAY_MILLIS if expire_millis is None else expire_millis,
            )
            key = exports.insert(
                tx, row, Selection(None), new_secret().digest(), link.digest(), None
            )
            for number, (path, data) in enumerate(zip(paths, files, strict=True)):
                export_files.insert(tx, key, _file_row(number, path, data))
            if fault:
                assert exports.fail(tx, key, "", state, fault)
            found = exports.find_by_key(tx, key)
            assert found is not None
            return found

        return Placed(await self.store.write(work), link, paths)

    async def state_of(self, placed: Placed) -> ExportState:
        """Reads where an export stands."""
        found = await self.store.read(lambda tx: exports.find_by_key(tx, placed.row.key))
        assert found is not None
        return found.state


def _open_account(name: str, tx: Connection) -> None:
    accounts.insert(tx, name, name, "UTC", 1, 64)


def _file_row(number: int, path: str, data: bytes) -> export_files.FileRow:
    ends = [*range(BLOCK_BYTES, len(data), BLOCK_BYTES), len(data)]
    blocks = b"".join(struct.pack("<QI", end, 1) for end in ends) if data else b""
    return export_files.FileRow(
        number, path, len(ends), len(data), hashlib.sha256(data).digest(), blocks
    )


@asynccontextmanager
async def open_shelf(data_dir: Path, limits: CallLimits) -> AsyncIterator[Shelf]:
    """Runs a server of downloads."""
    async with AsyncExitStack() as stack:
        store = open_store(data_dir)
        stack.push_async_callback(store.close)
        ledger = Ledger(store, data_dir, 64 << 20, system_clock)
        stack.push_async_callback(ledger.close)
        blobs = Blobs.open(None, data_dir)
        stack.push_async_callback(blobs.close)
        tokens = Tokens(data_dir)
        use_cases = open_export_use_cases(
            store, ledger, blobs, tokens, NotificationTargets(), "http://x", Limits(), system_clock
        )
        keys = KeyService(store, ledger.directory, Limits(), system_clock)
        await keys.ensure_admin_key(data_dir)
        secrets_of = {"admin": (data_dir / "admin-key").read_text().strip()}
        for account in ("shop", "bank"):
            await store.write(partial(_open_account, account))
            _, secret = await keys.create(account)
            secrets_of[account] = secret.reveal()
        registry = CollectorRegistry()
        reach = AccountRevisions(store, ledger).reach
        desk = CallDesk(keys.authenticate, reach, limits, CallMetrics(registry))
        calls = HttpCalls(desk)
        late = LateApp()
        late.app = ExportRoutes(calls, use_cases.files, ExportServicer(use_cases), 1 << 20).app
        listener = HttpListener(http_app(lambda: True, registry, late), "127.0.0.1:0")
        listener.start()
        stack.push_async_callback(listener.stop)
        stack.push_async_callback(calls.stop, 0)
        yield Shelf(f"http://{listener.address}", store, blobs, use_cases, calls, secrets_of)


@dataclass(frozen=True)
class Answer:
    """What curl got."""

    exit_code: int
    status: int
    headers: dict[str, str]
    """By names in lower case."""
    body: bytes


async def curl(url: str, *options: str, key: str | None = None, directory: Path) -> Answer:
    """Fetches an address with curl."""
    head, body = (directory / f"{secrets.token_hex(4)}.{part}" for part in ("head", "body"))
    arguments = ["--silent", "--dump-header", str(head), "--max-time", "30"]
    if "--output" not in options:
        arguments += ["--output", str(body)]
    if key is not None:
        arguments += ["--header", f"Authorization: Bearer {key}"]
    process = await asyncio.create_subprocess_exec("curl", *arguments, *options, url)
    exit_code = await process.wait()
    lines = head.read_text(encoding="latin-1").splitlines() if head.exists() else []
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    statuses = [int(line.split()[1]) for line in lines if line.startswith("HTTP/")]
    return Answer(
        exit_code,
        statuses[-1] if statuses else 0,
        {name.lower(): value for name, value in headers.items()},
        body.read_bytes() if body.exists() else b"",
    )
