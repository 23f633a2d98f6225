"""Conditions travel through JSON unchanged; what is wrong in it is refused with its path."""

import json

import pytest
from hypothesis import given

from segue.domain.condition import And, Condition, Not, Or
from segue.errors import ConditionInvalid, ConditionTooLarge, PatternTooCostly
from segue.rules.fit import ConditionLimits
from segue.rules.json_form.parser import decode_condition, parse_json
from segue.rules.json_form.printer import encode_condition
from segue.rules.tree import EVERYONE, NOBODY, normalised
from tests.unit.conditions import SCOPE, conditions

LIMITS = ConditionLimits()


@given(conditions)
def test_what_is_printed_reads_back(condition: Condition) -> None:
    text = encode_condition(condition)
    assert decode_condition(text) == condition
    assert parse_json(text, SCOPE, LIMITS) == condition
    assert encode_condition(parse_json(text, SCOPE, LIMITS)) == text


@given(conditions)
def test_superfluous_joins_are_left_out(condition: Condition) -> None:
    wordy = And((Or((Not(Not(condition)),)), EVERYONE))
    assert normalised(wordy) == condition
    assert encode_condition(wordy) == encode_condition(condition)
    assert normalised(And((condition, NOBODY))) == NOBODY


def test_nothing_is_everyone() -> None:
    assert parse_json("", SCOPE, LIMITS) == EVERYONE
    assert parse_json('{"and": []}', SCOPE, LIMITS) == EVERYONE


def test_options_keys_and_truths_are_spelled_as_they_are_defined() -> None:
    text = '{"and": [{"field": "FREQUENCY", "equals": "weekly"}, {"field": "vip", "equals": true}]}'
    assert json.loads(encode_condition(parse_json(text, SCOPE, LIMITS))) == {
        "and": [
            {"field": "Frequency", "equals": "Weekly"},
            {"field": "VIP", "equals": "true"},
        ]
    }


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("[]", "$", "an object is wanted"),
        ("{}", "$", "exactly one of and, or, not"),
        ('{"and": {}}', "$.and", "an array is wanted"),
        ('{"not": {"tag": 1}}', "$.not.tag", "a text is wanted"),
        ('{"tag": "vip", "topic": "news"}', "$", "exactly one of"),
        ('{"tag": "vip", "negate": true}', "$", "negate is not known"),
        ('{"and": [{"tag": "vip"}, {"tag": "cat"}]}', "$.and[1]", "there is no tag 'cat'"),
        ('{"topic": "news"}', "$", "subscribed is missing"),
        ('{"attribute": "shoe", "provided": true}', "$.attribute", "choose one of name"),
        ('{"attribute": "name", "provided": false}', "$.provided", "true is wanted"),
        ('{"field": "Shoe", "provided": true}', "$", "no field 'Shoe'"),
        ('{"field": "Age", "contains": "1"}', "$", "no test for comparing as text"),
        ('{"field": "Age", "equals": {"day": "2024-01-01"}}', "$", "takes no day"),
        ('{"field": "Age", "between": [2, 1]}', "$", "nothing is between"),
        ('{"field": "Age", "between": [2]}', "$.between", "two ends"),
        ('{"field": "Age", "above": "2"}', "$.above", "is wanted"),
        ('{"field": "Age", "above": 1e999}', "$.above", "too large"),
        ('{"field": "Born", "above": {"day": "2024-02-30"}}', "$.above.day", ""),
        (
            '{"field": "Born", "above": {"time": "2024-02-03T10:00:00Z"}}',
            "$",
            "no time",
        ),
        ('{"field": "Born", "within": {"last": 1, "unit": "hour"}}', "$", "counted in"),
        ('{"field": "Seen", "within": {"last": 1, "unit": "month"}}', "$", "month"),
        ('{"field": "Seen", "within": {"last": 1, "unit": "age"}}', "$.within.unit", "no unit"),
        ('{"field": "Seen", "within": {"between": [null, null]}}', "$", "a start or"),
        ('{"field": "Frequency", "equals": "Daily"}', "$", "none of the options"),
        ('{"field": "Frequency", "contains": "eek"}', "$", "it has no contains"),
        ('{"field": "Age", "one_of": []}', "$", "at least one value"),
        ('{"attribute": "email", "contains": ""}', "$", "1-1000 characters"),
        ('{"sample": {"percent": 101, "salt": ""}}', "$", "0-100 percent"),
        ('{"near": {"latitude": 91, "longitude": 0, "radius_metres": 1}}', "$", "±90"),
        ('{"did": {"event_type": "sold", "at_least": 1}}', "$", "no event type 'sold'"),
        ('{"did": {"event_type": "opened"}}', "$.did", "exactly one of equals"),
        ('{"did": {"event_type": "opened", "at_least": 1.5}}', "$", "is whole"),
        (
            '{"did": {"event_type": "purchase", "sum_of": "sku", "at_least": 1}}',
            "$",
            "no number",
        ),
        (
            '{"did": {"event_type": "opened", "where": [{"property": "x", "equals": 1}], "above": 0}}',
            "$",
            "the event type has campaign, link",
        ),
        ('{"segment": "nobody"}', "$", "no segment 'nobody'"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(text: str, place: str, problem: str) -> None:
    with pytest.raises(ConditionInvalid) as caught:
        parse_json(text, SCOPE, LIMITS)
    metadata = caught.value.metadata
    assert (metadata["form"], metadata["position"]) == ("json", place)
    assert str(caught.value) == f"{place}: {metadata['problem']}"
    assert problem in metadata["problem"]


@pytest.mark.parametrize("text", ["{", '{"tag": NaN}', '{"tag": "vip", "tag": "to-do"}'])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ConditionInvalid, match="no JSON"):
        parse_json(text, SCOPE, LIMITS)


def test_size_and_depth_have_limits() -> None:
    small = ConditionLimits(depth=4, nodes=10, values=3, pattern_characters=5)
    tag = '{"tag": "vip"}'
    fits = [
        f'{{"and": [{", ".join([tag] * 9)}]}}',
        f'{{"not": {{"and": [{{"not": {tag}}}, {tag}]}}}}',
        '{"field": "Age", "one_of": [1, 2, 3]}',
        '{"attribute": "name", "matches": "abcde"}',
    ]
    for text in fits:
        assert parse_json(text, SCOPE, small)
    too_large = [
        f'{{"and": [{", ".join([tag] * 10)}]}}',
        f'{{"not": {{"not": {{"not": {{"not": {tag}}}}}}}}}',
        '{"field": "Age", "one_of": [1, 2, 3, 4]}',
    ]
    for text in too_large:
        with pytest.raises(ConditionTooLarge):
            parse_json(text, SCOPE, small)
    with pytest.raises(PatternTooCostly):
        parse_json('{"attribute": "name", "matches": "abcdef"}', SCOPE, small)
    with pytest.raises(ConditionTooLarge):
        parse_json('{"not":' * 100_000, SCOPE, LIMITS)
