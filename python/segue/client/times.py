"""Times as this API writes them: UTC, to the millisecond, `Z` at the end."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp


def from_timestamp(timestamp: Timestamp) -> datetime:
    """Returns a message's time in UTC."""
    return timestamp.ToDatetime(tzinfo=UTC)


def to_timestamp(moment: datetime) -> Timestamp:
    """Returns a time as a message; one without a zone is taken as UTC."""
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def to_text(moment: datetime) -> str:
    """Writes a time as `2024-03-01T00:00:00.123Z`; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
