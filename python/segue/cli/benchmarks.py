"""`segue bench`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from segue.bench.command import NAMES, run_benchmarks
from segue.bench.export_part import ExportPart
from segue.bench.import_part import ImportPart
from segue.bench.rivals_missing import RivalsMissing
from segue.cli.failures import CommandFailed

Part = TypeVar("Part", ImportPart, ExportPart)


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
    part_names: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            help=f"A part of the benchmark of imports ({', '.join(ImportPart)}) or exports ({', '.join(ExportPart)}); may be given several "
            "times. All unless given.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write all figures to this file.")
    ] = None,
) -> None:
    """Measure this machine: counting, segments, import, export, start and small writes, beside others in the same run."""
    names = NAMES if benchmark is Benchmark.ALL else (benchmark.value,)
    if part_names and benchmark not in (Benchmark.IMPORT, Benchmark.EXPORT):
        raise typer.BadParameter(
            "is for the benchmarks of imports and exports", param_hint="--part"
        )
    try:
        run_benchmarks(
            names,
            profiles,
            json_file,
            Console(),
            events,
            _parts(ExportPart, benchmark is Benchmark.EXPORT, part_names),
            _parts(ImportPart, benchmark is Benchmark.IMPORT, part_names),
        )
    except RivalsMissing as missing:
        raise CommandFailed(str(missing)) from missing


def _parts(kind: type[Part], is_asked: bool, names: list[str] | None) -> tuple[Part, ...]:
    """Returns the parts that are named where this benchmark is asked for; else all."""
    if not (names and is_asked):
        return tuple(kind)
    if unknown := sorted(set(names) - set(kind)):
        raise typer.BadParameter(
            f"{', '.join(unknown)}: the parts are {', '.join(kind)}", param_hint="--part"
        )
    return tuple(kind(name) for name in names)
