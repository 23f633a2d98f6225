"""Which snapshots and entries of a journal can go: a question of numbers alone."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

KEPT_BETWEEN: Final = 3
"""Snapshots that are kept for imports that can be undone, besides the one that the journal begins after: on them the journal can begin once the
oldest of these imports cannot be undone any more, and an undo finds one near the import that it takes back."""

PRESENT: Final = (1 << 63) - 1
"""Stands for the newest revision."""

Undo = tuple[int, int]
"""Revision of an entry that took an import back, and that of the import. Repeating it needs the states around the import."""


@dataclass(frozen=True)
class Compaction:
    """What is kept of a journal."""

    floor: int
    """Entries up to it can go; 0 when none can."""
    kept: frozenset[int]
    """Revisions of snapshots that stay."""


def plan_compaction(
    snapshots: Sequence[int],
    exported: Collection[int],
    asked: Collection[int],
    undos: Sequence[Undo],
) -> Compaction:
    """Decides what of a journal can go.

    Args:
        snapshots: Revisions of all snapshots, ascending, at least one.
        exported: Revisions whose snapshots below must stay.
        asked: Revisions whose states may be asked for, those of `exported` included.
        undos: Those of the journal.
    """
    newest = snapshots[-1]
    bases = set(replays(snapshots, {*asked, PRESENT}, undos))
    floor = min(bases)
    fixed = {floor, newest, *(_base(snapshots, revision) for revision in exported)}
    return Compaction(floor, frozenset(_thinned(sorted(bases | fixed), fixed, undos)))


def replays(
    snapshots: Sequence[int],
    asked: Collection[int],
    undos: Sequence[Undo],
    undone: Collection[int] = (),
) -> dict[int, int]:
    """Tells which parts of a journal are repeated to build states.

    Each state is built from the newest snapshot at or below it. Undos that are repeated on the way need the states around the imports that they
    took back, those before likewise.

    Args:
        snapshots: Revisions of snapshots, ascending.
        asked: Revisions of the states.
        undos: Those of the journal.
        undone: Imports whose states are needed besides.

    Returns:
        For each snapshot (0 is the empty account) that entries are repeated after, the revision of the last of them.
    """
    last: dict[int, int] = {}
    for revision in asked:
        base = _base(snapshots, revision)
        last[base] = max(last.get(base, 0), revision)
    needed = set(undone)
    while True:
        for revision in needed:
            base = _base(snapshots, revision - 1)
            last[base] = max(last.get(base, 0), revision)
        more = {
            imported
            for undo, imported in undos
            if any(base < undo <= upto for base, upto in last.items())
        }
        if more <= needed:
            return last
        needed |= more


def _thinned(kept: list[int], fixed: Collection[int], undos: Sequence[Undo]) -> list[int]:
    """Takes revisions out until few are left besides the fixed ones, each time the one that leaves the smallest gap.

    One stays when an undo of an import below the one before it would have to be repeated without it: that needs entries that may be gone.
    """
    while True:
        gaps = [
            (after - before, middle)
            for (before, middle), (_, after) in pairwise(pairwise(kept))
            if middle not in fixed and not _breaks_chain(before, middle, undos)
        ]
        if len(gaps) <= KEPT_BETWEEN:
            return kept
        kept.remove(min(gaps)[1])


def _breaks_chain(before: int, middle: int, undos: Sequence[Undo]) -> bool:
    return any(before < undo <= middle and undone <= before for undo, undone in undos)


def _base(snapshots: Sequence[int], revision: int) -> int:
    """Returns the newest snapshot at or below a revision; 0, the empty account, when there is none."""
    position = bisect_right(snapshots, revision)
    return snapshots[position - 1] if position else 0
