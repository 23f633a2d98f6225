"""Rows of segments and their revisions."""

from collections.abc import Sequence
from typing import Final

from segue.domain.account import Account
from segue.domain.segment import Rules, RulesForm, Segment, SegmentRevision
from segue.store.base import Connection, Row

_SEGMENT: Final = "segment_id, list_id, title, rules_form, rules, is_system, create_millis, update_millis, version"
_REVISION: Final = "title, rules_form, rules, author, create_millis, number"


def insert(tx: Connection, account: Account, revision: SegmentRevision) -> None:
    """Adds a segment with its first revision."""
    segment = revision.segment
    tx.execute(
        f"INSERT INTO segment (account, folded_title, {_SEGMENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account.key,
            segment.title.casefold(),
            segment.segment_id,
            segment.list_id or "",
            segment.title,
            segment.rules.form.value,
            segment.rules.text,
            segment.is_system,
            segment.create_millis,
            segment.update_millis,
            segment.version,
        ),
    )
    _insert_revision(tx, account, revision)


def update(tx: Connection, account: Account, revision: SegmentRevision) -> None:
    """Writes a segment's title and rules as its next revision."""
    segment = revision.segment
    tx.execute(
        "UPDATE segment SET title = ?, folded_title = ?, rules_form = ?, rules = ?, update_millis = ?, version = ?"
        " WHERE account = ? AND segment_id = ?",
        (
            segment.title,
            segment.title.casefold(),
            segment.rules.form.value,
            segment.rules.text,
            segment.update_millis,
            segment.version,
            account.key,
            segment.segment_id,
        ),
    )
    _insert_revision(tx, account, revision)


def find(tx: Connection, account: Account, segment_id: str) -> Segment | None:
    """Reads a segment."""
    rows = list(
        tx.execute(
            f"SELECT {_SEGMENT} FROM segment WHERE account = ? AND segment_id = ?",
            (account.key, segment_id),
        )
    )
    return _segment(account, rows[0]) if rows else None


def select(
    tx: Connection,
    account: Account,
    list_id: str | None = None,
    title: str = "",
    after: Sequence[str | int] = ("", ""),
    limit: int = -1,
) -> list[Segment]:
    """Reads segments in order of (folded title, id), those after one; of one list unless None, of one title unless empty."""
    rows = tx.execute(
        f"SELECT {_SEGMENT} FROM segment WHERE account = ?1 AND (?2 IS NULL OR list_id = ?2)"
        " AND (?3 = '' OR folded_title = ?3) AND (folded_title, segment_id) > (?4, ?5)"
        " ORDER BY folded_title, segment_id LIMIT ?6",
        (account.key, list_id, title.casefold(), *after, limit),
    )
    return [_segment(account, row) for row in rows]


def select_mentioning(tx: Connection, account: Account, text: str) -> list[Segment]:
    """Reads the segments in whose rules a text stands, as the id of another segment."""
    rows = tx.execute(
        f"SELECT {_SEGMENT} FROM segment WHERE account = ? AND instr(rules, ?) > 0 ORDER BY segment_id",
        (account.key, text),
    )
    return [_segment(account, row) for row in rows]


def select_dependents(tx: Connection, account: Account, segment_id: str) -> list[Segment]:
    """Reads the segments whose rules name a segment, or one that does."""
    found: dict[str, Segment] = {}
    waiting = [segment_id]
    while waiting:
        for segment in select_mentioning(tx, account, waiting.pop()):
            if segment.segment_id not in found and segment.segment_id != segment_id:
                found[segment.segment_id] = segment
                waiting.append(segment.segment_id)
    return list(found.values())


def count_own(tx: Connection, account: Account) -> int:
    """Counts an account's segments, the engagement segments left out."""
    (row,) = tx.execute(
        "SELECT count(*) FROM segment WHERE account = ? AND is_system = 0", (account.key,)
    )
    return int(row[0])


