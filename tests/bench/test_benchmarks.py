"""Every benchmark runs, on few profiles; in it, all contenders count the same members."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from segue.bench.command import NAMES, run_benchmarks


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", NAMES)
def test_benchmark_runs_on_a_few_profiles(name: str, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    run_benchmarks([name], 3_000, figures, Console(file=io.StringIO()))
    document = json.loads(figures.read_text())
    assert document["profiles"] == 3_000
    assert all(comparison["cases"] for comparison in document["comparisons"])
