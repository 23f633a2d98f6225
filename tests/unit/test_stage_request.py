"""Messages of `StageProfiles`, which are read and written with their block apart: the same as protobuf reads and writes them whole."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from segue.client.staging import StageMessage
from segue.transport.grpc.import_requests import StageRequest
from segue.v1.import_service_pb2 import StageProfilesRequest

REQUESTS = st.builds(
    StageProfilesRequest,
    token=st.text(max_size=5),
    part_number=st.integers(0, (1 << 32) - 1),
    format=st.integers(0, 6),
    compression=st.integers(0, 3),
    data=st.binary(max_size=300),
    crc32c=st.none() | st.integers(0, (1 << 32) - 1),
)


def without_data(request: StageProfilesRequest) -> StageProfilesRequest:
    head = StageProfilesRequest()
    head.CopyFrom(request)
    head.ClearField("data")
    return head


@given(requests=st.lists(REQUESTS, max_size=3))
def test_what_is_read_apart_is_what_is_read_whole(requests: list[StageProfilesRequest]) -> None:
    message = b"".join(request.SerializeToString() for request in requests)
    whole = StageProfilesRequest.FromString(message)
    read = StageRequest.parse(message)
    assert (read.head, read.data) == (without_data(whole), whole.data)


@given(request=REQUESTS)
def test_what_is_written_apart_is_read_whole(request: StageProfilesRequest) -> None:
    written = StageMessage(without_data(request), request.data).serialized()
    assert StageProfilesRequest.FromString(written) == request


@given(request=REQUESTS, cut=st.integers(1, 20), noise=st.binary(max_size=8))
def test_a_damaged_message_is_refused_where_protobuf_refuses_it(
    request: StageProfilesRequest, cut: int, noise: bytes
) -> None:
    message = request.SerializeToString()[:-cut] + noise
    try:
        whole = StageProfilesRequest.FromString(message)
    except DecodeError:
        with pytest.raises(DecodeError):
            StageRequest.parse(message)
    else:
        try:
            read = StageRequest.parse(message)
        except DecodeError:
            return  # the block with the wire type of another field, which protobuf passes over
        assert (read.head, read.data) == (without_data(whole), whole.data)
