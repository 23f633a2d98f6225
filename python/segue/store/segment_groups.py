"""Rows of segment groups and their revisions."""

from collections.abc import Iterable
from typing import Final

from segue.domain.account import Account
from segue.domain.segment_group import (
    SegmentGroup,
    SegmentGroupRevision,
    decode_combination,
    encode_combination,
    group_ids_in,
    segment_ids_in,
)
from segue.store.base import Connection, Row

_GROUP: Final = "group_id, display_name, combination, create_millis, update_millis, version"


def insert(tx: Connection, account: Account, group: SegmentGroup, author: str) -> None:
    """Adds a group with its first revision."""
    tx.execute(
        f"INSERT INTO segment_group (account, {_GROUP}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            account.key,
            group.group_id,
            group.display_name,
            encode_combination(group.combination),
            group.create_millis,
            group.update_millis,
            group.version,
        ),
    )
    _insert_revision(tx, account, group, author)


def update(tx: Connection, account: Account, group: SegmentGroup, author: str) -> None:
    """Writes a group's display name and combination as its next revision."""
    tx.execute(
        "UPDATE segment_group SET display_name = ?, combination = ?, update_millis = ?, version = ?"
        " WHERE account = ? AND group_id = ?",
        (
            group.display_name,
            encode_combination(group.combination),
            group.update_millis,
            group.version,
            account.key,
            group.group_id,
        ),
    )
    _insert_revision(tx, account, group, author)


def find(tx: Connection, account: Account, group_id: str) -> SegmentGroup | None:
    """Reads a group."""
    rows = list(
        tx.execute(
            f"SELECT {_GROUP} FROM segment_group WHERE account = ? AND group_id = ?",
            (account.key, group_id),
        )
    )
    return _group(account, rows[0]) if rows else None


def select(
    tx: Connection, account: Account, after: str = "", limit: int = -1
) -> list[SegmentGroup]:
    """Reads groups in order of ids, those after one."""
    rows = tx.execute(
        f"SELECT {_GROUP} FROM segment_group WHERE account = ? AND group_id > ? ORDER BY group_id LIMIT ?",
        (account.key, after, limit),
    )
    return [_group(account, row) for row in rows]


def users_of_segment(tx: Connection, account: Account, segment_id: str) -> list[SegmentGroup]:
    """Reads the groups that name a segment themselves, by id."""
    found = _mentioning(tx, account, segment_id)
    return [group for group in found if segment_id in segment_ids_in(group.combination)]


def users_of_group(tx: Connection, account: Account, group_id: str) -> list[SegmentGroup]:
    """Reads the groups that name another themselves, by id."""
    found = _mentioning(tx, account, group_id)
    return [group for group in found if group_id in group_ids_in(group.combination)]


def select_dependents(
    tx: Connection, account: Account, segment_ids: Iterable[str] = (), group_ids: Iterable[str] = ()
) -> list[SegmentGroup]:
    """Reads the groups that name segments or groups, or a group that does."""
    found: dict[str, SegmentGroup] = {}
    waiting = [group for each in segment_ids for group in users_of_segment(tx, account, each)]
    waiting += [group for each in group_ids for group in users_of_group(tx, account, each)]
    while waiting:
        group = waiting.pop()
        if group.group_id not in found:
            found[group.group_id] = group
            waiting += users_of_group(tx, account, group.group_id)
    return list(found.values())


def _mentioning(tx: Connection, account: Account, text: str) -> list[SegmentGroup]:
    rows = tx.execute(
        f"SELECT {_GROUP} FROM segment_group WHERE account = ? AND instr(combination, ?) > 0"
        " ORDER BY group_id",
        (account.key, f'"{text}"'),
    )
    return [_group(account, row) for row in rows]


def count(tx: Connection, account: Account) -> int:
    """Counts an account's groups."""
    (row,) = tx.execute("SELECT count(*) FROM segment_group WHERE account = ?", (account.key,))
    return int(row[0])


def delete(tx: Connection, account: Account, group_id: str) -> None:
    """Removes a group with its revisions."""
    tx.execute(
        "DELETE FROM segment_group WHERE account = ? AND group_id = ?", (account.key, group_id)
    )


def find_in_force(
    tx: Connection, account: Account, group_id: str, millis: int
) -> SegmentGroupRevision | None:
    """Reads the revision of a group that was in force at a tick; None when the group of this id is younger, or gone."""
    rows = list(
        tx.execute(
            "SELECT number, combination, author, create_millis FROM segment_group_revision"
            " WHERE account = ? AND group_id = ? AND create_millis <= ? ORDER BY number DESC LIMIT 1",
            (account.key, group_id, millis),
        )
    )
    if not rows:
        return None
    number, combination, author, create_millis = rows[0]
    return SegmentGroupRevision(number, decode_combination(combination), author, create_millis)


def was_edited(tx: Connection, account: Account, after_millis: int, until_millis: int) -> bool:
    """Tells whether any of an account's segment groups was changed above one tick and up to another; making one is no change."""
    rows = tx.execute(
        "SELECT 1 FROM segment_group_revision WHERE account = ? AND number > 1"
        " AND create_millis > ? AND create_millis <= ? LIMIT 1",
        (account.key, after_millis, until_millis),
    )
    return bool(list(rows))


def _insert_revision(tx: Connection, account: Account, group: SegmentGroup, author: str) -> None:
    tx.execute(
        "INSERT INTO segment_group_revision (account, group_id, number, combination, author, create_millis)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            account.key,
            group.group_id,
            group.version,
            encode_combination(group.combination),
            author,
            group.update_millis,
        ),
    )


def _group(account: Account, row: Row) -> SegmentGroup:
    group_id, display_name, combination, create_millis, update_millis, version = row
    return SegmentGroup(
        account.account_id,
        group_id,
        display_name,
        decode_combination(combination),
        create_millis,
        update_millis,
        version,
    )
