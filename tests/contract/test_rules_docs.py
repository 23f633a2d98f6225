"""`docs/rules.md` has the tables of the code, and its examples are of the language."""

import re
from pathlib import Path

import pytest

from segue.rules.codes import ANSWERS, MESSAGES, Code, VendorCode
from segue.rules.documentation import renewed
from segue.rules.filter.parser import parse_filter
from segue.rules.filter.printer import filter_text
from segue.rules.fit import ConditionLimits
from segue.rules.json_form.parser import parse_json
from segue.v1.error_reason_pb2 import ErrorReason
from tests.unit.conditions import SCOPE


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "rules.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_tables_are_those_of_the_code(text: str) -> None:
    assert renewed(text) == text, "run `poe docs`"


def test_every_number_has_its_words() -> None:
    assert set(MESSAGES) == set(Code)
    assert set(ANSWERS) == set(VendorCode)
    reasons = {answer.reason for answer in ANSWERS.values()} - {None}
    assert {f"ERROR_REASON_{reason}" for reason in reasons} <= set(ErrorReason.keys())


def test_filters_of_examples_are_of_the_language(text: str) -> None:
    lines = [line for block in blocks(text, "filter") for line in block.splitlines()]
    assert len(lines) > 5
    for line in lines:
        condition = parse_filter(line, SCOPE, ConditionLimits())
        assert parse_filter(filter_text(condition), SCOPE, ConditionLimits()) == condition


def test_examples_of_json_are_conditions(text: str) -> None:
    assert [parse_json(block, SCOPE, ConditionLimits()) for block in blocks(text, "json")]
