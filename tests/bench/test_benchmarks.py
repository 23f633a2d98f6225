"""Every benchmark runs, on few profiles; in it, all contenders count the same members."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from segue.bench.command import NAMES, run_benchmarks
from segue.bench.export_part import ExportPart


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"export"}))
def test_benchmark_runs_on_a_few_profiles(name: str, tmp_path: Path) -> None:
    assert measured([name], tuple(ExportPart), tmp_path)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", ExportPart)
def test_each_part_of_exports_is_measured_alone(part: ExportPart, tmp_path: Path) -> None:
    assert measured(["export"], [part], tmp_path)


def measured(names: Sequence[str], parts: Sequence[ExportPart], directory: Path) -> bool:
    """Tells whether benchmarks put figures into all of their tables."""
    figures = directory / "figures.json"
    run_benchmarks(names, 3_000, figures, Console(file=io.StringIO()), export_parts=parts)
    document = json.loads(figures.read_text())
    assert document["profiles"] == 3_000
    return all(comparison["cases"] for comparison in document["comparisons"])
