"""`segue bench`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from segue.bench.command import NAMES, RivalsMissing, run_benchmarks
from segue.bench.export_part import ExportPart
from segue.cli.failures import CommandFailed


class Benchmark(StrEnum):
    """What can be measured."""

    ALL = "all"
    EVALUATION = "evaluation"
    SEGMENTS = "segments"
    IMPORT = "import"
    EXPORT = "export"
    START = "start"
    SMALL_WRITES = "small-writes"


def bench(
    benchmark: Annotated[
        Benchmark, typer.Argument(help="What to measure.", metavar="|".join(Benchmark))
    ] = Benchmark.ALL,
    profiles: Annotated[
        int, typer.Option("--profiles", help="How many profiles to work on.", min=1_000)
    ] = 1_000_000,
    events: Annotated[
        int | None,
        typer.Option(
            "--events",
            help="How many events the benchmark of segments works on; 20 a profile unless given.",
            min=1_000,
        ),
    ] = None,
    export_parts: Annotated[
        list[ExportPart] | None,
        typer.Option(
            "--part",
            help="A part of the benchmark of exports; may be given several times. All unless given.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write all figures to this file.")
    ] = None,
) -> None:
    """Measure this machine: counting, segments, import, export, start and small writes, beside others in the same run."""
    if export_parts and benchmark not in (Benchmark.ALL, Benchmark.EXPORT):
        raise typer.BadParameter("is for the benchmark of exports", param_hint="--part")
    names = NAMES if benchmark is Benchmark.ALL else (benchmark.value,)
    try:
        run_benchmarks(
            names, profiles, json_file, Console(), events, export_parts or tuple(ExportPart)
        )
    except RivalsMissing as missing:
        raise CommandFailed(str(missing)) from missing
