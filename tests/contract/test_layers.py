"""Imports point one way."""

import ast
from pathlib import Path

import pytest

from tests.contract.conftest import Run

KERNEL_USERS = {"kernel", "service", "worker", "client", "cli", "bench", "demo"}
"""Packages that may name the extension; transport, store, rules and domain do without."""


@pytest.mark.timeout(120)
def test_layers_and_borders_are_kept(run: Run) -> None:
    answer = run("lint-imports", tree_first=True)
    assert answer.returncode == 0, answer.stdout


def test_the_extension_is_known_to_few(root: Path) -> None:
    package = root / "python" / "segue"
    users = {
        path.relative_to(package).with_suffix("").parts[0]
        for path in package.rglob("*.py")
        if any(name.startswith("segue._kernel") for name in imported_names(path))
    }
    assert users <= KERNEL_USERS


def imported_names(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names
