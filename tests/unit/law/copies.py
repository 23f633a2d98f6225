"""What a client holds of an account: rows by profile id, read from blocks of an export."""

import gzip
import json
from collections.abc import Iterable
from typing import Any

from segue.domain.export import Compression
from segue.domain.profile import BlockFormat
from segue.domain.timestamp import parse_timestamp
from segue.v1 import export_service_pb2, profile_pb2

Row = profile_pb2.Profile | dict[str, Any]
Copy = dict[str, Row]


def rows_of(
    blocks: Iterable[bytes], block_format: BlockFormat, compression: Compression
) -> list[Row]:
    """Reads the blocks of one stream or file, which are serialized responses."""
    answers = map(export_service_pb2.RetrieveExportResponse.FromString, blocks)
    data = b"".join(answer.data for answer in answers)
    if compression is Compression.GZIP and data:
        data = gzip.decompress(data)
    if block_format is BlockFormat.NDJSON:
        return [json.loads(line) for line in data.splitlines()]
    batch = profile_pb2.ProfileBatch.FromString(data)
    for value in (value for profile in batch.profiles for value in _values(profile)):
        value.key, value.key_index = batch.field_keys[value.key_index - 1], 0
    return list(batch.profiles)


def profile_id_of(row: Row) -> str:
    """Returns whose row it is."""
    return str(row["profile_id"]) if isinstance(row, dict) else row.profile_id


def is_removal(row: Row) -> bool:
    """Tells whether a row says that a profile is gone."""
    return "removed" in row if isinstance(row, dict) else row.removed


def changed_millis(row: Row) -> int:
    """Returns when a profile was last written."""
    return parse_timestamp(row["changed_at"]) if isinstance(row, dict) else row.changed_at_millis


def forget(copy: Copy, definition: str) -> None:
    """Takes what profiles had of a deleted definition out of a copy: its values go with it, and that is no change of the profiles."""
    kind, _, name = definition.partition(" ")
    for row in copy.values():
        if isinstance(row, dict):
            _forget_json(row, kind, name)
        else:
            _forget_message(row, kind, name)


def _forget_json(row: dict[str, Any], kind: str, name: str) -> None:
    members = row.get("memberships", {})
    match kind:
        case "list":
            members.pop(name, None)
        case "tag" if name in row.get("tags", ()):
            row["tags"].remove(name)
        case "field":
            for member in members.values():
                member.get("fields", {}).pop(name, None)
    _drop_empty(row, "memberships", "tags")
    for member in members.values():
        _drop_empty(member, "fields")


def _drop_empty(row: dict[str, Any], *names: str) -> None:
    """Leaves out what is empty, as exports do."""
    for name in names:
        if not row.get(name, True):
            del row[name]


def _forget_message(row: profile_pb2.Profile, kind: str, name: str) -> None:
    match kind:
        case "list":
            _keep(row.memberships, lambda member: member.list != name)
        case "tag":
            _keep(row.tags, lambda tag: tag != name)
        case "field":
            for member in row.memberships:
                _keep(member.fields, lambda value: value.key != name)


def _keep(items: Any, is_kept: Any) -> None:
    kept = [item for item in items if is_kept(item)]
    del items[:]
    items.extend(kept)


def _values(profile: profile_pb2.Profile) -> Iterable[profile_pb2.FieldValue]:
    yield from profile.fields
    for member in profile.memberships:
        yield from member.fields
