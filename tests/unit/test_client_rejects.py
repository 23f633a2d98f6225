"""Streams of bad records that break begin anew, and every record comes once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue._kernel import crc32c
from segue.client import BlockDamaged
from segue.client.calls.import_request import import_request
from segue.client.errors import FailureDetails, LimitReached
from segue.client.rejects import ExceptionCursor, RejectedCursor
from segue.client.retry import is_sent_again
from segue.v1.import_service_pb2 import (
    RetrieveRejectedRecordsResponse,
    StreamImportExceptionsResponse,
)
from segue.v1.profile_service_pb2 import RecordException

BREAKS = st.lists(st.integers(0, 12), max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), max_size=12), BREAKS)
def test_every_problem_comes_once_however_often_its_stream_breaks(
    places: list[tuple[int, int]], breaks: list[int]
) -> None:
    problems = [
        RecordException(part_number=part, record_number=record, message=str(number))
        for number, (part, record) in enumerate(sorted(places))
    ]
    cursor = ExceptionCursor()
    found = []
    for end in (*breaks, len(problems)):
        cursor.begin()
        found += list(cursor.accept(StreamImportExceptionsResponse(exceptions=problems[:end])))
    assert found == problems


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4), max_size=10), BREAKS)
def test_every_block_of_rejected_records_comes_once_however_often_its_stream_breaks(
    parts: list[int], breaks: list[int]
) -> None:
    blocks = [_block(part, str(n).encode()) for n, part in enumerate(sorted(parts))]
    cursor = RejectedCursor()
    found = []
    for end in (*breaks, len(blocks)):
        cursor.begin()
        behind = [block for block in blocks if block.part_number > cursor.after_part]
        for block in behind[:end]:
            found += [each.data for each in cursor.accept(block)]
    assert found == [block.data for block in blocks]


def test_damaged_rejected_records_are_refused_and_come_again() -> None:
    cursor = RejectedCursor(2)
    damaged = _block(3, b"abc")
    damaged.crc32c += 1
    with pytest.raises(BlockDamaged):
        list(cursor.accept(damaged))
    cursor.begin()
    assert cursor.after_part == 2
    assert [each.data for each in cursor.accept(_block(3, b"abc"))] == [b"abc"]


def _block(part: int, data: bytes) -> RetrieveRejectedRecordsResponse:
    return RetrieveRejectedRecordsResponse(part_number=part, data=data, crc32c=crc32c(data))


@pytest.mark.parametrize(("seconds", "again"), [(1.0, True), (0.0, False)])
def test_want_of_room_is_waited_out_where_the_server_says_how_long(
    seconds: float, *, again: bool
) -> None:
    failure = LimitReached(
        "full", FailureDetails(code="RESOURCE_EXHAUSTED", retry_after_seconds=seconds)
    )
    assert is_sent_again(failure) is again


def test_an_import_is_opened_with_what_was_chosen_and_nothing_else() -> None:
    plain = import_request("shop")
    assert (plain.parent, bool(plain.request_id)) == ("accounts/shop", True)
    plain.ClearField("request_id")
    plain.ClearField("parent")
    assert not plain.ByteSize()
    asked = import_request("shop", list_id="news", refresh=["tags"], notify_email="a@b.se")
    assert (asked.list, asked.refresh.tags) == ("accounts/shop/lists/news", True)
    assert not asked.refresh.groups
    assert asked.notify.email_address == "a@b.se"
    with pytest.raises(ValueError, match="colours"):
        import_request("shop", refresh=["colours"])
    with pytest.raises(ValueError, match="one of"):
        import_request("shop", notify_email="a@b.se", notify_webhook="https://b.se")
