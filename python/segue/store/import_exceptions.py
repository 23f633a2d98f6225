"""Rows of problems of records, in order of part and record."""

from collections.abc import Sequence
from typing import Final

from segue.domain.profile import RecordException
from segue.store.base import Connection

_SLOTS: Final = 128
"""Problems that one record can have listed: a hundred that decoding finds, and what execution adds."""
_FIRST_OF_EXECUTION: Final = 100


def insert(
    tx: Connection, key: int, exceptions: Sequence[RecordException], *, of_execution: bool = False
) -> None:
    """Adds problems of an import's records, each record's in order.

    Args:
        tx: Open transaction.
        key: Number of the import.
        exceptions: Problems in order of part and record.
        of_execution: Whether they were found when the records were applied, and so stand behind those of decoding.
    """
    record, slot = (-1, -1), 0
    for problem in exceptions:
        if record != (problem.part_number, problem.record_number):
            record = (problem.part_number, problem.record_number)
            slot = _FIRST_OF_EXECUTION if of_execution else 0
        tx.execute(
            "INSERT INTO import_exception (import, part, position, record, profile_id, field_path, reason, message)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                problem.part_number,
                problem.record_number * _SLOTS + slot,
                problem.record_number,
                problem.profile_id,
                problem.field_path,
                problem.reason,
                problem.message,
            ),
        )
        slot += 1


def select(
    tx: Connection, key: int, after: Sequence[int | str], limit: int
) -> list[tuple[int, RecordException]]:
    """Reads problems in order, with their positions in their parts, those after a (part, position)."""
    rows = tx.execute(
        "SELECT position, part, record, profile_id, field_path, reason, message FROM import_exception"
        " WHERE import = ? AND (part, position) > (?, ?) ORDER BY part, position LIMIT ?",
        (key, *after, limit),
    )
    return [(row[0], RecordException(*row[1:])) for row in rows]


def of_part(tx: Connection, key: int, part: int) -> list[RecordException]:
    """Reads the problems of one part in order."""
    rows = tx.execute(
        "SELECT part, record, profile_id, field_path, reason, message FROM import_exception"
        " WHERE import = ? AND part = ? ORDER BY position",
        (key, part),
    )
    return [RecordException(*row) for row in rows]


def next_part(tx: Connection, key: int, after: int) -> int | None:
    """Returns the first part after one that has problems; None when there is none."""
    (row,) = tx.execute(
        "SELECT min(part) FROM import_exception WHERE import = ? AND part > ?", (key, after)
    )
    return None if row[0] is None else int(row[0])
