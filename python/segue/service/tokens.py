"""Tokens of imports and exports: derived from a key outside of the database, stored only as digests."""

import hmac
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, TypeVar

from segue.domain.account import Account
from segue.domain.secret import (
    SECRET_BYTES,
    Secret,
    derive_secret,
    derive_webhook_secret,
    new_nonce,
)
from segue.errors import TokenInvalid
from segue.service.private_file import write_private
from segue.store import accounts
from segue.store.base import Connection, Store

TOKEN_KEY_FILE: Final = "token-key"  # noqa: S105 - a file name
"""File in the data directory with the key that tokens are derived from (mode 0600)."""


class Tokens:
    """Makes tokens, and makes them again for repeated requests."""

    def __init__(self, data_dir: Path) -> None:
        """Reads the key, or makes it on the first start."""
        path = data_dir / TOKEN_KEY_FILE
        if not path.exists():
            write_private(path, os.urandom(SECRET_BYTES))
        self._key = path.read_bytes()

    def new(self) -> tuple[Secret, str]:
        """Returns a token and the nonce by which `again` makes it."""
        nonce = new_nonce()
        return derive_secret(self._key, nonce), nonce.hex()

    def again(self, nonce: str) -> Secret:
        """Returns the token that belongs to a nonce."""
        return derive_secret(self._key, bytes.fromhex(nonce))

    def mac(self, label: str, message: bytes) -> bytes:
        """Returns 32 bytes that only this server can make of a message, for one purpose.

        Args:
            label: The purpose; those of two purposes have nothing in common, nor with tokens, whose keys are made by another hash.
            message: What is to be told from what others made.
        """
        purpose_key = hmac.digest(self._key, label.encode(), "sha512")
        return hmac.digest(purpose_key, message, "sha256")

    def webhook_secret(self, account: int) -> Secret:
        """Returns the secret that the webhooks of an account, by its number, are signed with, as `whsec_` and base64; it is stored nowhere."""
        return derive_webhook_secret(self._key, account)


def token_invalid() -> TokenInvalid:
    """Returns the one answer to tokens that are unknown, expired or another account's."""
    return TokenInvalid(
        "the token is unknown or has expired; initiate anew and send the token of that answer"
    )


class Job(Protocol):
    """A row that a token names."""

    @property
    def account(self) -> int:
        """Number of its owner."""

    @property
    def expire_millis(self) -> int:
        """When its token ends."""


J = TypeVar("J", bound=Job)


async def owned_job(
    store: Store,
    find: Callable[[Connection, bytes], J | None],
    account_id: str | None,
    token: str,
    now_millis: int,
) -> tuple[Account, J]:
    """Returns the job of a token with its account, when the caller's account (None: any) owns it.

    Args:
        store: Where jobs are.
        find: Reads a job by the digest of its token.
        account_id: The caller's account.
        token: What the caller sent.
        now_millis: The time that its end is compared with.

    Raises:
        TokenInvalid: The token is unknown, expired, or another account's.
    """
    digest = Secret(token).digest()

    def work(tx: Connection) -> tuple[Account | None, J | None]:
        job = find(tx, digest)
        return (accounts.find_by_key(tx, job.account) if job else None), job

    account, job = await store.read(work)
    if account is None or job is None or job.expire_millis <= now_millis:
        raise token_invalid()
    if account_id not in {None, account.account_id}:
        raise token_invalid()
    return account, job
