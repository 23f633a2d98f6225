"""The stub of the extension says what the extension is."""

import pytest

from tests.contract.conftest import Run


@pytest.mark.timeout(180)
def test_stub_matches_the_built_extension(run: Run) -> None:
    answer = run(
        "python",
        "-m",
        "mypy.stubtest",
        "segue._kernel",
        "--mypy-config-file=pyproject.toml",
        "--allowlist=.mypy-stubtest-allowlist",
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
