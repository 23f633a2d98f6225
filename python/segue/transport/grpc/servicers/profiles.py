"""`segue.v1.ProfileService`. Profiles pass through as bytes: the kernel reads and writes them."""

import asyncio
from typing import Final

from google.protobuf.empty_pb2 import Empty

from segue.errors import FieldInvalid, FieldViolation
from segue.service.profiles import ProfileService
from segue.service.segment_use_cases import SegmentUseCases
from segue.transport.grpc import names
from segue.transport.grpc.messages import upsert_message
from segue.transport.grpc.profile_messages import profiles_message
from segue.transport.grpc.segment_messages import segment_message
from segue.v1 import profile_service_pb2

NAMES: Final = range(1, 1_001)
"""How many profiles are read at once."""


class ProfileServicer:
    """Serves single profiles."""

    def __init__(self, profiles: ProfileService, segments: SegmentUseCases) -> None:
        """Takes the use cases."""
        self._profiles = profiles
        self._segments = segments

    async def get_profile(self, request: profile_service_pb2.GetProfileRequest, _: object) -> bytes:
        """Serves `GetProfile`."""
        return await self._profiles.get(*names.profile_of(request.name, "name"))

    async def batch_get_profiles(
        self, request: profile_service_pb2.BatchGetProfilesRequest, _: object
    ) -> bytes:
        """Serves `BatchGetProfiles`."""
        account = names.account_of(request.parent, "parent")
        if len(request.names) not in NAMES:
            advice = f"has {len(request.names)} names; name {NAMES[0]:,} to {NAMES[-1]:,} profiles"
            raise FieldInvalid(FieldViolation("names", advice))
        profile_ids = [
            names.profile_within(account, name, f"names[{position}]")
            for position, name in enumerate(request.names)
        ]
        found = await self._profiles.get_several(account, profile_ids)
        return await asyncio.to_thread(profiles_message, *found)

    async def upsert_profiles(
        self, request: profile_service_pb2.UpsertProfilesRequest, _: object
    ) -> profile_service_pb2.UpsertProfilesResponse:
        """Serves `UpsertProfiles`."""
        account = names.account_of(request.parent, "parent")
        batch = request.batch.SerializeToString()
        return upsert_message(
            await self._profiles.upsert(
                account, batch, ignore_unknown_fields=request.ignore_unknown_fields
            )
        )

    async def delete_profile(
        self, request: profile_service_pb2.DeleteProfileRequest, _: object
    ) -> Empty:
        """Serves `DeleteProfile`."""
        await self._profiles.delete(*names.profile_of(request.name, "name"))
        return Empty()

    async def list_profile_segments(
        self, request: profile_service_pb2.ListProfileSegmentsRequest, _: object
    ) -> profile_service_pb2.ListProfileSegmentsResponse:
        """Serves `ListProfileSegments`."""
        name = names.profile_of(request.parent, "parent")
        found, revision = await self._segments.counts.segments_of(*name)
        return profile_service_pb2.ListProfileSegmentsResponse(
            segments=map(segment_message, found), revision=revision
        )
