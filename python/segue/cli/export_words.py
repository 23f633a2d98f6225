"""Formats, compressions, identifiers and states by the words that the command line has for them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.match_criteria_pb2 import MatchBy
from segue.v1.profile_pb2 import MembershipState


class Format(StrEnum):
    """How rows are written; the README's part on formats tells each."""

    NDJSON = "ndjson"
    ARROW = "arrow"
    PROTOBUF = "protobuf"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    SUBSCRIBERS = "subscribers"

    @property
    def block_format(self) -> BlockFormat.ValueType:
        """The format's number on the wire."""
        return _FORMATS[self][0]

    @property
    def is_text(self) -> bool:
        """Whether a terminal can show it."""
        return self not in {Format.ARROW, Format.PROTOBUF, Format.PARQUET}


_FORMATS: Final = {
    Format.NDJSON: (BlockFormat.BLOCK_FORMAT_NDJSON, ".ndjson"),
    Format.ARROW: (BlockFormat.BLOCK_FORMAT_ARROW_IPC, ".arrow"),
    Format.PROTOBUF: (BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, ".binpb"),
    Format.JSON: (BlockFormat.BLOCK_FORMAT_JSON, ".json"),
    Format.CSV: (BlockFormat.BLOCK_FORMAT_CSV, ".csv"),
    Format.PARQUET: (BlockFormat.BLOCK_FORMAT_PARQUET, ".parquet"),
    Format.SUBSCRIBERS: (BlockFormat.BLOCK_FORMAT_SUBSCRIBERS_JSON, ".json"),
}


class Compressed(StrEnum):
    """How blocks are compressed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"

    @property
    def compression(self) -> Compression.ValueType:
        """The compression's number on the wire."""
        return _COMPRESSIONS[self][0]


_COMPRESSIONS: Final = {
    Compressed.NONE: (Compression.COMPRESSION_UNSPECIFIED, ""),
    Compressed.GZIP: (Compression.COMPRESSION_GZIP, ".gz"),
    Compressed.ZSTD: (Compression.COMPRESSION_ZSTD, ".zst"),
}


class Matched(StrEnum):
    """What the lines of a match file are."""

    PROFILE_ID = "profile-id"
    ALTERNATE_ID = "alternate-id"
    EMAIL = "email"
    PHONE = "phone"

    @property
    def match_by(self) -> MatchBy.ValueType:
        """The kind's number on the wire."""
        return _MATCHES[self]


_MATCHES: Final = {
    Matched.PROFILE_ID: MatchBy.MATCH_BY_PROFILE_ID,
    Matched.ALTERNATE_ID: MatchBy.MATCH_BY_ALTERNATE_ID,
    Matched.EMAIL: MatchBy.MATCH_BY_EMAIL_ADDRESS,
    Matched.PHONE: MatchBy.MATCH_BY_PHONE_NUMBER,
}


class Status(StrEnum):
    """A state of members; any is all of them."""

    ANY = "any"
    ACTIVE = "active"
    INACTIVE = "inactive"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    UNCONFIRMED = "unconfirmed"
    DELETED = "deleted"


_STATES: Final[dict[Status, MembershipState.ValueType]] = {
    status: MembershipState.Value(f"MEMBERSHIP_STATE_{status.name}")
    for status in Status
    if status is not Status.ANY
}


def file_suffix(block_format: BlockFormat.ValueType, compression: Compression.ValueType) -> str:
    """Returns how names of such files end, as `.csv.gz`; Parquet is compressed within."""
    suffix = next(end for number, end in _FORMATS.values() if number == block_format)
    if block_format == BlockFormat.BLOCK_FORMAT_PARQUET:
        return suffix
    return suffix + next(end for number, end in _COMPRESSIONS.values() if number == compression)


def membership_states(statuses: Sequence[Status]) -> list[MembershipState.ValueType]:
    """Returns the numbers of states on the wire, ascending; those of any are all."""
    wanted = _STATES if Status.ANY in statuses else statuses
    return sorted({_STATES[status] for status in wanted})
