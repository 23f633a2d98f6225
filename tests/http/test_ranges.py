"""Ranges, conditions and codings of requests, beside what RFC 9110 says of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.transport.http.content_coding import coding_of
from segue.transport.http.ranges import Span, Verdict, http_date, span_of, verdict_of

TAG = '"abc"'
WHEN = 1_700_000_000_123
DATE, BEFORE, AFTER = (http_date(WHEN + seconds * 1000) for seconds in (0, -1, 1))

numbers = st.integers(0, 30)


def asked(text: str, size: int = 10, **headers: str) -> Span | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return span_of({"range": text} | named, TAG, WHEN, size)


@given(first=numbers, last=numbers, size=numbers)
def test_a_range_is_the_slice_with_both_its_ends(first: int, last: int, size: int) -> None:
    whole, span = bytes(range(size)), asked(f"bytes={first}-{last}", size)
    if first > last:
        assert span is None
    else:
        assert span is not None
        assert whole[span.start : span.end] == whole[first : last + 1]
        assert span.is_empty == (not whole[first : last + 1])
        assert span.is_empty or span.end <= size


@given(first=numbers, size=numbers)
def test_a_range_may_go_on_to_the_end(first: int, size: int) -> None:
    span = asked(f"bytes={first}-", size)
    assert span == Span(first, size)
    assert span.is_empty == (first >= size)


@given(count=numbers, size=numbers)
def test_a_range_may_be_the_last_bytes(count: int, size: int) -> None:
    whole, span = bytes(range(size)), asked(f"bytes=-{count}", size)
    assert span is not None
    assert whole[span.start : span.end] == (whole[-count:] if count else b"")


@given(text=st.text(max_size=12))
def test_whatever_stands_in_a_range_is_a_range_or_none(text: str) -> None:
    for value in (text, f"bytes={text}"):
        span = asked(value)
        assert span is None or span.start >= 0


@pytest.mark.parametrize(
    "text",
    ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=1-2,4-5", "bytes=0-0,", "rows=1-2", "bytes=--1", "bytes=-1-", "bytes=+1-2", "bytes=0x1-2", "bytes=\u0661-\u0662"],
)  # fmt: skip
def test_what_is_no_single_range_of_bytes_is_passed_over(text: str) -> None:
    assert asked(text) is None


@pytest.mark.parametrize("digits", [19, 100, 5000, 60_000])
def test_huge_numbers_lie_behind_the_end(digits: int) -> None:
    huge = "9" * digits
    beyond = asked(f"bytes={huge}-")
    assert beyond is not None
    assert beyond.is_empty
    assert asked(f"bytes=3-{huge}") == Span(3, 10)
    assert asked(f"bytes=-{huge}") == Span(0, 10)
    assert asked("bytes=" + "0" * digits + "3-4") == Span(3, 5)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [(TAG, True), (DATE, True), (f"W/{TAG}", False), ('"other"', False), (BEFORE, False), (AFTER, False), ("x", False)],
)  # fmt: skip
def test_a_range_may_ask_for_the_same_bytes_as_before(condition: str, holds: bool) -> None:  # noqa: FBT001 — a table's column
    assert (asked("bytes=0-0", if_range=condition) is not None) == holds


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, Verdict.SEND),
        ({"if-none-match": TAG}, Verdict.NOT_MODIFIED),
        ({"if-none-match": f"W/{TAG}"}, Verdict.NOT_MODIFIED),
        ({"if-none-match": f'"x", {TAG}'}, Verdict.NOT_MODIFIED),
        ({"if-none-match": "*"}, Verdict.NOT_MODIFIED),
        ({"if-none-match": '"abcd"'}, Verdict.SEND),
        ({"if-none-match": "abc"}, Verdict.SEND),
        ({"if-modified-since": DATE}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": AFTER}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": BEFORE}, Verdict.SEND),
        ({"if-modified-since": "yesterday"}, Verdict.SEND),
        ({"if-none-match": '"x"', "if-modified-since": AFTER}, Verdict.SEND),
        ({"if-match": TAG}, Verdict.SEND),
        ({"if-match": "*"}, Verdict.SEND),
        ({"if-match": '"x"'}, Verdict.PRECONDITION_FAILED),
        ({"if-match": '"x"', "if-none-match": TAG}, Verdict.PRECONDITION_FAILED),
        ({"if-unmodified-since": DATE}, Verdict.SEND),
        ({"if-unmodified-since": BEFORE}, Verdict.PRECONDITION_FAILED),
        ({"if-match": TAG, "if-unmodified-since": BEFORE}, Verdict.SEND),
    ],
)
def test_conditions_are_judged_in_their_order(headers: dict[str, str], verdict: Verdict) -> None:
    assert verdict_of(headers, TAG, WHEN) is verdict


@pytest.mark.parametrize(
    ("accept", "coding", "of_compressed"),
    [
        (None, "identity", "identity"),
        ("", "identity", "identity"),
        ("gzip", "gzip", "identity"),
        ("x-gzip", "gzip", "identity"),
        ("GZIP", "gzip", "identity"),
        ("zstd", "zstd", "identity"),
        ("gzip, zstd", "zstd", "identity"),
        ("gzip, deflate, br, zstd", "zstd", "identity"),
        ("gzip;q=1.0, zstd;q=0.9", "gzip", "identity"),
        ("gzip ; q=0.5", "gzip", "identity"),
        ("gzip;q=0", "identity", "identity"),
        ("gzip;q=0.5, identity", "identity", "identity"),
        ("gzip, identity", "gzip", "identity"),
        ("br", "identity", "identity"),
        ("*", "identity", "identity"),
        ("*;q=0.1, gzip;q=0.2", "gzip", "identity"),
        ("gzip, *;q=0", "gzip", None),
        ("identity;q=0, *", "gzip", None),
        ("identity;q=0", None, None),
        ("*;q=0", None, None),
        ("*;q=0, identity;q=0.1", "identity", "identity"),
        ("gzip;q=2", "identity", "identity"),
        ("gzip;q=0.12345", "identity", "identity"),
        ("gzip;;,, ,zstd;q", "identity", "identity"),
    ],
)
def test_the_coding_is_the_one_that_is_liked_best(
    accept: str | None, coding: str | None, of_compressed: str | None
) -> None:
    assert coding_of(accept, can_encode=True) == coding
    assert coding_of(accept, can_encode=False) == of_compressed


@given(accept=st.text(alphabet="gzipstdenty*;q=01., \t", max_size=40))
def test_whatever_stands_in_accept_encoding_is_answered_by_what_there_is(accept: str) -> None:
    assert coding_of(accept, can_encode=True) in {None, "identity", "gzip", "zstd"}
    assert coding_of(accept, can_encode=False) in {None, "identity"}
