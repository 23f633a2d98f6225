"""What the repository holds, and what it never does."""

import re
from pathlib import Path

import pytest

from tests.contract.conftest import Run

TOP_LEVEL = {
    "pyproject.toml",
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE",
    "requirements.lock",
    "requirements-dev.lock",
    "docs",
    "proto",
    "python",
    "rust",
    "tests",
}

FORBIDDEN = re.compile(
    "|".join(
        [
            "/wo" + "rk/",
            "/ho" + "me/",
            "/ro" + "ot/",
            "pypi" + r"\.org",
            "python" + "hosted",
            "npmjs" + r"\.",
        ]
    )
)
"""Paths of a machine and addresses of registries, which belong to whoever builds."""


@pytest.fixture(scope="module")
def files(root: Path, run: Run) -> list[Path]:
    answer = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if answer.returncode != 0:
        pytest.skip("not a git checkout")
    return [root / name for name in answer.stdout.split("\0") if name and (root / name).is_file()]


def test_top_level_is_the_agreed_one(root: Path, files: list[Path]) -> None:
    names = {path.relative_to(root).parts[0] for path in files}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_no_file_names_a_machine_or_a_registry(files: list[Path]) -> None:
    for path in files:
        found = FORBIDDEN.search(path.read_bytes().decode(errors="replace"))
        assert found is None, f"{path.name} holds {found.group()}" if found else ""


def test_no_file_is_named_for_having_no_name(files: list[Path]) -> None:
    assert not {path.stem for path in files} & {
        "utils",
        "util",
        "helpers",
        "common",
        "misc",
        "manager",
    }


def test_nothing_is_left_for_later(files: list[Path]) -> None:
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    for path in files:
        if path.suffix in {".py", ".rs", ".proto", ".toml", ".md"}:
            assert mark.search(path.read_text()) is None, path.name
