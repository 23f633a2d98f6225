"""Use cases of imports: Initiate, Stage, Execute, Status, Cancel, Undo (seed 001)."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from segue.domain.account import Account
from segue.domain.audit import AuditEntry
from segue.domain.export import MatchBy
from segue.domain.identifier import check_display_name
from segue.domain.imports import (
    ImportAction,
    ImportOpened,
    ImportRequest,
    ImportRules,
    ImportState,
    ImportStatus,
    StagedPart,
    StageResult,
    WriteMode,
)
from segue.domain.notification import JobKind, NotificationKind
from segue.domain.page import MAX_POSITION, Page, PageRequest, encode_position
from segue.domain.secret import Secret
from segue.domain.timestamp import Clock
from segue.errors import FieldInvalid, FieldViolation, ImportsPending, StateForbids
from segue.service.import_execution import ImportExecution
from segue.service.import_staging import ImportStaging, living_in
from segue.service.ledger import Ledger
from segue.service.limits import Limits
from segue.service.lists import list_in
from segue.service.notification_targets import NotificationTargets
from segue.service.tokens import Tokens, owned_job
from segue.store import audit, import_parts, imports, notifications, requests
from segue.store.base import Connection, Store
from segue.store.imports import ImportRow, NewImport

MAX_RETENTION_SECONDS: Final = 10 * 86_400
MAX_MATCH_TYPE_BYTES: Final = 100

LONGEST_WAIT_SECONDS: Final = 20.0
"""For which a caller can wait for an import's end in one call."""

INITIATE: Final = "InitiateImport"
EXECUTE: Final = "ExecuteImport"


