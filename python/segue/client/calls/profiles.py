"""Calls about single profiles."""

from collections.abc import Iterable

from google.protobuf.empty_pb2 import Empty

from segue.client.calls.call import Call
from segue.client.names import account_name, profile_name
from segue.v1 import profile_service_pb2 as service
from segue.v1.profile_pb2 import Profile, ProfileBatch


def get_profile(account: str, profile_id: str, *, min_revision: int = 0) -> Call[Profile]:
    """Returns a profile with everything stored of it."""
    request = service.GetProfileRequest(
        name=profile_name(account, profile_id), min_revision=min_revision
    )
    return Call(lambda stubs: stubs.profiles.GetProfile, request)


def get_profiles(
    account: str, profile_ids: Iterable[str], *, min_revision: int = 0
) -> Call[service.BatchGetProfilesResponse]:
    """Returns up to 1,000 profiles in the order of their ids, all of one revision."""
    request = service.BatchGetProfilesRequest(
        parent=account_name(account),
        names=[profile_name(account, profile_id) for profile_id in profile_ids],
        min_revision=min_revision,
    )
    return Call(lambda stubs: stubs.profiles.BatchGetProfiles, request)


def upsert_profiles(
    account: str, batch: ProfileBatch, *, ignore_unknown_fields: bool = False
) -> Call[service.UpsertProfilesResponse]:
    """Writes up to 1,000 profiles: durable and visible when answered."""
    request = service.UpsertProfilesRequest(
        parent=account_name(account), batch=batch, ignore_unknown_fields=ignore_unknown_fields
    )
    return Call(lambda stubs: stubs.profiles.UpsertProfiles, request)


def delete_profile(account: str, profile_id: str) -> Call[Empty]:
    """Erases a profile; increments report the removal."""
    request = service.DeleteProfileRequest(name=profile_name(account, profile_id))
    return Call(lambda stubs: stubs.profiles.DeleteProfile, request, repeatable=False)


def list_profile_segments(
    account: str, profile_id: str, *, min_revision: int = 0
) -> Call[service.ListProfileSegmentsResponse]:
    """Returns the saved segments that a profile is a member of now."""
    request = service.ListProfileSegmentsRequest(
        parent=profile_name(account, profile_id), min_revision=min_revision
    )
    return Call(lambda stubs: stubs.profiles.ListProfileSegments, request)
