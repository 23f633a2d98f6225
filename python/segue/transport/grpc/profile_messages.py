"""Profiles that the kernel has serialized, put into messages without being parsed."""

from collections.abc import Sequence
from typing import Final

from segue.v1 import profile_service_pb2

_PROFILES: Final = b"\x0a"
"""Tag of `BatchGetProfilesResponse.profiles`: field 1, a length and so many bytes."""

_MORE: Final = 0x80
"""Marks a byte of a length that another one follows, which has the next seven bits."""


def profiles_message(profiles: Sequence[bytes], revision: int) -> bytes:
    """Returns a serialized `BatchGetProfilesResponse` of serialized profiles."""
    pieces = []
    for profile in profiles:
        pieces += [_PROFILES, _varint(len(profile)), profile]
    rest = profile_service_pb2.BatchGetProfilesResponse(revision=revision)
    return b"".join(pieces) + rest.SerializeToString()


def _varint(value: int) -> bytes:
    written = bytearray()
    while value >= _MORE:
        written.append(_MORE + value % _MORE)
        value //= _MORE
    written.append(value)
    return bytes(written)
