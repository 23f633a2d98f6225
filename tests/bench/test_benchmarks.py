"""Every benchmark runs, on few profiles; in it, all contenders count the same members."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from segue.bench.command import NAMES, run_benchmarks
from segue.bench.export_part import ExportPart
from segue.bench.import_part import ImportPart
from segue.bench.postgres_server import programs
from segue.bench.rivals_missing import RivalsMissing
from segue.cli.app import app


def has_postgres() -> bool:
    try:
        programs()
    except RivalsMissing:
        return False
    return True


needs_postgres = pytest.mark.skipif(not has_postgres(), reason="PostgreSQL is not installed")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"export", "import", "small-writes"}))
def test_benchmark_runs_on_a_few_profiles(name: str, tmp_path: Path) -> None:
    assert measured([name], tmp_path)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", ExportPart)
def test_each_part_of_exports_is_measured_alone(part: ExportPart, tmp_path: Path) -> None:
    assert measured(["export"], tmp_path, export_parts=[part])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", sorted(set(ImportPart) - {ImportPart.RIVALS, ImportPart.PLAIN}))
def test_each_part_of_imports_is_measured_alone(part: ImportPart, tmp_path: Path) -> None:
    assert measured(["import"], tmp_path, import_parts=[part])


@pytest.mark.timeout(180)
@needs_postgres
def test_rivals_of_imports_stand_beside_every_form(tmp_path: Path) -> None:
    assert measured(["import"], tmp_path, import_parts=[ImportPart.PLAIN, ImportPart.RIVALS])
    document = json.loads((tmp_path / "figures.json").read_text())
    ratios = [each for each in document["comparisons"] if "visible" in each["title"]]
    assert ratios
    assert all(case["ratio"] > 0 for each in ratios for case in each["cases"])


@pytest.mark.timeout(180)
@needs_postgres
def test_small_writes_are_measured_beside_others(tmp_path: Path) -> None:
    assert measured(["small-writes"], tmp_path)


def test_an_unknown_part_is_told_with_those_that_there_are() -> None:
    told = CliRunner().invoke(app, ["bench", "import", "--part", "neighbour"])
    assert told.exit_code
    assert all(part in told.output for part in ImportPart)


def measured(
    names: Sequence[str],
    directory: Path,
    *,
    export_parts: Sequence[ExportPart] = tuple(ExportPart),
    import_parts: Sequence[ImportPart] = tuple(ImportPart),
) -> bool:
    """Tells whether benchmarks put figures into all of their tables."""
    figures = directory / "figures.json"
    console = Console(file=io.StringIO())
    run_benchmarks(
        names, 3_000, figures, console, export_parts=export_parts, import_parts=import_parts
    )
    document = json.loads(figures.read_text())
    assert document["profiles"] == 3_000
    return all(comparison["cases"] for comparison in document["comparisons"])
