"""The benchmark of imports, in parts that each begin with empty stores."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from segue.bench.comparison import Cells, Comparison
from segue.bench.import_forms import COMPRESSED, PLAIN
from segue.bench.import_loads import Load, make_loads
from segue.bench.import_memory import measure_memory
from segue.bench.import_part import ImportPart
from segue.bench.import_profile import measure_profile
from segue.bench.import_rates import compare_forms
from segue.bench.import_rivals import rivals_table, upsert_by_rivals


def compare_import(
    profiles: int, parts: Sequence[ImportPart] = tuple(ImportPart)
) -> Iterator[Comparison]:
    """Makes the rows once, and yields the tables of one part after the other as they are measured, the rivals first."""
    title = f"durable import of {profiles:,} profiles"
    with TemporaryDirectory() as directory:
        loads = make_loads(Path(directory), profiles)
        rivals: Cells = {}
        for part in (part for part in ImportPart if part in parts):
            if part is ImportPart.RIVALS:
                rivals = upsert_by_rivals(loads)
                yield rivals_table(f"upserts of the same {profiles:,} rows by others", rivals)
            else:
                yield from _measure(part, title, loads, rivals)


def _measure(
    part: ImportPart, title: str, loads: Sequence[Load], rivals: Cells
) -> list[Comparison]:
    match part:
        case ImportPart.PLAIN:
            return compare_forms(title, PLAIN, loads, rivals)
        case ImportPart.COMPRESSED:
            return compare_forms(f"{title}, compressed", COMPRESSED, loads[:2], rivals)
        case ImportPart.MEMORY:
            return measure_memory(title, loads)
        case _:
            return measure_profile(title, loads)
