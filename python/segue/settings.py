"""What an operator may set, each with its unit and default; the only reader of the environment.

Every setting is an environment variable: `SEGUE_` and the name below in capitals, as `SEGUE_DATA_DIR`.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_MIB = 1024 * 1024
_HOUR_SECONDS = 3600


class Settings(BaseSettings):
    """Settings of one server. Frozen: a change needs a restart."""

    model_config = SettingsConfigDict(env_prefix="SEGUE_", frozen=True, extra="forbid")

    data_dir: Path = Path("segue-data")
    """Directory of the database, the snapshots, staged parts and `admin-key`; made when it is missing."""
    grpc: str = "127.0.0.1:50051"
    """HOST:PORT where gRPC is served; port 0 takes a free one."""
    http: str = "127.0.0.1:8080"
    """HOST:PORT where downloads of exports, /livez, /readyz and /metrics are served; port 0 takes a free one."""
    public_url: str | None = None
    """Address under which others reach `http`, as `https://segue.example.com`; stands in poll addresses and links. None is `http` itself."""
    tls_certificate_file: Path | None = None
    """PEM certificate chain for gRPC; set together with `tls_key_file`. None serves plain text."""
    tls_key_file: Path | None = None
    """PEM private key for gRPC."""
    allow_insecure: bool = False
    """Whether gRPC may be served in plain text beyond this machine, as behind a proxy that ends TLS."""
    reflection: bool = True
    """Whether server reflection is served, to callers with a key."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe lines written to standard error."""

    memory_budget_bytes: int = Field(default=4096 * _MIB, ge=64 * _MIB)
    """Memory that accounts may hold before those not used for longest are put away, a third as much for what is staged; 4 GiB."""
    snapshot_journal_bytes: int = Field(default=256 * _MIB, ge=_MIB)
    """Journal bytes of an account after which it gets a new snapshot; 256 MiB."""

    max_message_bytes: int = Field(default=64 * _MIB, ge=_MIB, le=1024 * _MIB)
    """Largest gRPC message received, after decompression; 64 MiB."""
    max_block_bytes: int = Field(default=25 * _MIB, ge=1024, le=1024 * _MIB)
    """Largest block of an import or of events; 25 MiB."""
    max_unpacked_block_bytes: int = Field(default=100 * _MIB, ge=1024, le=4095 * _MIB)
    """Largest block of an import after decompression; 100 MiB."""
    max_compression_ratio: int = Field(default=100, ge=1)
    """Decompressed bytes of a block for each compressed one; blocks below 64 KiB are exempt."""
    staging_memory_bytes: int = Field(default=512 * _MIB, ge=_MIB)
    """Bytes of blocks that are checked or written at once, half of it for one account; further senders wait; 512 MiB."""
    import_token_seconds: int = Field(default=6 * _HOUR_SECONDS, ge=1)
    """How long an import may be staged before its token ends; 6 hours."""
    export_token_seconds: int = Field(default=24 * _HOUR_SECONDS, ge=1)
    """How long an export may be retrieved; 24 hours."""
    export_block_bytes: int = Field(default=_MIB, ge=1024, le=16 * _MIB)
    """Size at which a block of an export is closed; 1 MiB."""
    max_export_bytes: int = Field(default=64 * 1024 * _MIB, ge=1024)
    """Largest export that is written to files; 64 GiB."""
    export_jobs: int = Field(default=2, ge=1, le=64)
    """Exports written to files at once; one of each account."""
    export_attempts: int = Field(default=5, ge=1)
    """Attempts at writing an export before it fails."""
    blob_url: str | None = None
    """Where files of exports go, as `s3://bucket/prefix`, with credentials from the environment. None is `exports` in the data directory."""

    smtp: str | None = None
    """HOST:PORT of the server that sends e-mail; None sends none."""
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    """How the connection to it is encrypted."""
    smtp_username: str | None = None
    """User there; set together with `smtp_password`."""
    smtp_password: SecretStr | None = None
    """The user's password."""
    smtp_sender: str = "segue@localhost"
    """Address that e-mail comes from."""
    notification_jobs: int = Field(default=8, ge=1, le=256)
    """Notifications under way at once."""
    notification_timeout_seconds: float = Field(default=20.0, gt=0)
    """How long one attempt to notify may take; 20 seconds."""
    allow_private_webhooks: bool = False
    """Whether webhooks may go to private networks and this machine, and by http."""

    unary_deadline_seconds: float = Field(default=30.0, gt=0)
    """Deadline of a unary call that brings none; 30 seconds."""
    shutdown_grace_seconds: float = Field(default=10.0, ge=0)
    """How long calls in flight may go on after SIGTERM; 10 seconds."""
    max_calls: int = Field(default=1000, ge=1)
    """Calls in flight at once, of all accounts."""
    max_account_calls: int = Field(default=200, ge=1)
    """Calls in flight at once of one account's keys."""
    max_connection_streams: int = Field(default=256, ge=1)
    """Calls in flight at once on one connection; further ones wait."""

    max_lists: int = Field(default=500, ge=1)
    """Lists an account may have."""
    max_fields: int = Field(default=2000, ge=1)
    """Fields an account may have, those of its lists included."""
    max_tags: int = Field(default=1000, ge=1)
    """Tags an account may have."""
    max_topics: int = Field(default=500, ge=1)
    """Topics an account may have."""
    max_consent_types: int = Field(default=100, ge=1)
    """Consent types an account may have."""
    max_event_types: int = Field(default=500, ge=1)
    """Event types an account may have, those that are built in not counted."""
    max_campaigns: int = Field(default=100_000, ge=1)
    """Campaigns an account may have."""
    max_segments: int = Field(default=1000, ge=1)
    """Segments an account may have, engagement segments left out."""
    max_rules: int = Field(default=200, ge=1)
    """Rules a segment may have, in all of its groups."""
    max_open_imports: int = Field(default=20, ge=1)
    """Imports of an account that are opened and not executed or expired."""
    max_open_exports: int = Field(default=100, ge=1)
    """Exports of an account that are not expired."""
    max_pending_exports: int = Field(default=10, ge=1)
    """Exports of an account that wait to be written to files, or are being written."""
    max_segment_groups: int = Field(default=1000, ge=1)
    """Segment groups an account may have."""
    max_staged_bytes: int = Field(default=64 * 1024 * _MIB, ge=_MIB)
    """Bytes that one import may stage; 64 GiB."""
    max_account_staged_bytes: int = Field(default=128 * 1024 * _MIB, ge=_MIB)
    """Bytes that the open imports of an account may hold staged together; 128 GiB."""
    max_import_records: int = Field(default=10_000_000, ge=1)
    """Records that one import may stage; 10 million."""
    max_upsert_profiles: int = Field(default=1000, ge=1)
    """Profiles one UpsertProfiles may write; more are an import's business."""
    max_api_keys: int = Field(default=100, ge=1)
    """Keys an account may have."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for setting, address in (("grpc", self.grpc), ("http", self.http)):
            host_and_port(setting, address)
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("set tls_certificate_file and tls_key_file together, or neither")
        if self.smtp is not None:
            host_and_port("smtp", self.smtp)
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("set smtp_username and smtp_password together, or neither")
        if self.max_block_bytes > self.max_message_bytes:
            raise ValueError("max_block_bytes must not exceed max_message_bytes")
        host, _ = host_and_port("grpc", self.grpc)
        if self.tls_key_file is None and not self.allow_insecure and not _is_loopback(host):
            raise ValueError(
                f"grpc={self.grpc} would send keys and profiles in plain text over the network; set "
                "tls_certificate_file and tls_key_file, or allow_insecure where a proxy ends TLS"
            )
        return self


def host_and_port(setting: str, address: str) -> tuple[str, int]:
    """Splits HOST:PORT; an IPv6 host stands in brackets.

    Raises:
        ValueError: It is not of this form; names the setting.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 — the last port
        raise ValueError(
            f"{setting}={address} must be HOST:PORT, as 127.0.0.1:50051 or [::1]:50051"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
