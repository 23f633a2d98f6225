"""The account that tests of the kernel use, and profiles as it takes and gives them."""

import json

from segue._kernel import Part, Plan, Schema, Snapshot, decode
from segue.v1 import export_service_pb2
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import Profile, ProfileBatch

PLAN_COLUMN = 68
AGE_COLUMN = 70

SCHEMA = Schema(
    json.dumps(
        {
            "lists": [{"id": "newsletter", "column": 64}],
            "fields": [
                {"column": PLAN_COLUMN, "list": "newsletter", "key": "Plan", "type": "text"},
                {"column": AGE_COLUMN, "key": "Age", "type": "number"},
            ],
        }
    ).encode()
)


def part_of(*profiles: Profile) -> Part:
    """Decodes profiles, none of which may have a problem."""
    data = ProfileBatch(profiles=profiles).SerializeToString()
    part = decode(
        SCHEMA,
        BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        data,
        list_id=None,
        ignore_unknown_fields=False,
    )
    assert part.exceptions == []
    return part


def aged(profile_id: str, age: float) -> Profile:
    """A profile with an age."""
    profile = Profile(profile_id=profile_id)
    profile.fields.add(key="Age", number=age)
    return profile


def stored(snapshot: Snapshot, profile_id: str) -> Profile | None:
    """Reads a profile back."""
    data = snapshot.profile(SCHEMA, profile_id)
    return None if data is None else Profile.FromString(data)


def plan_of(condition: object) -> Plan:
    """Compiles a condition."""
    return Plan(SCHEMA, json.dumps(condition).encode(), 0)


EVERYBODY = plan_of({"and": []})


def exported(
    snapshot: Snapshot, *, changed_from_millis: int | None = None, include_removed: bool = False
) -> list[Profile]:
    """Reads all profiles, block by block."""
    export = snapshot.export(
        SCHEMA,
        None,
        BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        changed_from_millis=changed_from_millis,
        include_removed=include_removed,
        block_bytes=1_000,
    )
    profiles: list[Profile] = []
    offset = 0
    while (block := export.read(offset)) is not None:
        response = export_service_pb2.RetrieveExportResponse.FromString(block[0])
        profiles.extend(ProfileBatch.FromString(response.data).profiles)
        offset = block[1]
    assert export.row_count == len(profiles)
    assert export.size_bytes == offset
    return profiles
