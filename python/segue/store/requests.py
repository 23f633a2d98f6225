"""First answers to requests that carried an id (AIP-155)."""

from segue.errors import RequestIdReused
from segue.store.base import Connection


def first_answer(
    tx: Connection, account: int, method: str, request_id: str, fingerprint: bytes
) -> str | None:
    """Reads what a request was answered the first time; None when it is new or has no id.

    Raises:
        RequestIdReused: The id came with another request.
    """
    if not request_id:
        return None
    rows = list(
        tx.execute(
            "SELECT fingerprint, answer FROM request WHERE account = ? AND method = ? AND request_id = ?",
            (account, method, request_id),
        )
    )
    if not rows:
        return None
    if rows[0][0] != fingerprint:
        raise RequestIdReused(
            f"request id {request_id} was used for another request; send a new one",
            {"request_id": request_id},
        )
    return str(rows[0][1])


def keep_answer(
    tx: Connection,
    account: int,
    method: str,
    request_id: str,
    fingerprint: bytes,
    answer: str,
    now: int,
) -> None:
    """Keeps a request's answer; does nothing when it has no id."""
    if request_id:
        tx.execute(
            "INSERT INTO request (account, method, request_id, fingerprint, answer, create_millis)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (account, method, request_id, fingerprint, answer, now),
        )


def sweep(tx: Connection, before_millis: int) -> None:
    """Forgets answers given before a time."""
    tx.execute("DELETE FROM request WHERE create_millis < ?", (before_millis,))
