"""Compaction while imports go on for ever: whatever can still be undone can be built, and the journal does not grow with the account's age."""

import random
from pathlib import Path

import pytest

from segue.domain.imports import ImportAction, ImportRules, ImportState
from segue.store import accounts, imports, journal
from segue.store.base import Connection
from segue.store.compaction import KEPT_BETWEEN, replays
from segue.store.imports import Execution, NewImport
from segue.store.journal import EntryKind, SnapshotRow
from segue.store.open import open_store

RETENTION = 100
"""Imports that can be undone at a time; one is a revision and a millisecond."""
SNAPSHOT_EVERY = 7


def import_at(tx: Connection, account: int, revision: int, undoes: int | None = None) -> int:
    """Writes an import that is visible from a revision on, and its journal entry."""
    new = NewImport(
        digest=revision.to_bytes(32, "big"),
        import_id=str(revision),
        action=ImportAction.UNDO if undoes else ImportAction.ADD,
        state=ImportState.QUEUED,
        display_name="",
        list_id=None,
        ignore_unknown_fields=False,
        rules=ImportRules(),
        validate_only=False,
        create_millis=revision,
        expire_millis=revision + RETENTION,
        retain_millis=revision + RETENTION,
        actor="",
        undoes=undoes,
    )
    key = imports.insert(tx, account, new)
    done = Execution(revision, revision, 1, 0, 0, 0, 0, 0)
    assert imports.complete(tx, key, done, 0)
    if undoes is not None:
        imports.set_undone(tx, undoes, revision)
    journal.append(tx, account, revision, [(EntryKind.IMPORT, 0, str(key).encode())])
    return key


def check(tx: Connection, account: int, now: int) -> None:
    """Every state that can be asked for, and the present, has a snapshot or the beginning below it, and the entries between the two."""
    snapshots = [row.revision for row in journal.select_snapshots(tx, account)]
    kept = {entry.revision for entry in journal.entries(tx, account, 0, now, 10**6)}
    undos = imports.undos(tx, account)
    needed = imports.needed_revisions(tx, account, now)
    for revision in (*needed, now):
        for base, upto in replays(snapshots, {revision}, undos, {revision + 1} - {now + 1}).items():
            assert kept.issuperset(range(base + 1, upto + 1))
    assert len(kept) <= 2 * RETENTION


@pytest.mark.parametrize("undo_share", [0.0, 0.05, 0.3])
async def test_the_journal_begins_where_what_can_be_undone_begins(
    tmp_path: Path, undo_share: float
) -> None:
    rng, store = random.Random(6), open_store(tmp_path)
    account = await store.write(lambda tx: accounts.insert(tx, "shop", "", "UTC", 1, 64))

    def work(tx: Connection) -> None:
        undoable = dict[int, int]()
        for revision in range(1, 8 * RETENTION):
            recent = [at for at in undoable if at > revision - RETENTION]
            if recent and rng.random() < undo_share:
                import_at(tx, account.key, revision, undoable.pop(rng.choice(recent)))
            else:
                undoable[revision] = import_at(tx, account.key, revision)
            is_undo = recent and revision not in undoable
            if revision % SNAPSHOT_EVERY == 0 or is_undo:  # as maintenance does
                journal.insert_snapshot(tx, account.key, SnapshotRow(revision, str(revision)))
                journal.compact(tx, account.key, revision)
                check(tx, account.key, revision)
                if not undo_share:
                    assert len(journal.select_snapshots(tx, account.key)) <= KEPT_BETWEEN + 2

    await store.write(work)
    await store.close()
