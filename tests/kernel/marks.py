"""An account with marks of every kind, and what the kernel makes of profiles and blocks there."""

import json

from segue._kernel import Part, Schema, Table, decode
from segue.v1.block_pb2 import BlockFormat
from segue.v1.export_service_pb2 import RetrieveExportResponse
from segue.v1.profile_pb2 import Profile, ProfileBatch

PROFILE_BATCH = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH
ARROW_IPC = BlockFormat.BLOCK_FORMAT_ARROW_IPC
NDJSON = BlockFormat.BLOCK_FORMAT_NDJSON

VIP_COLUMN = 70
SCHEMA = Schema(
    json.dumps(
        {
            "lists": [{"id": "newsletter", "column": 64}],
            "fields": [{"column": 68, "key": "tag:vip", "type": "text"}],
            "marks": [
                {"kind": "tag", "id": "vip", "column": VIP_COLUMN},
                {"kind": "topic", "id": "sport", "column": 71},
                {"kind": "consent", "id": "sms", "column": 72},
                {"kind": "tag", "id": "a.b_c-1", "column": 73},
                {"kind": "topic", "id": "vip", "column": 74},
                {"kind": "consent", "id": "mail", "column": 75},
            ],
        }
    ).encode()
)


def decoded(data: bytes, block_format: BlockFormat.ValueType, *, ignore: bool = False) -> Part:
    """Decodes a block."""
    return decode(SCHEMA, block_format, data, None, ignore_unknown_fields=ignore)


def part_of(*profiles: Profile) -> Part:
    """Decodes profiles, good and bad."""
    return decoded(ProfileBatch(profiles=profiles).SerializeToString(), PROFILE_BATCH)


def table_of(*parts: Part) -> Table:
    """Applies parts to an empty table, each in a commit of its own; none may have a problem."""
    table = Table()
    for revision, part in enumerate(parts, 1):
        assert part.exceptions == []
        table.apply([part], revision, 1_700_000_000_000 + 10 * revision)
    return table


def stored(table: Table, profile_id: str) -> Profile:
    """Reads a profile back, without its times."""
    data = table.snapshot().profile(SCHEMA, profile_id)
    assert data is not None
    profile = Profile.FromString(data)
    profile.ClearField("created_at_millis")
    profile.ClearField("changed_at_millis")
    return profile


def exported(table: Table, block_format: BlockFormat.ValueType) -> bytes:
    """Exports all profiles."""
    export = table.snapshot().export(
        SCHEMA,
        None,
        block_format,
        block_bytes=1 << 20,
    )
    data = b""
    while (block := export.read(len(data))) is not None:
        data += RetrieveExportResponse.FromString(block[0]).data
    return data
