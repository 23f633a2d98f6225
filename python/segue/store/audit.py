"""Rows of the audit log: what was done in bulk, and by whose key. Rows are only added."""

import json
from collections.abc import Mapping

from segue.domain.audit import AuditEntry
from segue.store.base import Connection


def insert(tx: Connection, account: int, entry: AuditEntry) -> None:
    """Adds an entry."""
    tx.execute(
        "INSERT INTO audit_entry (account, millis, actor, action, resource, revision, counts) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            account,
            entry.millis,
            entry.actor,
            entry.action,
            entry.resource,
            entry.revision,
            json.dumps(entry.counts),
        ),
    )


def select(tx: Connection, account: int, before: int, limit: int) -> list[tuple[int, AuditEntry]]:
    """Reads an account's entries with numbers below one, the newest first, with their numbers."""
    rows = tx.execute(
        "SELECT key, millis, actor, action, resource, revision, counts FROM audit_entry"
        " WHERE account = ? AND key < ? ORDER BY key DESC LIMIT ?",
        (account, before, limit),
    )
    return [
        (key, AuditEntry(millis, actor, action, resource, revision, _counts(counts)))
        for key, millis, actor, action, resource, revision, counts in rows
    ]


def _counts(text: str) -> Mapping[str, int]:
    return {key: int(count) for key, count in json.loads(text).items()}