def has_own(tx: Connection, account: Account, list_id: str) -> bool:
    """Tells whether a list has segments besides the engagement segments."""
    return bool(
        list(
            tx.execute(
                "SELECT 1 FROM segment WHERE account = ? AND list_id = ? AND is_system = 0 LIMIT 1",
                (account.key, list_id),
            )
        )
    )


def delete(tx: Connection, account: Account, segment_id: str) -> None:
    """Removes a segment with its revisions."""
    tx.execute(
        "DELETE FROM segment WHERE account = ? AND segment_id = ?", (account.key, segment_id)
    )


def delete_of_list(tx: Connection, account: Account, list_id: str) -> None:
    """Removes the segments of a list with their revisions."""
    tx.execute("DELETE FROM segment WHERE account = ? AND list_id = ?", (account.key, list_id))


def select_revisions(
    tx: Connection, account: Account, segment: Segment, before: int, limit: int
) -> list[SegmentRevision]:
    """Reads a segment's revisions below a number, the newest first."""
    rows = tx.execute(
        f"SELECT {_REVISION} FROM segment_revision WHERE account = ? AND segment_id = ? AND number < ?"
        " ORDER BY number DESC LIMIT ?",
        (account.key, segment.segment_id, before, limit),
    )
    return [_revision(segment, row) for row in rows]


def find_revision(
    tx: Connection, account: Account, segment: Segment, number: int
) -> SegmentRevision | None:
    """Reads a revision of a segment."""
    rows = list(
        tx.execute(
            f"SELECT {_REVISION} FROM segment_revision WHERE account = ? AND segment_id = ? AND number = ?",
            (account.key, segment.segment_id, number),
        )
    )
    return _revision(segment, rows[0]) if rows else None


def find_in_force(
    tx: Connection, account: Account, segment: Segment, millis: int
) -> SegmentRevision | None:
    """Reads the revision of a segment that was in force at a tick, for one before all of them the first."""
    rows = list(
        tx.execute(
            f"SELECT {_REVISION} FROM segment_revision WHERE account = ?1 AND segment_id = ?2"
            " AND (create_millis <= ?3 OR number = 1) ORDER BY number DESC LIMIT 1",
            (account.key, segment.segment_id, millis),
        )
    )
    return _revision(segment, rows[0]) if rows else None


def was_edited(tx: Connection, account: Account, after_millis: int, until_millis: int) -> bool:
    """Tells whether any of an account's segments was changed above one tick and up to another; making one is no change."""
    rows = tx.execute(
        "SELECT 1 FROM segment_revision WHERE account = ? AND number > 1"
        " AND create_millis > ? AND create_millis <= ? LIMIT 1",
        (account.key, after_millis, until_millis),
    )
    return bool(list(rows))


def _insert_revision(tx: Connection, account: Account, revision: SegmentRevision) -> None:
    segment = revision.segment
    tx.execute(
        f"INSERT INTO segment_revision (account, segment_id, {_REVISION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account.key,
            segment.segment_id,
            segment.title,
            segment.rules.form.value,
            segment.rules.text,
            revision.author,
            segment.update_millis,
            segment.version,
        ),
    )


def _segment(account: Account, row: Row) -> Segment:
    segment_id, list_id, title, form, rules, is_system, create_millis, update_millis, version = row
    return Segment(
        account.account_id,
        segment_id,
        list_id or None,
        title,
        Rules(RulesForm(form), rules),
        bool(is_system),
        create_millis,
        update_millis,
        version,
    )


def _revision(segment: Segment, row: Row) -> SegmentRevision:
    title, form, rules, author, create_millis, number = row
    then = Segment(
        segment.account_id,
        segment.segment_id,
        segment.list_id,
        title,
        Rules(RulesForm(form), rules),
        segment.is_system,
        segment.create_millis,
        create_millis,
        number,
    )
    return SegmentRevision(then, author)
