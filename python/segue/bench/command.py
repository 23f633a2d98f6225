"""`segue bench`: measures this machine, beside others where there are others."""

import importlib.util
import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rich.console import Console

from segue.bench.comparison import Comparison
from segue.bench.export_part import ExportPart
from segue.bench.import_part import ImportPart
from segue.bench.rivals_missing import RivalsMissing

NAMES: Final = ("evaluation", "segments", "import", "export", "start", "small-writes")
RIVALS: Final = ("duckdb", "polars", "psutil", "psycopg")


def run_benchmarks(
    names: Sequence[str],
    profiles: int,
    json_file: Path | None,
    console: Console,
    events: int | None = None,
    export_parts: Sequence[ExportPart] = tuple(ExportPart),
    import_parts: Sequence[ImportPart] = tuple(ImportPart),
) -> None:
    """Runs benchmarks, prints their tables and keeps their figures.

    Args:
        names: Some of `NAMES`.
        profiles: Rows to work on.
        json_file: Where to write all figures; None for nowhere.
        console: Where to print.
        events: Events of the benchmark of segments; None for 20 a profile.
        export_parts: What the benchmark of exports measures.
        import_parts: What the benchmark of imports measures.

    Raises:
        RivalsMissing: Names what to install.
    """
    missing = [name for name in RIVALS if importlib.util.find_spec(name) is None]
    if missing:
        raise RivalsMissing(
            f"benchmarks need {', '.join(missing)}: install segue with its extra, as `pip install '.[bench]'`"
        )
    if "small-writes" in names or ("import" in names and ImportPart.RIVALS in import_parts):
        from segue.bench.postgres_server import programs

        programs()
    comparisons = []
    for name in names:
        for comparison in _benchmark(name, events, export_parts, import_parts)(profiles):
            comparison.show(console)
            comparisons.append(comparison)
    if json_file is not None:
        json_file.write_text(json.dumps(_document(profiles, comparisons), indent=2) + "\n")


def _benchmark(
    name: str,
    events: int | None,
    export_parts: Sequence[ExportPart],
    import_parts: Sequence[ImportPart],
) -> Callable[[int], Iterable[Comparison]]:
    match name:
        case "segments":
            from segue.bench.segments import measure_segments

            return lambda profiles: measure_segments(profiles, events)
        case "evaluation":
            from segue.bench.evaluation import compare_evaluation as benchmark
        case "import":
            from segue.bench.durable_import import compare_import

            return lambda profiles: compare_import(profiles, import_parts)
        case "export":
            from segue.bench.export import compare_export

            return lambda profiles: compare_export(profiles, export_parts)
        case "start":
            from segue.bench.lifecycle import measure_lifecycle as benchmark
        case _:
            from segue.bench.small_writes import measure_small_writes as benchmark
    return benchmark


def _document(profiles: int, comparisons: Sequence[Comparison]) -> dict[str, object]:
    return {
        "profiles": profiles,
        "processors": os.cpu_count(),
        "machine": platform.platform(),
        "versions": {
            name: version(name)
            for name in ("duckdb", "polars", "psycopg", "pyarrow", "apsw", "grpcio")
        },
        "comparisons": [comparison.document() for comparison in comparisons],
    }
