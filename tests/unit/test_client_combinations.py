"""Combinations as text are read as they were meant, and refused with the position that is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.client import CombinationMalformed
from segue.client.combinations import (
    CombinationWritten,
    GroupWritten,
    OperandWritten,
    SegmentWritten,
    combination_message,
    read_combination,
    segments_written,
)
from segue.v1.segment_group_pb2 import SegmentCombination, SegmentOperator

titles = st.text(min_size=1, max_size=8) | st.sampled_from(("AND", "group:x", "a b", "(", "'\"\\"))
operands: st.SearchStrategy[OperandWritten] = titles.map(SegmentWritten) | st.from_regex(
    "[a-z][a-z0-9-]{0,5}", fullmatch=True
).map(GroupWritten)


def combined(inner: st.SearchStrategy[OperandWritten]) -> st.SearchStrategy[CombinationWritten]:
    """Writes combinations of two or more; one of a single operand is the operand."""
    many = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.builds(CombinationWritten, st.sampled_from(("AND", "OR", "EXCEPT")), many)


combinations = combined(st.recursive(operands, combined, max_leaves=8))


def printed(operand: OperandWritten, mark: str = '"') -> str:
    """Writes an operand as text, every title in quotes."""
    match operand:
        case SegmentWritten(text):
            escaped = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
            return f"{mark}{escaped}{mark}"
        case GroupWritten(group_id):
            return f"group:{group_id}"
        case CombinationWritten(operator, parts):
            inner = (
                f"({printed(part, mark)})"
                if isinstance(part, CombinationWritten)
                else printed(part, mark)
                for part in parts
            )
            return f" {operator} ".join(inner)


@given(combinations, st.sampled_from("'\""))
def test_what_is_printed_is_read_as_it_was(combination: CombinationWritten, mark: str) -> None:
    text = printed(combination, mark)
    assert read_combination(text) == combination
    assert read_combination(f"  (( {text}))\n") == combination


def test_words_stand_bare_and_in_parentheses() -> None:
    found = read_combination('openers AND(vip EXCEPT "Bounced (twice)")')
    inner = CombinationWritten("EXCEPT", (SegmentWritten("vip"), SegmentWritten("Bounced (twice)")))
    assert found == CombinationWritten("AND", (SegmentWritten("openers"), inner))
    assert list(segments_written(found)) == ["openers", "vip", "Bounced (twice)"]


def test_one_operand_is_a_combination_too() -> None:
    assert read_combination("vip") == CombinationWritten("AND", (SegmentWritten("vip"),))
    assert read_combination("group:g") == CombinationWritten("AND", (GroupWritten("g"),))


def test_names_are_put_in_and_groups_are_the_accounts() -> None:
    message = combination_message(
        "accounts/shop",
        read_combination("vip EXCEPT (group:g OR accounts/shop/segmentGroups/h)"),
        {"vip": "accounts/shop/segments/1"},
    )
    first, second = message.operands
    assert message.operator == SegmentOperator.SEGMENT_OPERATOR_EXCEPT
    assert first.segment == "accounts/shop/segments/1"
    groups = [operand.segment_group for operand in second.combination.operands]
    assert groups == ["accounts/shop/segmentGroups/g", "accounts/shop/segmentGroups/h"]
    assert isinstance(message, SegmentCombination)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "position 0: a segment, group:ID or a parenthesis is expected at the end"),
        ("a b", "position 2: AND, OR or EXCEPT is expected instead of 'b'"),
        ("a AND", "position 5: a segment, group:ID or a parenthesis is expected at the end"),
        ("a AND OR b", "position 6: .* instead of 'OR'"),
        ("a AND b OR c", "position 8: AND is mixed with OR; add parentheses"),
        ("(a", "position 2: .*closing parenthesis is expected at the end"),
        ("a)", r"position 1: AND, OR or EXCEPT is expected instead of '\)'"),
        ("()", "position 1: a segment"),
        ('a AND "b', "position 5: a quotation mark is not closed"),
        ("a OR b ''", "position 8: AND, OR or EXCEPT is expected"),
        ("(" * 5000 + "a", "position 50: parentheses are nested deeper than 50"),
    ],
)
def test_what_is_no_combination_is_refused_with_its_position(text: str, problem: str) -> None:
    with pytest.raises(CombinationMalformed, match=problem):
        read_combination(text)
