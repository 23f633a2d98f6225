"""How fast each form is imported, beside the rivals that were measured in the same run."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from segue.bench.comparison import Cells, Comparison
from segue.bench.import_forms import Form
from segue.bench.import_loads import Load
from segue.bench.import_rivals import NAMES
from segue.bench.import_run import (
    Phase,
    ReadyBlocks,
    Target,
    execute,
    open_target,
    ready_blocks,
    stage,
)

SEGUE: Final = "segue"
STAGED: Final = "staged"
EXECUTED: Final = "executed"

_NOTE: Final = (
    "Segue: three indexes; the client on the same machine sends blocks that lie ready on disk, and waits until its records are durable and "
    "visible. The rivals, where they were measured, are described under their own table."
)


def compare_forms(
    title: str, forms: Sequence[Form], loads: Sequence[Load], rivals: Cells
) -> list[Comparison]:
    """Imports all loads in each form, into a server of its own.

    Args:
        title: Of the tables.
        forms: How blocks are written.
        loads: What is imported, in order.
        rivals: Rows a second of others by title of load; may be empty.
    """
    tables = _Tables(title, rivals)
    for form in forms:
        with open_target() as target:
            for _, of_file in groupby(loads, key=lambda load: load.path):
                same = list(of_file)
                with ready_blocks(target, form, same[0]) as blocks:
                    for load in same:
                        _import(target, blocks, f"{load.title}: {form.title}", load, tables)
    return tables.all


class _Tables:
    """The tables that imports go into."""

    def __init__(self, title: str, rivals: Cells) -> None:
        self._rivals = rivals
        self._whole = Comparison(
            f"{title}, from InitiateImport to visible records",
            "rows/s",
            higher_is_better=True,
            contenders=(SEGUE, *NAMES) if rivals else (SEGUE,),
            note=_NOTE,
        )
        self._phases = Comparison(
            f"{title}, by phase",
            "rows/s",
            higher_is_better=True,
            contenders=(STAGED, EXECUTED),
            own=2,
            note="Staged: from InitiateImport until the last part is durable. Executed: from ExecuteImport until the client hears of it.",
        )
        self._processor = Comparison(
            f"{title}, processor time a million rows",
            "CPU s",
            higher_is_better=False,
            contenders=tuple(
                f"{phase}: {side}" for phase in (STAGED, EXECUTED) for side in ("server", "client")
            ),
            own=4,
        )
        self._sizes = Comparison(
            f"{title}, size as sent", "bytes a row", higher_is_better=False, contenders=("bytes",)
        )

    @property
    def all(self) -> list[Comparison]:
        return [self._whole, self._phases, self._processor, self._sizes]

    def put(
        self, case: str, load: Load, blocks: ReadyBlocks, staging: Phase, execution: Phase
    ) -> None:
        """Keeps what an import took."""
        seconds = staging.client.wall_seconds + execution.client.wall_seconds
        self._whole.put(case, SEGUE, blocks.rows / seconds)
        for name, rate in self._rivals.get(load.title, {}).items():
            self._whole.put(case, name, rate)
        if load.is_new:
            self._sizes.put(blocks.form.title, "bytes", blocks.size_bytes / blocks.rows)
        millions = blocks.rows / 1e6
        for name, phase in ((STAGED, staging), (EXECUTED, execution)):
            self._phases.put(case, name, blocks.rows / phase.client.wall_seconds)
            self._processor.put(case, f"{name}: server", phase.server_cpu_seconds / millions)
            self._processor.put(case, f"{name}: client", phase.client.cpu_seconds / millions)


def _import(target: Target, blocks: ReadyBlocks, case: str, load: Load, tables: _Tables) -> None:
    opened, staging = stage(target, blocks)
    execution = execute(target, blocks, opened)
    tables.put(case, load, blocks, staging, execution)
