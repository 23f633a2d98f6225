"""Use cases of API keys."""

import secrets
from pathlib import Path
from typing import Final

from segue.domain.identifier import check_display_name
from segue.domain.key import ApiKey, Principal
from segue.domain.page import Page, PageRequest, encode_position
from segue.domain.secret import Secret, new_secret
from segue.domain.timestamp import Clock
from segue.errors import KeyInvalid, ResourceNotFound
from segue.service.directory import Directory
from segue.service.limits import Limits, check_limit
from segue.service.private_file import write_private
from segue.store import accounts
from segue.store.base import Connection, Store

ADMIN_KEY_FILE: Final = "admin-key"
"""File in the data directory that the first start writes the admin's key into (mode 0600)."""


KNOWN_HOLDERS: Final = 10_000
"""Keys whose holders are kept in memory, so that a small call does not begin with a query."""


class KeyService:
    """Makes keys, knows their holders, ends keys. Only digests are stored."""

    def __init__(self, store: Store, directory: Directory, limits: Limits, clock: Clock) -> None:
        """Takes what the use cases work on."""
        self._store = store
        self._directory = directory
        self._limits = limits
        self._clock = clock
        self._holders: dict[bytes, Principal] = {}

    def forget_holders(self) -> None:
        """Makes every key be looked up anew: one of them may have ended."""
        self._holders = {}

    async def ensure_admin_key(self, data_dir: Path) -> None:
        """Makes the admin's key on the first start, and a new one when its file was removed."""
        path = data_dir / ADMIN_KEY_FILE
        if path.exists() and await self._store.read(accounts.has_admin_key):
            return
        secret = new_secret()

        def work(tx: Connection) -> None:
            accounts.delete_admin_keys(tx)
            accounts.insert_key(tx, None, "admin", secret.digest(), "admin", self._clock())

        await self._store.write(work)
        write_private(path, f"{secret.reveal()}\n".encode())

    async def authenticate(self, secret: str) -> Principal:
        """Tells who holds a key.

        Raises:
            KeyInvalid: Nobody does.
        """
        digest = Secret(secret).digest()
        if holder := self._holders.get(digest):
            return holder
        holders = self._holders
        found = await self._store.read(lambda tx: accounts.find_principal(tx, digest))
        if found is None or not Secret(secret).matches(found[0]):
            raise KeyInvalid(
                "the API key is not valid; send authorization: Bearer <key> with a key that is in force"
            )
        if len(holders) < KNOWN_HOLDERS:
            holders[digest] = found[1]
        return found[1]

    async def create(self, account_id: str, display_name: str = "") -> tuple[ApiKey, Secret]:
        """Makes a key of an account; its secret is shown only now.

        Raises:
            FieldInvalid: The display name is malformed.
            LimitExceeded: The account has as many keys as it may.
            ResourceNotFound: There is no such account.
        """
        check_display_name(display_name, "api_key.display_name")
        account = await self._directory.account(account_id)
        key = ApiKey(account_id, secrets.token_hex(8), display_name, self._clock())
        secret = new_secret()

        def work(tx: Connection) -> None:
            check_limit("api_keys", accounts.count_keys(tx, account.key), self._limits.api_keys)
            accounts.insert_key(
                tx, account.key, key.key_id, secret.digest(), display_name, key.create_millis
            )

        await self._store.write(work)
        return key, secret

    async def list(self, account_id: str, page: PageRequest) -> Page[ApiKey]:
        """Lists an account's keys in order of creation.

        Raises:
            ResourceNotFound: There is no such account.
        """
        account = await self._directory.account(account_id)
        after, limit = page.position(-1, ""), page.limit()
        found = await self._store.read(
            lambda tx: accounts.select_keys(tx, account, after, limit + 1)
        )
        last = found[limit - 1] if len(found) > limit else None
        token = encode_position(last.create_millis, last.key_id) if last else ""
        return Page(tuple(found[:limit]), token)

    async def delete(self, account_id: str, key_id: str) -> None:
        """Ends a key at once.

        Raises:
            ResourceNotFound: There is no such key.
        """
        account = await self._directory.account(account_id)
        if not await self._store.write(lambda tx: accounts.delete_key(tx, account.key, key_id)):
            raise ResourceNotFound(f"{account.name}/apiKeys/{key_id}")
        self.forget_holders()
