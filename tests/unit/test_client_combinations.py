"""Documents of combinations become messages, or say where they are wrong."""

import pytest

from segue.client import CombinationMalformed, segment_combination


def test_segments_groups_and_nested_combinations_get_their_names() -> None:
    nested = {"operator": "or", "operands": [{"segment": "accounts/shop/segments/c"}]}
    operands = [{"segment": "a"}, {"segment_group": "b"}, nested]
    found = segment_combination("shop", {"operator": "EXCEPT", "operands": operands})
    assert found.operator == 3
    first, second, third = found.operands
    assert first.segment == "accounts/shop/segments/a"
    assert second.segment_group == "accounts/shop/segmentGroups/b"
    assert third.combination.operator == 2
    assert third.combination.operands[0].segment == "accounts/shop/segments/c"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the document is no object"),
        ({"operator": "AND"}, "the document is no object"),
        ({"operator": "NOT", "operands": []}, "none of AND, OR, EXCEPT"),
        ({"operator": "AND", "operands": {}}, "no array"),
        ({"operator": "AND", "operands": [{"segmnt": "a"}]}, r"operands\[0\] of the document"),
        ({"operator": "AND", "operands": [{"segment": "a", "x": 1}]}, "is no segment"),
        (
            {"operator": "AND", "operands": [{"operator": "OR", "operands": [1]}]},
            r"operands\[0\] of operands\[0\] of the document",
        ),
    ],
)
def test_a_malformed_document_says_where(document: object, message: str) -> None:
    with pytest.raises(CombinationMalformed, match=message):
        segment_combination("shop", document)
