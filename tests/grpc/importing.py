"""What tests of imports share: batches, parts, and the way from Initiate to the end."""

import asyncio
from typing import Any, Final

from google.protobuf.json_format import MessageToDict

from segue.v1 import import_service_pb2
from segue.v1.profile_pb2 import Profile, ProfileBatch
from tests.grpc.api import Api

SHOP: Final = "accounts/shop"
BATCH: Final = 1
ARROW: Final = 2
NDJSON: Final = 3
CSV: Final = 5
PARQUET: Final = 6

ADD: Final = import_service_pb2.IMPORT_ACTION_ADD
DELETE: Final = import_service_pb2.IMPORT_ACTION_DELETE
STAGING: Final = import_service_pb2.IMPORT_STATE_STAGING
COMPLETED: Final = import_service_pb2.IMPORT_STATE_COMPLETED
FAILED: Final = import_service_pb2.IMPORT_STATE_FAILED
CANCELLED: Final = import_service_pb2.IMPORT_STATE_CANCELLED


def batch(*profile_ids: str) -> bytes:
    """A block of profiles with nothing but their ids."""
    return records(*(Profile(profile_id=profile_id) for profile_id in profile_ids))


def records(*profiles: Profile) -> bytes:
    """A block of profiles."""
    return ProfileBatch(profiles=profiles).SerializeToString()


def part(number: int, data: bytes, **fields: Any) -> dict[str, Any]:
    """A part of a format, PROFILE_BATCH unless said otherwise."""
    return {"part_number": number, "format": BATCH, "data": data, **fields}


async def opened(api: Api, **fields: Any) -> str:
    """Opens an import and returns its token."""
    return str((await api("InitiateImport", parent=SHOP, **fields)).token)


async def ended(api: Api, token: str) -> Any:
    """Waits for the end of an import that is executed."""
    async with asyncio.timeout(20):
        while True:
            status = await api("GetImportStatus", token=token)
            if status.state >= COMPLETED:
                return status
            await asyncio.sleep(0.01)


async def finished(api: Api, token: str) -> Any:
    """Executes an import and waits for its end."""
    await api("ExecuteImport", token=token)
    return await ended(api, token)


async def imported(api: Api, *blocks: bytes, block_format: int = BATCH, **fields: Any) -> Any:
    """Imports blocks as parts from 1 on; returns the status at the end."""
    token = await opened(api, **fields)
    return await finished(api, await staged(api, token, *blocks, block_format=block_format))


async def staged(api: Api, token: str, *blocks: bytes, block_format: int = BATCH) -> str:
    """Stages blocks as parts from 1 on; returns the token."""
    await api.stage(
        token, [part(number, data, format=block_format) for number, data in enumerate(blocks, 1)]
    )
    return token


async def undone(api: Api, token: str) -> Any:
    """Takes an import back and waits for the end of that."""
    return await ended(api, str((await api("UndoImport", token=token)).token))


async def profiles(api: Api, *, with_times: bool = False) -> dict[str, Any]:
    """Exports all profiles of the shop, by id; without the times of their commits unless asked for."""
    token = (await api("InitiateExport", parent=SHOP, format=BATCH)).token
    found: dict[str, Any] = {}
    for block in await api.stream("RetrieveExport", token=token):
        for profile in ProfileBatch.FromString(block.data).profiles:
            if not with_times:
                profile.ClearField("created_at_millis")
                profile.ClearField("changed_at_millis")
            found[profile.profile_id] = MessageToDict(profile, preserving_proto_field_name=True)
    await api("CancelExport", token=token)
    return found
