"""Statuses of wrong fields: as much is told as clients take."""

from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import FieldInvalid, FieldViolation
from segue.transport.grpc.status import STATUS_BYTES, status_of


def told_of(count: int, description: str) -> list[error_details_pb2.BadRequest.FieldViolation]:
    """Returns what a caller is told of so many wrong paths."""
    paths = [FieldViolation(f"read_mask.paths[{i}]", description) for i in range(count)]
    status = status_of(FieldInvalid(*paths), "request")
    assert status.ByteSize() <= STATUS_BYTES
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(request)
    return list(request.field_violations)


@given(st.integers(1, 400), st.text(min_size=1, max_size=200))
def test_however_much_is_wrong_fields_are_told_in_order(count: int, description: str) -> None:
    told = told_of(count, description)
    assert [each.field for each in told] == [f"read_mask.paths[{i}]" for i in range(len(told))]
    assert told


def test_every_one_of_a_hundred_wrong_names_is_told_where_there_is_no_room_for_texts() -> None:
    assert len(told_of(100, "there is no field of the account 'Shoe'; create it")) == 100
    assert all(each.description for each in told_of(50, "there is no such field; create it"))
