"""Where the time of imports goes: on which threads of the server."""

from collections.abc import Sequence
from typing import Final

from segue.bench.comparison import Comparison
from segue.bench.import_forms import PLAIN
from segue.bench.import_loads import Load
from segue.bench.import_rates import EXECUTED, STAGED
from segue.bench.import_run import (
    Phase,
    ReadyBlocks,
    Target,
    execute,
    open_target,
    ready_blocks,
    stage,
)
from segue.bench.server_threads import ThreadClock

_SERVER: Final = "segue.bench.named_threads"
_TICK_SECONDS: Final = 0.01
_NOTE: Final = (
    "Processor time of the server by thread, those of a pool together, for a million rows; ticks of 10 ms. Client: all of its process. Wall: "
    "how long it took, to set them beside; what comes near it is the bottleneck."
)


def measure_profile(title: str, loads: Sequence[Load]) -> list[Comparison]:
    """Imports the first and the last load in each format into a server of its own."""
    measured = (loads[0], loads[-1])
    tables = {load.title: _table(title, load) for load in measured}
    for form in PLAIN:
        with open_target(_SERVER) as target:
            for load in measured:
                with ready_blocks(target, form, load) as blocks:
                    _import(target, blocks, tables[load.title])
    return list(tables.values())


def _table(title: str, load: Load) -> Comparison:
    return Comparison(
        f"{title}, {load.title}: threads",
        "s a million rows",
        higher_is_better=False,
        contenders=(STAGED, EXECUTED),
        own=2,
        note=_NOTE,
    )


def _import(target: Target, blocks: ReadyBlocks, table: Comparison) -> None:
    clock = ThreadClock(target.server)
    opened, staging = stage(target, blocks)
    _put(table, blocks, STAGED, staging, clock.read())
    clock = ThreadClock(target.server)
    execution = execute(target, blocks, opened)
    _put(table, blocks, EXECUTED, execution, clock.read())


def _put(
    table: Comparison, blocks: ReadyBlocks, column: str, phase: Phase, threads: dict[str, float]
) -> None:
    millions, form = blocks.rows / 1e6, blocks.form.title
    table.put(f"{form}: wall", column, phase.client.wall_seconds / millions)
    table.put(f"{form}: client", column, phase.client.cpu_seconds / millions)
    for name, seconds in sorted(threads.items()):
        if seconds >= _TICK_SECONDS:
            table.put(f"{form}: {name}", column, seconds / millions)
