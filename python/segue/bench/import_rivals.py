"""Upserts of the imported rows into other stores."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from segue.bench import duckdb_rival, postgres_rival, sqlite_rival
from segue.bench.comparison import Cells, Comparison
from segue.bench.import_loads import Load
from segue.bench.rival import UPDATE_SECONDS, upsert_rate

RIVALS: Final = (sqlite_rival.SQLITE, duckdb_rival.DUCKDB, postgres_rival.POSTGRES)
NAMES: Final = tuple(rival.name for rival in RIVALS)
NOTE: Final = (
    f"{sqlite_rival.NOTE} {duckdb_rival.NOTE} {postgres_rival.NOTE} All of them: primary key only, no other index, rows ready in the form "
    f"that each takes fastest, updates for {UPDATE_SECONDS:g} s at most."
)


def upsert_by_rivals(loads: Sequence[Load]) -> Cells:
    """Writes all loads into each store; returns rows a second by title of load and name of store."""
    rates: Cells = {load.title: {} for load in loads}
    for rival in RIVALS:
        with (
            TemporaryDirectory() as directory,
            rival.open(Path(directory), loads[0].rows().schema) as upsert,
        ):
            for load in loads:
                rates[load.title][rival.name] = upsert_rate(rival, upsert, load)
    return rates


def rivals_table(title: str, rates: Cells) -> Comparison:
    """Returns the rates as a table of their own."""
    return Comparison(
        title,
        "rows/s",
        higher_is_better=True,
        contenders=NAMES,
        own=len(NAMES),
        cells=rates,
        note=NOTE,
    )
