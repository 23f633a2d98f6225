"""Documents of rules are read in any case, and refused with the place that is wrong."""

import pytest

from segue.client import RulesMalformed, segment_document


def test_the_form_of_seed_004_is_read() -> None:
    document = segment_document(
        {"Title": "T", "RuleGroups": [{"Rules": [{"RuleType": "Name", "Clause": "PROVIDED"}]}]}
    )
    assert document.title == "T"
    [group] = document.rule_groups
    assert [(rule.rule_type, rule.clause) for rule in group.rules] == [("Name", "PROVIDED")]


def test_keys_may_be_in_any_case() -> None:
    document = segment_document({"rulegroups": [{"RULES": [{"ruleType": "Name", "clause": "X"}]}]})
    assert document.rule_groups[0].rules[0].clause == "X"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "the document is not an object"),
        ({}, "the document has no array RuleGroups"),
        ({"RuleGroups": {}}, "the document has no array RuleGroups"),
        ({"RuleGroups": [], "Rule": 1}, "the document has rule; it takes Title and RuleGroups"),
        ({"RuleGroups": [{}]}, r"RuleGroups\[0\] has no array Rules"),
        ({"RuleGroups": [{"Rules": [7]}]}, r"RuleGroups\[0\].Rules\[0\] is not an object"),
        (
            {"RuleGroups": [{"Rules": [{"RuleType": 1}]}]},
            r"RuleType of RuleGroups\[0\]\.Rules\[0\] is not a text",
        ),
    ],
)
def test_another_form_is_refused_with_its_place(document: object, problem: str) -> None:
    with pytest.raises(RulesMalformed, match=problem):
        segment_document(document)


def test_a_missing_clause_is_left_to_the_server() -> None:
    document = segment_document({"RuleGroups": [{"Rules": [{"RuleType": "Name"}]}]})
    assert document.rule_groups[0].rules[0].clause == ""
