"""NDJSON into the kernel: what exports write is taken, and no line costs its neighbours."""

import json

import pytest

from segue import _kernel
from segue.domain.profile import BlockFormat
from segue.errors import BlockInvalid

SCHEMA = _kernel.Schema(
    json.dumps(
        {
            "lists": [{"id": "newsletter", "column": 64}],
            "fields": [{"column": 70, "list": "newsletter", "key": "Age", "type": "number"}],
        }
    ).encode()
)
PROFILE_ID_MISSING, TYPE_MISMATCH, NUMBER_INVALID, RECORD_INVALID = 40, 43, 44, 52
MAX_PROBLEMS = 200_000


def decode(data: bytes) -> _kernel.Part:
    return _kernel.decode(SCHEMA, BlockFormat.NDJSON, data, None, ignore_unknown_fields=False)


def test_every_problem_has_its_line_and_its_place_and_good_lines_stay() -> None:
    lines = [
        {"profile_id": "a", "memberships": {"newsletter": {"fields": {"Age": 36}}}},
        {
            "profile_id": "b",
            "emails": "b@example.com",
            "memberships": {"newsletter": {"fields": {"Age": "x"}}},
        },
        {"emails": []},
    ]
    text = (
        "\n\n".join(json.dumps(line) for line in lines)
        + '\r\n{"profile_id": "c"\n{"profile_id":"d"}'
    )
    part = decode(text.encode())
    assert (part.record_count, part.valid_count) == (5, 2)
    assert [(number, of, path, reason) for number, of, path, reason, _ in part.exceptions] == [
        (2, "b", "emails", TYPE_MISMATCH),
        (2, "b", "memberships[newsletter].fields[Age]", NUMBER_INVALID),
        (3, "", "profile_id", PROFILE_ID_MISSING),
        (4, "c", "", RECORD_INVALID),
    ]


def test_what_is_written_is_read_back() -> None:
    line = b'{"profile_id":"\\u00e5 \\"\xc3\xa5\\"","name":{"full_name":"A\\nB"},"created_at":"2024-01-31T12:00:00.000Z"}\n'
    part = decode(line)
    assert (part.valid_count, part.exceptions) == (1, [])


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        ('{"profile_id":"a"}'.encode("utf-16"), "write it as UTF-8"),
        (b"\x1f\x8b\x08\x00\xff\xff", "not compressed"),
        (b"{}\n" * (MAX_PROBLEMS + 1), "send smaller blocks"),
    ],
)
def test_what_no_line_can_be_told_of_is_refused_as_a_block(data: bytes, remedy: str) -> None:
    with pytest.raises(BlockInvalid, match=remedy):
        decode(data)


def test_a_line_of_nothing_but_brackets_costs_no_more_than_its_length() -> None:
    part = decode(b'{"profile_id":"a","x":' + b"[" * 1_000_000 + b"\n" + b'{"profile_id":"b"}')
    assert (part.record_count, part.valid_count) == (2, 1)
