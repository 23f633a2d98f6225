"""Exports in memory: the kernel's selections, made when they are first asked for and kept while they are used."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from segue._kernel import Export, MatchValues, Plan, Schema, Snapshot
from segue.domain.account import Account
from segue.domain.export import ExportState
from segue.errors import ExportWithdrawn
from segue.service.ledger import Ledger
from segue.service.tokens import token_invalid
from segue.store import exports
from segue.store.base import Connection, Store
from segue.store.exports import ExportRow, Selection

SNAPSHOTS_HELD: Final = 64
"""Exports whose snapshot stays in memory; others are built again when they are asked for."""


class HeldExport:
    """The rows of an export, as a whole and by streams."""

    def __init__(self, row: ExportRow, whole: Export) -> None:
        """Takes the selection of all rows."""
        self.whole = whole
        self._row = row
        self._streams: dict[int, Export] = {0: whole} if row.stream_count == 1 else {}

    def stream(self, number: int) -> Export:
        """Returns the rows of a stream: each has as many as any other, give or take one."""
        if number not in self._streams:
            first, end = (
                self.whole.row_count * position // self._row.stream_count
                for position in (number, number + 1)
            )
            self._streams[number] = self.whole.slice(first, end - first, None)
        return self._streams[number]

    def read_bytes(self) -> int | None:
        """Returns the bytes of all streams, once each was read to its end."""
        sizes = [stream.size_bytes for stream in self._streams.values()]
        if len(sizes) < self._row.stream_count or None in sizes:
            return None
        return sum(size for size in sizes if size is not None)


class HeldExports:
    """The exports that are in memory; those used last stay."""

    def __init__(self, store: Store, ledger: Ledger, block_bytes: int) -> None:
        """Takes where exports and their snapshots come from, and the size of their blocks."""
        self._store = store
        self._ledger = ledger
        self._block_bytes = block_bytes
        self._held: OrderedDict[int, asyncio.Task[HeldExport]] = OrderedDict()
        self._ended: set[int] = set()

    def begin(self, account: Account, row: ExportRow, snapshot: Snapshot | None = None) -> None:
        """Begins to select an export's rows, unless they are here.

        Args:
            account: Its owner.
            row: What is stored of it.
            snapshot: The state it was pinned to, where the caller has it.
        """
        task = self._held.get(row.key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.create_task(self._select(account, row, snapshot))
            # Who asks is told what went wrong; when nobody does, the export ended before.
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            self._held[row.key] = task
            while len(self._held) > SNAPSHOTS_HELD:
                self._held.popitem(last=False)

    async def get(self, account: Account, row: ExportRow) -> HeldExport:
        """Returns an export's rows, kept since the last call or selected anew.

        Raises:
            ExportWithdrawn: It held a profile that was erased meanwhile.
            TokenInvalid: It ended meanwhile.
        """
        self.begin(account, row)
        self._held.move_to_end(row.key)
        return await asyncio.shield(self._held[row.key])

    def drop(self, key: int) -> None:
        """Lets go of an export that ended; who still reads it is stopped by `check`."""
        self._held.pop(key, None)
        self._ended.add(key)

    def forget(self, keys: Iterable[int]) -> None:
        """Forgets exports of which nothing is stored any more."""
        self._ended.difference_update(keys)

    async def check(self, account: Account, row: ExportRow) -> None:
        """Stops who reads an export that ended; asks the store only then.

        Raises:
            ExportWithdrawn: It held a profile that was erased.
            TokenInvalid: It ended otherwise.
        """
        if row.key in self._ended:
            await self._store.read(lambda tx: _check_open(tx, account, row))

    async def _select(
        self, account: Account, row: ExportRow, snapshot: Snapshot | None
    ) -> HeldExport:
        def work(tx: Connection) -> Selection:
            _check_open(tx, account, row)
            return exports.read_selection(tx, row.key)

        selection = await self._store.read(work)
        state = snapshot or await self._ledger.state_at(account, row.revision)
        schema = await self._ledger.schemas.get(account.key, row.schema_version)
        whole = await self._ledger.encoding.run(
            account.key, lambda: _export(state, schema, row, selection, self._block_bytes)
        )
        return HeldExport(row, whole)


def _check_open(tx: Connection, account: Account, row: ExportRow) -> None:
    found = exports.find_by_key(tx, row.key)
    if found is not None and found.state is ExportState.WITHDRAWN:
        raise withdrawn(account, row)
    if found is None or found.state > ExportState.RETRIEVED:
        raise token_invalid()


def withdrawn(account: Account, row: ExportRow) -> ExportWithdrawn:
    """Returns the answer of an export that held a profile which was erased."""
    name = export_name(account, row)
    return ExportWithdrawn(
        f"{name} held a profile that was erased; initiate another export", {"name": name}
    )


def export_name(account: Account, row: ExportRow) -> str:
    """Returns an export's resource name."""
    return f"{account.name}/exports/{row.export_id}"


def _export(
    snapshot: Snapshot, schema: Schema, row: ExportRow, selection: Selection, block_bytes: int
) -> Export:
    now = row.snapshot_millis
    stored = selection.match_values
    values = None if stored is None else MatchValues.decode(stored)
    plan = None if selection.condition is None else Plan(schema, selection.condition, now, values)
    return snapshot.export(
        schema,
        plan,
        row.block_format,
        compression=row.compression,
        list_id=row.list_id,
        columns=selection.columns,
        events=selection.events,
        changed_from_millis=row.changed_from_millis,
        plan_before=_plan_before(schema, selection, plan, values),
        only=None if selection.only is None else Plan(schema, selection.only, now, values),
        include_removed=row.include_removed,
        block_bytes=block_bytes,
    )


def _plan_before(
    schema: Schema, selection: Selection, plan: Plan | None, values: MatchValues | None
) -> Plan | None:
    """Compiles what an increment's members were; None when it cannot have been another condition."""
    if plan is None or selection.condition_before is None or selection.before_millis is None:
        return None
    if selection.condition_before == selection.condition and not plan.is_timed:
        return None
    return Plan(schema, selection.condition_before, selection.before_millis, values)
