"""Tokens of imports and exports: derived from a key outside of the database, stored only as digests."""

import os
from pathlib import Path
from typing import Final

from segue.domain.secret import SECRET_BYTES, Secret, derive_secret, new_nonce
from segue.errors import TokenInvalid

TOKEN_KEY_FILE: Final = "token-key"  # noqa: S105 - a file name
"""File in the data directory with the key that tokens are derived from (mode 0600)."""


class Tokens:
    """Makes tokens, and makes them again for repeated requests."""

    def __init__(self, data_dir: Path) -> None:
        """Reads the key, or makes it on the first start."""
        path = data_dir / TOKEN_KEY_FILE
        if not path.exists():
            descriptor = os.open(
                path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
            )
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.with_suffix(".new").replace(path)
        self._key = path.read_bytes()

    def new(self) -> tuple[Secret, str]:
        """Returns a token and the nonce by which `again` makes it."""
        nonce = new_nonce()
        return derive_secret(self._key, nonce), nonce.hex()

    def again(self, nonce: str) -> Secret:
        """Returns the token that belongs to a nonce."""
        return derive_secret(self._key, bytes.fromhex(nonce))


def token_invalid() -> TokenInvalid:
    """Returns the one answer to tokens that are unknown, expired or another account's."""
    return TokenInvalid(
        "the token is unknown or has expired; initiate anew and send the token of that answer"
    )