class ImportService:
    """Takes blocks of profiles in, makes all of them visible at once, and takes that back."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        execution: ImportExecution,
        tokens: Tokens,
        targets: NotificationTargets,
        limits: Limits,
        clock: Clock,
    ) -> None:
        """Takes what the use cases work on, and who may be told."""
        self._store = store
        self._directory = ledger.directory
        self._execution = execution
        self._blocks = ledger.replay.blocks
        self._staged_parts = ledger.replay.staged_parts
        self._staging = ImportStaging(store, ledger, limits, clock)
        self._tokens = tokens
        self._targets = targets
        self._limits = limits
        self._clock = clock
        self._is_stopping = False

    async def initiate(
        self, account_id: str, request: ImportRequest, actor: str = "admin"
    ) -> ImportOpened:
        """Opens an import.

        Args:
            account_id: The owner.
            request: What is asked for.
            actor: Name of the caller's key.

        Raises:
            FieldInvalid: Fields are wrong, or contradict each other.
            ImportsPending: The account has as many imports open as it may.
            RequestIdReused: The request id came with another request.
            ResourceNotFound: There is no such account or list.
        """
        _check_request(request)
        if request.notify is not None:
            self._targets.check(request.notify)
        account = await self._directory.account(account_id)
        fingerprint, secret = _fingerprint(request), self._webhook_secret(account, request)
        now = self._clock()
        expire = now + self._limits.import_token_seconds * 1000

        def work(tx: Connection) -> ImportOpened:
            nonce = requests.first_answer(
                tx, account.key, INITIATE, request.request_id, fingerprint
            )
            if nonce is not None:
                return self._opened_again(tx, nonce, secret, now)
            if request.list_id is not None:
                list_in(tx, account, request.list_id)
            open_count, _ = imports.open_usage(tx, account.key, now)
            if open_count >= self._limits.open_imports:
                maximum = self._limits.open_imports
                raise ImportsPending(
                    f"{maximum} imports of the account are open; execute or cancel some",
                    {"limit": "open_imports", "maximum": maximum},
                )
            token, nonce = self._tokens.new()
            new = NewImport(
                digest=token.digest(),
                import_id=secrets.token_hex(16),
                action=request.action,
                state=ImportState.INITIATED,
                display_name=request.display_name,
                list_id=request.list_id,
                ignore_unknown_fields=request.ignore_unknown_fields,
                rules=request.rules,
                validate_only=request.validate_only,
                create_millis=now,
                expire_millis=expire,
                retain_millis=expire + request.staging_retention_seconds * 1000,
                actor=actor,
            )
            key = imports.insert(tx, account.key, new)
            if request.notify is not None:
                notifications.insert(tx, JobKind.IMPORT, key, request.notify)
            requests.keep_answer(
                tx, account.key, INITIATE, request.request_id, fingerprint, nonce, now
            )
            return ImportOpened(token, expire, secret)

        return await self._store.write(work)

    async def stage(
        self, account_id: str | None, token: str, parts: AsyncIterator[StagedPart]
    ) -> StageResult:
        """Checks and stages parts; all of them are durable on return. Parts before a refused one stay.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            SegueError: What `ImportStaging.stage` refuses a part with.
        """
        _, row = await self.find(account_id, token)
        return await self._staging.stage(row, parts)

    async def execute(
        self, account_id: str | None, token: str, request_id: str = "", actor: str = "admin"
    ) -> ImportStatus:
        """Asks for an import's execution; durable on return.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            StateForbids: The import was cancelled.
            RequestIdReused: The request id came with another import.
        """
        account, row = await self.find(account_id, token)
        # What is durable must also begin, even when the caller goes away in between.
        queued = await asyncio.shield(self._queue(account, row, request_id, actor))
        return queued.status(self._clock())

    async def _queue(
        self, account: Account, row: ImportRow, request_id: str, actor: str
    ) -> ImportRow:
        fingerprint = row.import_id.encode()

        def work(tx: Connection) -> ImportRow:
            first = requests.first_answer(tx, account.key, EXECUTE, request_id, fingerprint)
            millis = self._clock()
            now = living_in(tx, row.key, millis)
            if now.state is ImportState.CANCELLED:
                raise StateForbids(
                    "the import is CANCELLED; open another",
                    {"name": row.name, "state": "CANCELLED"},
                )
            if now.state.takes_parts:
                imports.queue(tx, row.key)
                action = "import.validate" if row.validate_only else "import.execute"
                self._note(tx, row, actor, action, {"received": now.received_count})
            if first is None:
                requests.keep_answer(
                    tx, account.key, EXECUTE, request_id, fingerprint, row.import_id, millis
                )
            return imports.find_by_key(tx, row.key)

        queued = await self._store.write(work)
        if queued.state is ImportState.QUEUED:
            self._execution.start(account, row.key)
        return queued

    async def status(
        self, account_id: str | None, token: str, wait_seconds: float = 0.0
    ) -> ImportStatus:
        """Returns how far an import is.

        Args:
            account_id: The caller's account; None for any.
            token: Of the import.
            wait_seconds: The answer comes when the import has ended, or after this time, 20 seconds at most.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        if wait_seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait_seconds, LONGEST_WAIT_SECONDS)):
                    await self._ended(account_id, token)
        _, row = await self.find(account_id, token)
        told = await self._store.read(lambda tx: notifications.read(tx, JobKind.IMPORT, row.key))
        return row.status(self._clock(), told)

    async def _ended(self, account_id: str | None, token: str) -> None:
        """Returns when an import has ended, or the server is stopping."""
        while not self._is_stopping:
            told = self._execution.ended.next()
            _, row = await self.find(account_id, token)
            if row.state.has_ended:
                return
            await told.wait()

    def stop_waiting(self) -> None:
        """Answers everybody who waits for an end; for a server that is stopping."""
        self._is_stopping = True
        self._execution.ended.tell()

    async def cancel(
        self, account_id: str | None, token: str, actor: str = "admin"
    ) -> ImportStatus:
        """Gives an import up: nothing of it is written, and its parts are deleted.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            StateForbids: The import has ended otherwise.
        """
        _, row = await self.find(account_id, token)
        return await asyncio.shield(self._give_up(row, actor))

    async def _give_up(self, row: ImportRow, actor: str) -> ImportStatus:
        def work(tx: Connection) -> ImportRow:
            if imports.cancel(tx, row.key):
                self._note(tx, row, actor, "import.cancel", {})
                notifications.set_due(tx, JobKind.IMPORT, row.key, self._clock())
            return imports.find_by_key(tx, row.key)

        ended = await self._store.write(work)
        if ended.state is not ImportState.CANCELLED:
            state = ended.state.name
            raise StateForbids(
                f"the import is {state} and cannot be cancelled any more",
                {"name": row.name, "state": state},
            )
        await self._execution.stop(row.key)
        self._execution.tell_end()
        await self._store.write(lambda tx: import_parts.delete(tx, row.key))
        await self._blocks.remove(row)
        self._staged_parts.forget(row.key)
        return ended.status(self._clock())

    async def undo(self, account_id: str | None, token: str, actor: str = "admin") -> ImportOpened:
        """Asks to take an executed import back; durable on return. Asked again, it answers with the same undo, unless that one failed.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
            StateForbids: The import cannot be taken back, or not any more.
        """
        account, row = await self.find(account_id, token)
        return await asyncio.shield(self._take_back(account, row, actor))

    async def _take_back(self, account: Account, row: ImportRow, actor: str) -> ImportOpened:
        def work(tx: Connection) -> tuple[ImportOpened, int]:
            now = self._clock()
            undone = living_in(tx, row.key, now)
            if undone.undo_nonce:
                secret = self._tokens.again(undone.undo_nonce)
                found = imports.find(tx, secret.digest())
                if found is not None and found.state is not ImportState.FAILED:
                    return ImportOpened(secret, found.expire_millis), found.key
            _check_undoable(undone, now)
            secret, nonce = self._tokens.new()
            undo = NewImport(
                digest=secret.digest(),
                import_id=secrets.token_hex(16),
                action=ImportAction.UNDO,
                state=ImportState.QUEUED,
                display_name=undone.display_name,
                list_id=None,
                ignore_unknown_fields=False,
                rules=ImportRules(),
                validate_only=False,
                create_millis=now,
                expire_millis=undone.retain_millis,
                retain_millis=undone.retain_millis,
                actor=actor,
                undoes=undone.key,
            )
            key = imports.insert(tx, account.key, undo)
            imports.set_undo(tx, undone.key, nonce)
            self._note(tx, undone, actor, "import.undo", {})
            return ImportOpened(secret, undo.expire_millis), key

        answer, key = await self._store.write(work)
        self._execution.start(account, key)
        return answer

    async def list(self, account_id: str, page: PageRequest) -> Page[ImportStatus]:
        """Lists an account's imports, the newest first.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        (before,), limit, now = page.position(MAX_POSITION), page.limit(), self._clock()
        rows = await self._store.read(
            lambda tx: imports.select(tx, account.key, int(before), limit + 1)
        )
        token = encode_position(rows[limit - 1].key) if len(rows) > limit else ""
        return Page(tuple(row.status(now) for row in rows[:limit]), token)

    async def find(self, account_id: str | None, token: str) -> tuple[Account, ImportRow]:
        """Returns the import of a token, when the caller's account (None: any) owns it.

        Raises:
            TokenInvalid: The token is unknown, expired, or another account's.
        """
        return await owned_job(self._store, imports.find, account_id, token, self._clock())

    def _opened_again(
        self, tx: Connection, nonce: str, secret: Secret | None, now: int
    ) -> ImportOpened:
        token = self._tokens.again(nonce)
        row = imports.find(tx, token.digest())
        return ImportOpened(token, row.expire_millis if row else now, secret)

    def _webhook_secret(self, account: Account, request: ImportRequest) -> Secret | None:
        is_webhook = request.notify and request.notify.kind is NotificationKind.WEBHOOK
        return self._tokens.webhook_secret(account.key) if is_webhook else None

    def _note(
        self, tx: Connection, row: ImportRow, actor: str, action: str, counts: dict[str, int]
    ) -> None:
        audit.insert(tx, row.account, AuditEntry(self._clock(), actor, action, row.name, 0, counts))


def _fingerprint(request: ImportRequest) -> bytes:
    """Tells a request from others of the same request id; addresses do not print themselves, so they are put beside."""
    address = request.notify.address if request.notify else ""
    return hashlib.sha256(repr((request, address)).encode()).digest()


def _check_request(request: ImportRequest) -> None:
    check_display_name(request.display_name, "display_name")
    if not 0 <= request.staging_retention_seconds <= MAX_RETENTION_SECONDS:
        raise FieldInvalid(
            FieldViolation("staging_retention", "must be between nothing and 10 days")
        )
    rules, is_delete = request.rules, request.action is ImportAction.DELETE
    violations = [
        FieldViolation(field, problem)
        for field, problem, is_wrong in (
            ("action", "is UNDO, which UndoImport asks for", request.action is ImportAction.UNDO),
            (
                "match_criteria.match_type",
                "is missing; name the type of alternate ids",
                rules.match_by is MatchBy.ALTERNATE_ID and not rules.match_type,
            ),
            (
                "match_criteria.match_type",
                "is for other identifiers than the profile id",
                rules.match_by is MatchBy.PROFILE_ID and bool(rules.match_type),
            ),
            (
                "match_criteria.match_type",
                f"is longer than {MAX_MATCH_TYPE_BYTES} bytes",
                len(rules.match_type.encode()) > MAX_MATCH_TYPE_BYTES,
            ),
            ("refresh", "is for imports that add", is_delete and rules.refresh != 0),
            (
                "write_mode",
                "is for imports that add",
                is_delete and rules.write_mode is not WriteMode.UPSERT,
            ),
            ("list", "is for imports that add", is_delete and request.list_id is not None),
        )
        if is_wrong
    ]
    if violations:
        raise FieldInvalid(*violations)


def _check_undoable(row: ImportRow, now_millis: int) -> None:
    if not row.is_undoable(now_millis):
        why = (
            f"was taken back at revision {row.undo_revision}"
            if row.undo_revision
            else f"is {row.state.name}"
            if row.state is not ImportState.COMPLETED
            else "erased profiles"
            if row.action is ImportAction.DELETE
            else "is an undo itself"
            if row.action is ImportAction.UNDO
            else "wrote nothing"
            if not row.revision
            else "is older than it is kept to be undone"
        )
        raise StateForbids(
            f"the import {why} and cannot be taken back",
            {"name": row.name, "state": row.state.name},
        )
