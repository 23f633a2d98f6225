"""What imports cost the server in memory: while they go on, and for good."""

from collections.abc import Sequence
from typing import Final

from segue.bench.comparison import Comparison
from segue.bench.export_memory import MIB
from segue.bench.import_forms import PLAIN, PROTOBUF
from segue.bench.import_loads import Load
from segue.bench.import_run import (
    ReadyBlocks,
    Target,
    execute,
    open_target,
    ready_blocks,
    stage,
)
from segue.bench.processes import WatchedMemory, watched_memory

_RESIDENT: Final = "resident"
_SENT: Final = "protobuf"


def measure_memory(title: str, loads: Sequence[Load]) -> list[Comparison]:
    """Imports all loads in each format into a server of its own, and looks at its resident memory meanwhile."""
    resident = Comparison(
        f"{title}, memory of the server",
        "MiB",
        higher_is_better=False,
        contenders=("before", "staging: peak", "execution: peak", "after"),
        own=4,
        note="Resident memory, looked at every 50 ms; before the first load the account is empty. What the allocator was given back and keeps "
        "counts as resident.",
    )
    held = Comparison(
        f"{title}, memory of the server for each profile",
        "bytes a profile",
        higher_is_better=False,
        contenders=(_RESIDENT, _SENT),
        note="Resident: growth since the account was empty. Protobuf: the bytes of the same rows as a ProfileBatch; the ratio is theirs to it.",
    )
    sizes: dict[str, float] = {}
    for form in PLAIN:
        with open_target() as target:
            empty = target.server.rss_bytes
            for load in loads:
                case = f"{load.title}: {form.title}"
                with ready_blocks(target, form, load) as blocks:
                    staging, execution = _watched_import(target, blocks)
                    if form is PROTOBUF:
                        sizes[load.title] = blocks.size_bytes / blocks.rows
                after = target.server.rss_bytes
                resident.put(case, "before", staging.before_bytes / MIB)
                resident.put(case, "staging: peak", staging.peak_bytes / MIB)
                resident.put(case, "execution: peak", execution.peak_bytes / MIB)
                resident.put(case, "after", after / MIB)
                held.put(case, _RESIDENT, (after - empty) / blocks.rows)
                held.put(case, _SENT, sizes[load.title])
    return [resident, held]


def _watched_import(target: Target, blocks: ReadyBlocks) -> tuple[WatchedMemory, WatchedMemory]:
    """Returns the server's memory while it staged, and while it executed."""
    with watched_memory(target.server) as staging:
        opened, _ = stage(target, blocks)
    with watched_memory(target.server) as execution:
        execute(target, blocks, opened)
    return staging, execution
