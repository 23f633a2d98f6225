"""Every sentence of the seeds stands in the docstring of a test."""

import ast
from pathlib import Path

import pytest

from tests.seeds.sentences import SENTENCES

CASES = [(seed, sentence) for seed, sentences in SENTENCES.items() for sentence in sentences]


def quoted(seed: str) -> list[str]:
    """Returns what the docstrings of a seed's tests say, in one line each."""
    found = []
    for path in sorted(Path(__file__).parent.glob(f"test_seed_{seed}*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                is_test = node.name.startswith("test_")
                found.append(" ".join((ast.get_docstring(node) or "").split()) if is_test else "")
    return found


@pytest.mark.parametrize(("seed", "sentence"), CASES)
def test_every_sentence_is_quoted_by_a_test(seed: str, sentence: str) -> None:
    assert any(sentence in said for said in quoted(seed))


@pytest.mark.parametrize("seed", list(SENTENCES))
def test_every_test_of_a_seed_quotes_it(seed: str) -> None:
    for path in Path(__file__).parent.glob(f"test_seed_{seed}*.py"):
        for node in ast.parse(path.read_text()).body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and node.name[:5] == "test_"
            ):
                assert (ast.get_docstring(node) or "").startswith(f"Quotes seed {seed}."), node.name
