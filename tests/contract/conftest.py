"""Where the source tree lies, and how our tools are run on it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def root() -> Path:
    """Returns the top of the source tree."""
    return ROOT


@pytest.fixture(scope="session")
def run() -> Run:
    """Returns a function that runs a command on the tree and keeps its output."""

    def run(*command: str, tree_first: bool = False) -> subprocess.CompletedProcess[str]:
        environment = dict(os.environ)
        environment["PATH"] = os.pathsep.join(
            [str(Path(sys.executable).parent), environment["PATH"]]
        )
        if tree_first:
            environment["PYTHONPATH"] = str(ROOT / "python")
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return run
