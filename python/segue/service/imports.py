"""Use cases of imports: Initiate, Stage, Execute, Status, Exceptions (seed 001)."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import structlog

from segue import _kernel
from segue._kernel import Part, Schema
from segue.domain.account import Account
from segue.domain.identifier import check_display_name
from segue.domain.job import (
    ImportRequest,
    ImportState,
    ImportStatus,
    JobOpened,
    StagedPart,
    StageResult,
)
from segue.domain.page import MAX_PAGE_SIZE, Page, PageRequest, encode_position
from segue.domain.profile import RecordException, exceptions_of_part
from segue.domain.timestamp import Clock
from segue.errors import (
    BlockInvalid,
    BlockTooLarge,
    ChecksumMismatch,
    FieldInvalid,
    FieldViolation,
    PartChanged,
    SegueError,
    StateForbids,
)
from segue.kernel import guard
from segue.service.ledger import Ledger
from segue.service.limits import Limits, check_limit
from segue.service.lists import list_in
from segue.service.tokens import Tokens, owned_job, token_invalid
from segue.store import accounts, imports, requests
from segue.store.base import Connection, Store
from segue.store.imports import ImportRow, PartRow

PARTS_IN_FLIGHT: Final = 4
"""Parts of one stream that are checked or written at once; flow control holds the sender back beyond them."""

MAX_RETENTION_SECONDS: Final = 10 * 86_400

_log = structlog.get_logger(__name__)


class ImportService:
    """Takes blocks of profiles in, and makes all of them visible at once."""

    def __init__(
        self, store: Store, ledger: Ledger, tokens: Tokens, limits: Limits, clock: Clock
    ) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._ledger = ledger
        self._directory = ledger.directory
        self._tokens = tokens
        self._limits = limits
        self._clock = clock
        self._executions: dict[int, asyncio.Task[None]] = {}

    async def initiate(self, account_id: str, request: ImportRequest) -> JobOpened:
        """Opens an import.

        Raises:
            FieldInvalid: Display name or retention is malformed.
            LimitExceeded: The account has as many imports open as it may.
            RequestIdReused: The request id came with another request.
            ResourceNotFound: There is no such account or list.
        """
        _check_request(request)
        account = await self._directory.account(account_id)
        fingerprint = hashlib.sha256(repr(request).encode()).digest()
        now = self._clock()
        expire = now + self._limits.import_token_seconds * 1000
        retain = expire + request.staging_retention_seconds * 1000

        def work(tx: Connection) -> JobOpened:
            nonce = requests.first_answer(
                tx, account.key, "InitiateImport", request.request_id, fingerprint
            )
            if nonce is not None:
                token = self._tokens.again(nonce)
                row = imports.find(tx, token.digest())
                return JobOpened(token, row.status.expire_millis if row else now)
            if request.list_id is not None:
                list_in(tx, account, request.list_id)
            check_limit(
                "open_imports", imports.count_open(tx, account.key, now), self._limits.open_imports
            )
            token, nonce = self._tokens.new()
            imports.insert(tx, account.key, token.digest(), request, expire, retain)
            requests.keep_answer(
                tx, account.key, "InitiateImport", request.request_id, fingerprint, nonce, now
            )
            return JobOpened(token, expire)

        return await self._store.write(work)

    async def stage(
        self, account_id: str | None, token: str, parts: AsyncIterator[StagedPart]
    ) -> StageResult:
        """Checks and stages parts; all of them are durable on return. Parts before a refused one stay.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            StateForbids: The import was executed.
            BlockInvalid: A part is not what its format says.
            BlockTooLarge: A part is larger than a block may be.
            ChecksumMismatch: A part's bytes are not those its checksum was made of.
            PartChanged: A part's number came before with other bytes.
            LimitExceeded: The import holds as many bytes as it may.
        """
        account, row = await self._find(account_id, token)
        version, schema = await self._ledger.schema(account)
        staging: deque[asyncio.Task[PartRow]] = deque()
        staged: list[PartRow] = []
        try:
            async for part in parts:
                staging.append(asyncio.create_task(self._stage_part(row, version, schema, part)))
                if len(staging) >= PARTS_IN_FLIGHT:
                    staged.append(await staging.popleft())
            while staging:
                staged.append(await staging.popleft())
        finally:
            await asyncio.gather(*staging, return_exceptions=True)
        received, valid = sum(p.record_count for p in staged), sum(p.valid_count for p in staged)
        return StageResult(len(staged), received, valid, received - valid)

    async def execute(self, account_id: str | None, token: str) -> ImportStatus:
        """Asks for an import's execution; durable on return.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        account, row = await self._find(account_id, token)

        def work(tx: Connection) -> ImportRow:
            now = imports.find_by_key(tx, row.key)
            if now.status.state.takes_parts:
                imports.queue(tx, row.key)
            return imports.find_by_key(tx, row.key)

        queued = await self._store.write(work)
        if queued.status.state is ImportState.QUEUED:
            self._start(account, row.key)
        return queued.status

    async def status(self, account_id: str | None, token: str) -> ImportStatus:
        """Returns how far an import is.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        _, row = await self._find(account_id, token)
        return row.status

    async def exceptions(
        self, account_id: str | None, token: str, page: PageRequest
    ) -> Page[RecordException]:
        """Lists problems of records, in order of part and record.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        _, row = await self._find(account_id, token)
        after, limit = page.position(0, -1), page.limit(MAX_PAGE_SIZE)
        found = await self._store.read(
            lambda tx: imports.select_exceptions(tx, row.key, after, limit + 1)
        )
        next_token = ""
        if len(found) > limit:
            position, last = found[limit - 1]
            next_token = encode_position(last.part_number, position)
        items = tuple(problem for _, problem in found[:limit])
        return Page(items, next_token, row.status.exception_count)

    async def resume(self) -> None:
        """Goes on with executions that a stop or a crash interrupted."""
        for row in await self._store.read(imports.unfinished):
            self._start(await self._owner(row), row.key)

    async def _owner(self, row: ImportRow) -> Account:
        account = await self._store.read(lambda tx: accounts.find_by_key(tx, row.account))
        if account is None:
            raise token_invalid()
        return account

    async def close(self) -> None:
        """Stops executions; they go on at the next start."""
        tasks = list(self._executions.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, account: Account, key: int) -> None:
        if key not in self._executions:
            task = self._executions[key] = asyncio.create_task(self._execute(account, key))
            task.add_done_callback(lambda _: self._executions.pop(key, None))

    async def _execute(self, account: Account, key: int) -> None:
        try:
            row = await self._store.read(lambda tx: imports.find_by_key(tx, key))
            if row.status.received_count and not row.status.valid_count:
                await self._store.write(
                    lambda tx: imports.fail(tx, key, "no staged record is valid")
                )
                return
            await self._store.write(lambda tx: imports.set_state(tx, key, ImportState.PROCESSING))
            await self._ledger.run_import(account, key)
        except Exception as error:  # noqa: BLE001 - nobody awaits it: the import itself must tell
            _log.exception("import.failed", import_key=key, error=type(error).__name__)
            reason = error.reason if isinstance(error, SegueError) else "INTERNAL"
            message = f"the records could not be applied ({reason}); nothing was written"
            await self._store.write(lambda tx: imports.fail(tx, key, message))

    async def _find(self, account_id: str | None, token: str) -> tuple[Account, ImportRow]:
        """Returns the import of a token, when the caller's account (None: any) owns it."""
        return await owned_job(self._store, imports.find, account_id, token, self._clock())

    async def _stage_part(
        self, row: ImportRow, version: int, schema: Schema, part: StagedPart
    ) -> PartRow:
        size = len(part.data)
        if part.number < 1:
            raise FieldInvalid(FieldViolation("part_number", "must be 1 or more"))
        if size > self._limits.block_bytes:
            raise BlockTooLarge(
                f"part {part.number} has {size} bytes, at most {self._limits.block_bytes} are taken; send smaller parts",
                {"size_bytes": size, "maximum": self._limits.block_bytes},
            )
        checksum, decoded = await guard.run(_check, schema, row, part)
        staged = PartRow(
            part.number,
            part.block_format,
            version,
            checksum.to_bytes(4, "big") + size.to_bytes(8, "big"),
            decoded.record_count,
            decoded.valid_count,
        )
        exceptions = exceptions_of_part(part.number, decoded.exceptions)

        def work(tx: Connection) -> PartRow:
            now = imports.find_by_key(tx, row.key)
            found = imports.find_part(tx, row.key, part.number)
            if found is not None and found.digest == staged.digest:
                return found
            if found is not None:
                raise PartChanged(
                    f"part {part.number} came before with other bytes; give new bytes a new number",
                    {"part": part.number},
                )
            if not now.status.state.takes_parts:
                state = now.status.state.name
                raise StateForbids(
                    f"the import is {state} and takes no more parts; open another",
                    {"name": "import", "state": state},
                )
            check_limit("staged_bytes", now.staged_bytes + size, self._limits.staged_bytes)
            imports.insert_part(tx, row.key, staged, part.data, exceptions)
            return staged

        durable = await self._store.write(work, size)
        if durable is staged:
            self._ledger.replay.staged_parts.keep(row.key, part.number, decoded, size)
        return durable


def _check(schema: Schema, row: ImportRow, part: StagedPart) -> tuple[int, Part]:
    """Returns a part's checksum and its records."""
    checksum = _kernel.crc32c(part.data)
    if part.crc32c is not None and part.crc32c != checksum:
        raise ChecksumMismatch(
            f"part {part.number} does not have the checksum sent with it; send it again",
            {"part": part.number},
        )
    try:
        return checksum, _kernel.decode(
            schema, part.block_format, part.data, row.list_id, row.ignore_unknown_fields
        )
    except BlockInvalid as error:
        raise BlockInvalid(
            f"part {part.number}: {error}", {**error.metadata, "part": part.number}
        ) from error


def _check_request(request: ImportRequest) -> None:
    check_display_name(request.display_name, "display_name")
    if not 0 <= request.staging_retention_seconds <= MAX_RETENTION_SECONDS:
        raise FieldInvalid(
            FieldViolation("staging_retention", "must be between nothing and 10 days")
        )
