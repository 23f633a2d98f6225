"""How much one account may have; the values come from the settings."""

from dataclasses import dataclass

from segue.domain.condition import Condition
from segue.domain.segment import Rules, RulesForm
from segue.errors import LimitExceeded, coded
from segue.rules.codes import VendorCode
from segue.rules.tree import leaves
from segue.settings import Settings


@dataclass(frozen=True)
class Limits:
    """Limits of one account, and lives of tokens."""

    lists: int = 1_000
    fields: int = 2_000
    tags: int = 1_000
    topics: int = 500
    consent_types: int = 100
    event_types: int = 500
    campaigns: int = 100_000
    segments: int = 10_000
    rules_per_segment: int = 1_000
    api_keys: int = 100
    open_imports: int = 64
    open_exports: int = 64
    pending_exports: int = 10
    segment_groups: int = 1_000
    export_bytes: int = 64 << 30
    export_attempts: int = 5
    staged_bytes: int = 64 << 30
    account_staged_bytes: int = 128 << 30
    import_records: int = 10_000_000
    staging_memory_bytes: int = 512 << 20
    block_bytes: int = 25 << 20
    unpacked_block_bytes: int = 100 << 20
    compression_ratio: int = 100
    upsert_profiles: int = 1_000
    import_token_seconds: int = 6 * 3_600
    export_token_seconds: int = 24 * 3_600
    export_block_bytes: int = 1 << 20


def limits_of(settings: Settings) -> Limits:
    """Returns the limits that the settings say."""
    return Limits(
        lists=settings.max_lists,
        fields=settings.max_fields,
        tags=settings.max_tags,
        topics=settings.max_topics,
        consent_types=settings.max_consent_types,
        event_types=settings.max_event_types,
        campaigns=settings.max_campaigns,
        segments=settings.max_segments,
        rules_per_segment=settings.max_rules,
        api_keys=settings.max_api_keys,
        open_imports=settings.max_open_imports,
        open_exports=settings.max_open_exports,
        pending_exports=settings.max_pending_exports,
        segment_groups=settings.max_segment_groups,
        export_bytes=settings.max_export_bytes,
        export_attempts=settings.export_attempts,
        staged_bytes=settings.max_staged_bytes,
        account_staged_bytes=settings.max_account_staged_bytes,
        import_records=settings.max_import_records,
        staging_memory_bytes=settings.staging_memory_bytes,
        block_bytes=settings.max_block_bytes,
        unpacked_block_bytes=settings.max_unpacked_block_bytes,
        compression_ratio=settings.max_compression_ratio,
        upsert_profiles=settings.max_upsert_profiles,
        import_token_seconds=settings.import_token_seconds,
        export_token_seconds=settings.export_token_seconds,
        export_block_bytes=settings.export_block_bytes,
    )


def check_limit(name: str, found: int, maximum: int, vendor_code: int | None = None) -> None:
    """Checks that one more fits; `vendor_code` is a seed's number of the refusal.

    Raises:
        LimitExceeded: The account has as many as it may.
    """
    if found >= maximum:
        raise LimitExceeded(
            f"the account has reached its limit of {maximum} {name}; remove some or ask for more",
            {"limit": name, "maximum": maximum, **coded(vendor_code)},
        )


def check_rules(rules: Rules, condition: Condition, limits: Limits) -> None:
    """Checks that a segment has not too many rules; in a filter or JSON every comparison is one.

    Raises:
        LimitExceeded: It has (283).
    """
    is_grouped = rules.form is RulesForm.GROUPS
    count = sum(map(len, rules.groups)) if is_grouped else sum(1 for _ in leaves(condition))
    check_limit("rules_per_segment", count - 1, limits.rules_per_segment, VendorCode.LIMIT_REACHED)
