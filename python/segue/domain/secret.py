"""Secrets: 256 random bits that cannot print themselves, and the hashes that are stored of them."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

SECRET_BYTES = 32

_WEBHOOK_LABEL = b"segue, secret of webhooks of the account:"
"""Longer than a nonce, so that nothing `derive_secret` makes is ever a webhook's secret too."""


@dataclass(frozen=True, repr=False)
class Secret:
    """A bearer secret. Only `reveal` shows it."""

    value: str

    def __repr__(self) -> str:
        """Keeps the value out of logs and tracebacks."""
        return "Secret(…)"

    __str__ = __repr__

    def reveal(self) -> str:
        """Returns the secret itself, for the one answer that may carry it."""
        return self.value

    def digest(self) -> bytes:
        """Returns the SHA-256 that is stored; a fast hash is right for 256 random bits."""
        return hashlib.sha256(self.value.encode()).digest()

    def matches(self, digest: bytes) -> bool:
        """Compares with a stored digest in constant time."""
        return hmac.compare_digest(self.digest(), digest)


def new_secret() -> Secret:
    """Makes a secret of 256 random bits, 43 characters long."""
    return Secret(secrets.token_urlsafe(SECRET_BYTES))


def new_nonce() -> bytes:
    """Makes 256 random bits from which `derive_secret` makes a secret."""
    return secrets.token_bytes(SECRET_BYTES)


def derive_secret(key: bytes, nonce: bytes) -> Secret:
    """Makes the secret that belongs to a nonce.

    A repeated request gets its first answer, token included, although no token is stored: the nonce is in the database and the
    key is not.

    Args:
        key: 32 bytes kept outside of the database.
        nonce: From `new_nonce`.
    """
    mac = hmac.new(key, nonce, hashlib.sha256).digest()
    return Secret(base64.urlsafe_b64encode(mac).rstrip(b"=").decode())


def derive_webhook_secret(key: bytes, account: int) -> Secret:
    """Makes the secret that signs an account's webhooks, in the form of Standard Webhooks; 256 bits, and always the same.

    Args:
        key: 32 bytes kept outside of the database.
        account: The store's number of the account whose webhooks they are; unlike its id, it never comes again.
    """
    mac = hmac.new(key, _WEBHOOK_LABEL + str(account).encode(), hashlib.sha256).digest()
    return Secret("whsec_" + base64.b64encode(mac).decode())
