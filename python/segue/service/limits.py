"""How much one account may have; the values come from the settings."""

from dataclasses import dataclass

from segue.errors import LimitExceeded


@dataclass(frozen=True)
class Limits:
    """Limits of one account, and lives of tokens."""

    lists: int = 1_000
    fields: int = 2_000
    segments: int = 10_000
    rules_per_segment: int = 1_000
    api_keys: int = 100
    open_imports: int = 64
    open_exports: int = 64
    staged_bytes: int = 64 << 30
    block_bytes: int = 25 << 20
    upsert_profiles: int = 1_000
    import_token_seconds: int = 6 * 3_600
    export_token_seconds: int = 24 * 3_600
    export_block_bytes: int = 1 << 20


def check_limit(name: str, found: int, maximum: int) -> None:
    """Checks that one more fits.

    Raises:
        LimitExceeded: The account has as many as it may.
    """
    if found >= maximum:
        raise LimitExceeded(
            f"the account has reached its limit of {maximum} {name}; remove some or ask for more",
            {"limit": name, "maximum": maximum},
        )
