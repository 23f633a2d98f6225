"""Blocks made to cost more than they are worth."""

import pytest

from segue import _kernel
from segue.domain.profile import BlockFormat
from segue.errors import BlockInvalid

EMPTY_RECORD = b"\x12\x00"
MAX_PROBLEMS = 200_000


def decode(data: bytes) -> _kernel.Part:
    schema = _kernel.Schema(b'{"lists":[],"fields":[]}')
    return _kernel.decode(
        schema, BlockFormat.PROFILE_BATCH, data, None, ignore_unknown_fields=False
    )


def test_a_block_of_empty_records_is_refused_before_its_problems_fill_the_memory() -> None:
    with pytest.raises(BlockInvalid, match="send smaller blocks"):
        decode(EMPTY_RECORD * (MAX_PROBLEMS + 1))


def test_as_many_problems_as_may_be_are_all_told() -> None:
    part = decode(EMPTY_RECORD * MAX_PROBLEMS)
    assert (part.record_count, part.valid_count) == (MAX_PROBLEMS, 0)
    assert len(part.exceptions) == MAX_PROBLEMS
