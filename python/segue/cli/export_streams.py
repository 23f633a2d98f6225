"""`segue export stream`: encoded as it is read, to files or standard output."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from segue.cli.export_choice import ExportChoice, ExportPlan, choosing, planned
from segue.cli.export_files import Brought, Destination, Fetch, parts_of
from segue.cli.export_report import rate_record, snapshot_record
from segue.cli.export_since import STANDARD_OUTPUT, explained, since_last
from segue.cli.export_words import file_suffix
from segue.cli.failures import CommandFailed, interruptible
from segue.cli.part_file import ExportMemory
from segue.cli.progress import progress_bar
from segue.cli.session import Session, connected, group
from segue.client import Export, ExportFailed, NotFound
from segue.client.calls.exports import is_made

export_app = group("Export profiles: at once by streams, or by jobs that write files.")

SinceLastOption = Annotated[
    bool,
    typer.Option(
        "--since-last",
        help="Only what changed since the last complete run; the first run is full.",
    ),
]
StateFile = Annotated[
    Path | None,
    typer.Option("--state-file", help="What remembers that run; F.segue-state by default."),
]


@export_app.command("stream")
@connected
@choosing
def stream_export(
    session: Session,
    choice: ExportChoice,
    output: Annotated[
        Path,
        typer.Option(
            "--output", help="The file, or directory for --streams; - is standard output."
        ),
    ] = STANDARD_OUTPUT,
    streams: Annotated[
        int,
        typer.Option("--streams", min=1, max=64, help="Streams read side by side, a file each."),
    ] = 1,
    since: SinceLastOption = False,
    state_file: StateFile = None,
) -> None:
    """Export at once: in full or only what changed.

    Bytes go to F.part until all are there. When the command is interrupted, the same command goes on where it stopped.
    """
    plan = planned(session, choice)
    last = since_last(plan, session.target, output, state_file) if since else None
    if last:
        plan = last.applied(plan)
    with explained(last):
        if output == STANDARD_OUTPUT:
            export, memory = _opened(session, plan, streams), None
            sync_token = export.sync_token
            _to_standard_output(session, export, choice)
        else:
            export, sync_token, memory = _to_files(session, plan, output, streams)
    if last:
        last.note(export, sync_token)
    if memory:
        memory.forget()


def _opened(session: Session, plan: ExportPlan, streams: int) -> Export:
    client = session.account(plan.choice.account)
    block_format = plan.choice.output_format.block_format
    return client.export(block_format, stream_count=streams, **plan.selection())


def _to_standard_output(session: Session, export: Export, choice: ExportChoice) -> None:
    if export.stream_count > 1:
        raise CommandFailed("--streams needs --output, a directory")
    if sys.stdout.isatty() and not (choice.output_format.is_text and choice.compressed == "none"):
        raise CommandFailed(f"{choice.output_format} is not for a terminal; give --output a file")
    started = time.perf_counter()
    row_count = byte_count = 0
    for block in export:
        sys.stdout.buffer.write(block.data)
        row_count += block.row_count
        byte_count = block.next_offset
    sys.stdout.buffer.flush()
    brought = Brought(byte_count, row_count, byte_count, 0, 0)
    summary = rate_record(row_count, brought, time.perf_counter() - started)
    session.output.record(summary | snapshot_record(export), sys.stderr)


@dataclass(frozen=True)
class _Begun:
    export: Export
    sync_token: str
    resumed: bool


def _to_files(
    session: Session, plan: ExportPlan, output: Path, streams: int
) -> tuple[Export, str, ExportMemory]:
    choice = plan.choice
    suffix = file_suffix(choice.output_format.block_format, choice.compressed.compression)
    destination = Destination(output, streams, suffix)
    memory = destination.memory({**plan.identity(session.target), "streams": streams})
    begun = _begun(session, plan, streams, destination, memory)
    export, parts = begun.export, parts_of(begun.export)
    row_count = export.status().row_count
    started = time.perf_counter()
    with (
        interruptible("the same command goes on where it stopped"),
        progress_bar("exporting", None, quiet=session.output.as_json) as advance,
    ):
        fetch = Fetch(destination, advance, resumed=begun.resumed)
        brought = fetch.run(parts, len(parts), session.client.close)
    summary = rate_record(row_count, brought, time.perf_counter() - started)
    snapshot = snapshot_record(export, begun.sync_token)
    session.output.record({**summary, "files": len(parts), **snapshot})
    return export, begun.sync_token, memory


def _begun(
    session: Session,
    plan: ExportPlan,
    streams: int,
    destination: Destination,
    memory: ExportMemory,
) -> _Begun:
    """Returns the export that was interrupted, or a new one."""
    remembered = memory.recall() if destination.holds_bytes() else None
    if remembered:
        try:
            found = session.client.resume_export(remembered.token)
            is_made(found.status())
        except (NotFound, ExportFailed):
            sys.stderr.write("the interrupted export has ended; starting again\n")
            destination.clear(streams)
        else:
            if isinstance(found, Export):
                destination.prepare(parts_of(found), resumed=True)
                return _Begun(found, remembered.sync_token, resumed=True)
    export = _opened(session, plan, streams)
    destination.prepare(parts_of(export), resumed=False)
    memory.keep(export)
    return _Begun(export, export.sync_token, resumed=False)
