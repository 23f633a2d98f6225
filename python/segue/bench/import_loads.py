"""The rows that are imported, step by step, each into a store that holds the steps before.

They lie in files, so that millions of them need no memory here while a server under test and its rivals need theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from segue.bench.audience import arrow_table, connect, make_audience


@dataclass(frozen=True)
class Load:
    """Rows to be written in one go.

    Attributes:
        title: How tables call it.
        path: An Arrow file.
        is_new: Whether none of the profiles is stored yet.
    """

    title: str
    path: Path
    is_new: bool = False

    def rows(self) -> pa.Table:
        """Returns the rows; their memory is the file's."""
        with pa.memory_map(str(self.path)) as source:
            return pa.ipc.open_file(source).read_all()


def make_loads(directory: Path, profiles: int) -> Sequence[Load]:
    """Writes the rows of a first load, and of updates that change six values of each profile."""
    first = _write(directory / "first.arrow", profiles, 0, "profile_id")
    second = _write(directory / "second.arrow", profiles, 1, "profile_id")
    third = _write(directory / "third.arrow", profiles, 2, "hash(profile_id)")
    return (
        Load("first load", first, is_new=True),
        Load("the same file again", first),
        Load("update, same order", second),
        Load("update, random order", third),
    )


def _write(path: Path, profiles: int, generation: int, order: str) -> Path:
    with connect() as connection:
        make_audience(connection, profiles, generation)
        rows = arrow_table(connection, order)
    with pa.ipc.new_file(path, rows.schema) as writer:
        writer.write_table(rows)
    return path
