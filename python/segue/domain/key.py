"""API keys and who holds them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Principal:
    """Who makes a call."""

    account_id: str | None
    """The account the key belongs to; None for an admin's key."""
    name: str = "admin"
    """Resource name of an account's key."""

    @property
    def is_admin(self) -> bool:
        """Whether every account and the admin's methods are open to it."""
        return self.account_id is None


@dataclass(frozen=True)
class ApiKey:
    """A key of one account as it is listed; its secret is not stored."""

    account_id: str
    key_id: str
    display_name: str
    create_millis: int

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/apiKeys/{self.key_id}"
