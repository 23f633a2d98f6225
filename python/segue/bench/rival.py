"""Stores that are not ours, into which the same rows are upserted."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from segue.bench.import_loads import Load

UPDATE_SECONDS: Final = 120.0
"""How long an update goes on at most: its rate is then that of the rows so far, which is no lower than that of all."""

Upsert = Callable[[pa.Table], float]
"""Writes rows in one durable transaction; returns the seconds it took, without what prepared the rows for it."""


@dataclass(frozen=True)
class Rival:
    """A store that is compared.

    Attributes:
        name: How tables call it.
        new_rows: Rows of a transaction that writes new ones, as the store does it fastest.
        old_rows: The same of stored ones.
        open: Makes an empty table of a schema in a directory; the first column is the key.
    """

    name: str
    new_rows: int
    old_rows: int
    open: Callable[[Path, pa.Schema], AbstractContextManager[Upsert]]


def upsert_rate(rival: Rival, upsert: Upsert, load: Load) -> float:
    """Writes a load, an update for two minutes at most; returns rows a second."""
    rows, step = load.rows(), rival.new_rows if load.is_new else rival.old_rows
    done, seconds = 0, 0.0
    for start in range(0, rows.num_rows, step):
        if seconds >= UPDATE_SECONDS and not load.is_new:
            break
        batch = rows.slice(start, step)
        seconds += upsert(batch)
        done += batch.num_rows
    return done / seconds
