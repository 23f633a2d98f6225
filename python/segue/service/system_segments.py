"""The engagement segments: made with their list, gone with it."""

import secrets

from segue.domain.account import Account
from segue.domain.segment import (
    SYSTEM_AUTHOR,
    SYSTEM_TITLES,
    Segment,
    SegmentRevision,
    system_rules,
)
from segue.store import segments
from segue.store.base import Connection


def insert_system_segments(tx: Connection, account: Account, list_id: str, now: int) -> None:
    """Gives a new list its engagement segments."""
    for title in SYSTEM_TITLES:
        segment = Segment(
            account.account_id,
            secrets.token_hex(16),
            list_id,
            title,
            system_rules(title),
            is_system=True,
            create_millis=now,
            update_millis=now,
            version=1,
        )
        segments.insert(tx, account, SegmentRevision(segment, SYSTEM_AUTHOR))
