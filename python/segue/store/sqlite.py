"""The embedded store: one SQLite file, one writer thread, some readers.

An acknowledged write survives kill -9 and loss of power (WAL, synchronous=FULL). Measured reasons for the settings: `mmap_size` 0
because mapping turned a WAL race into corruption elsewhere; a checkpoint every 16,000 pages because that is 5-10 % faster than every
1,000 with 1 MiB transactions.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw
import structlog

from segue.errors import StoreUnavailable
from segue.store.base import Connection, Row, Value
from segue.store.migration import migrate

T = TypeVar("T")

TRANSACTION_BYTES: Final = 1 << 20
"""Size at which a shared transaction closes: small writes share it, a large one fills it."""

WAITING_WRITES: Final = 256
"""Writes that may wait for the writer thread; more wait in their callers."""

READERS: Final = 4
MINIMUM_SQLITE: Final = (3, 51, 3)
"""Earlier versions can corrupt a WAL file that two connections checkpoint (fixed in 3.51.3)."""

_PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "mmap_size": 0,
    "wal_autocheckpoint": 16_000,
}

_log = structlog.get_logger(__name__)


class _Transaction:
    """Runs statements on a connection and reads each to its end (apsw is lazy)."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        return list(self._connection.execute(statement, tuple(values)))


@dataclass
class _Write:
    work: Callable[[Connection], Any]
    size_bytes: int
    future: "asyncio.Future[Any]"
    """Belongs to the loop of the caller."""
    result: Any = None
    failure: Exception | None = None

    def answer(self) -> None:
        """Tells the caller what became of it, unless the caller went away."""
        if self.future.done():
            return
        if self.failure is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.failure)


def connect(path: Path) -> apsw.Connection:
    """Opens the file with the settings above, and reads each back.

    Raises:
        StoreUnavailable: The file cannot be opened, a setting does not hold, or SQLite is too old.
    """
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < MINIMUM_SQLITE:
        raise StoreUnavailable(f"SQLite {apsw.sqlite_lib_version()} is too old; 3.51.3 is needed")
    try:
        connection = apsw.Connection(str(path))
        for name, wanted in _PRAGMAS.items():
            list(connection.execute(f"PRAGMA {name} = {wanted}"))
            found = next(iter(connection.execute(f"PRAGMA {name}")), (wanted,))[0]
            if found != wanted:
                raise StoreUnavailable(f"SQLite keeps {name} at {found}, not {wanted}")
    except apsw.Error as error:
        raise StoreUnavailable("the database file cannot be opened") from error
    return connection


class SqliteStore:
    """A store in one file."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file, brings it to the newest schema and starts the writer thread.

        Raises:
            StoreUnavailable: The file cannot be opened, or belongs to a newer version.
        """
        self._path = path
        self._local = threading.local()
        self._open: list[apsw.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._writes: queue.Queue[_Write | None] = queue.Queue(WAITING_WRITES)
        connection = connect(path)
        migrate(connection)
        self._writer = threading.Thread(
            target=self._write_loop, args=(connection,), name="store-write", daemon=True
        )
        self._writer.start()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Store.read`."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def write(self, work: Callable[[Connection], T], size_bytes: int = 0) -> T:
        """See `Store.write`."""
        loop = asyncio.get_running_loop()
        write = _Write(work, size_bytes, loop.create_future())
        try:
            self._writes.put_nowait(write)
        except queue.Full:
            await loop.run_in_executor(None, self._writes.put, write)
        result: T = await write.future
        return result

    async def close(self) -> None:
        """See `Store.close`."""
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self._writes.put(None)
        self._writer.join()
        self._readers.shutdown()
        for connection in self._open:
            connection.close()

    def _read(self, work: Callable[[Connection], T]) -> T:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path)
            self._open.append(connection)
        try:
            with connection:
                return work(_Transaction(connection))
        except apsw.Error as error:
            raise StoreUnavailable("the database cannot be read; try again") from error

    def _write_loop(self, connection: apsw.Connection) -> None:
        while (first := self._writes.get()) is not None:
            group, stop = self._gather(first)
            _commit(connection, group)
            _answer(group)
            if stop:
                break
        connection.close()

    def _gather(self, first: _Write) -> tuple[list[_Write], bool]:
        """Takes what waits besides the first write, up to a transaction's size; tells whether to stop after it."""
        group, size = [first], first.size_bytes
        while size < TRANSACTION_BYTES:
            try:
                write = self._writes.get_nowait()
            except queue.Empty:
                break
            if write is None:
                return group, True
            group.append(write)
            size += write.size_bytes
        return group, False


def _commit(connection: apsw.Connection, group: Sequence[_Write]) -> None:
    """Runs a group in one transaction, each write in a savepoint of its own; returns when it is durable, or nothing of it remains.

    A write that is alone needs none: the transaction is undone when it fails.
    """
    transaction = _Transaction(connection)
    is_alone = len(group) == 1
    try:
        transaction.execute("BEGIN IMMEDIATE")
        for write in group:
            _run(nullcontext() if is_alone else connection, transaction, write)
        transaction.execute("ROLLBACK" if is_alone and group[0].failure else "COMMIT")
    except apsw.Error as error:
        _log.error("store.write_failed", error=type(error).__name__)
        if connection.in_transaction:
            transaction.execute("ROLLBACK")
        unavailable = StoreUnavailable(
            "the database cannot be written, perhaps for lack of space; nothing was kept"
        )
        unavailable.__cause__ = error
        for write in group:
            write.failure = unavailable


def _run(savepoint: AbstractContextManager[Any], transaction: _Transaction, write: _Write) -> None:
    try:
        with savepoint:
            write.result = write.work(transaction)
    except Exception as error:
        if isinstance(error, apsw.Error) and not isinstance(error, apsw.ConstraintError):
            raise
        write.failure = error


def _answer(group: Sequence[_Write]) -> None:
    """Answers a whole group by waking each loop that waits for some of it once."""
    for loop, writes in groupby(group, key=lambda write: write.future.get_loop()):
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_answer_here, list(writes))


def _answer_here(writes: Sequence[_Write]) -> None:
    for write in writes:
        write.answer()
