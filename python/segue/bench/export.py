"""The benchmark of exports, in parts that each begin with a server that was just started."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from segue.bench.comparison import Comparison
from segue.bench.export_files import compare_files
from segue.bench.export_load import measure_load
from segue.bench.export_memory import measure_memory
from segue.bench.export_neighbour import measure_neighbour
from segue.bench.export_part import ExportPart
from segue.bench.export_stage import Stage, fill, open_stage
from segue.bench.export_stream import compare_streams


def compare_export(
    profiles: int, parts: Sequence[ExportPart] = tuple(ExportPart)
) -> Iterator[Comparison]:
    """Imports profiles once, and yields the tables of one part after the other as they are measured."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        fill(directory, profiles)
        for part in parts:
            with open_stage(directory, profiles) as stage:
                yield from _measure_of(part)(stage)


def _measure_of(part: ExportPart) -> Callable[[Stage], list[Comparison]]:
    match part:
        case ExportPart.STREAMS:
            return compare_streams
        case ExportPart.FILES:
            return compare_files
        case ExportPart.MEMORY:
            return measure_memory
        case ExportPart.LOAD:
            return measure_load
        case ExportPart.NEIGHBOUR:
            return measure_neighbour
