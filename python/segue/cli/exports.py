"""`segue export`."""

import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from segue.cli.failures import INTERRUPTED, CommandFailed
from segue.cli.part_file import ExportIdentity, PartFile
from segue.cli.progress import progress_bar
from segue.cli.session import Account, Session, connected
from segue.client import Export, NotFound
from segue.client.times import to_text
from segue.v1.block_pb2 import BlockFormat

_STANDARD_OUTPUT = Path("-")


class Format(StrEnum):
    """How rows are written.

    ndjson is a JSON object a line, arrow one Arrow IPC stream, protobuf one serialized `segue.v1.ProfileBatch`.
    """

    NDJSON = "ndjson"
    ARROW = "arrow"
    PROTOBUF = "protobuf"

    @property
    def block_format(self) -> BlockFormat.ValueType:
        """The format's number on the wire."""
        return {
            Format.NDJSON: BlockFormat.BLOCK_FORMAT_NDJSON,
            Format.ARROW: BlockFormat.BLOCK_FORMAT_ARROW_IPC,
            Format.PROTOBUF: BlockFormat.BLOCK_FORMAT_PROFILE_BATCH,
        }[self]


@connected
def export_profiles(
    session: Session,
    account: Account,
    segment: Annotated[
        str | None,
        typer.Option("--segment", help="Title, id or name; without it, the whole account."),
    ] = None,
    last_datetime: Annotated[
        str | None,
        typer.Option(
            "--last-datetime",
            help="Only what changed since; best is the snapshot_time of the export before.",
        ),
    ] = None,
    include_removed: Annotated[
        bool,
        typer.Option(
            "--include-removed",
            help="With --last-datetime, also ids of profiles that were erased or left.",
        ),
    ] = False,
    output_format: Annotated[
        Format, typer.Option("--format", help="How rows are written.")
    ] = Format.NDJSON,
    output: Annotated[
        Path, typer.Option("--output", help="The file to write; - is standard output.")
    ] = _STANDARD_OUTPUT,
    list_id: Annotated[
        str | None,
        typer.Option("--list", help="The list of the segment, where titles are not enough."),
    ] = None,
) -> None:
    """Export a segment or the whole account, in full or only what changed.

    Bytes go to F.part until all are there. When the command is interrupted, the same command goes on where it stopped.
    """
    client = session.account(account)
    name = client.find_segment(segment, list_id=list_id).name if segment else None

    def begin() -> Export:
        return client.export(
            output_format.block_format,
            segment=name,
            last_datetime=last_datetime,
            include_removed=include_removed,
        )

    if output == _STANDARD_OUTPUT:
        _to_standard_output(session, begin(), output_format)
        return
    identity = ExportIdentity(
        session.target, account, name, last_datetime, include_removed, output_format.value
    )
    _to_file(session, begin, PartFile(output, identity))


def _to_standard_output(session: Session, export: Export, output_format: Format) -> None:
    if sys.stdout.isatty() and output_format is not Format.NDJSON:
        raise CommandFailed(f"{output_format} is not for a terminal; give --output a file")
    started = time.perf_counter()
    row_count = byte_count = 0
    for block in export:
        sys.stdout.buffer.write(block.data)
        row_count += block.row_count
        byte_count = block.next_offset
    sys.stdout.buffer.flush()
    summary = _summary(export, row_count, byte_count, time.perf_counter() - started)
    session.output.record(summary, sys.stderr)


def _to_file(session: Session, begin: Callable[[], Export], part: PartFile) -> None:
    export, file = _opened(session, begin, part)
    row_count = export.status().row_count
    first_byte = file.tell()
    started = time.perf_counter()
    try:
        with file, progress_bar("exporting", None, quiet=session.output.as_json) as advance:
            rows_read = 0
            for block in export.blocks(first_byte):
                file.write(block.data)
                rows_read += block.row_count
                advance(block.next_offset, f"{rows_read:,} of {row_count:,} rows")
            part.finish(file)
            byte_count = file.tell()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command goes on where it stopped\n")
        raise typer.Exit(INTERRUPTED) from None
    seconds = time.perf_counter() - started
    session.output.record(_summary(export, row_count, byte_count, seconds, first_byte))


def _opened(
    session: Session, begin: Callable[[], Export], part: PartFile
) -> tuple[Export, BinaryIO]:
    token = part.token()
    if token:
        try:
            return session.client.resume_export(token), part.resume()
        except NotFound:
            sys.stderr.write("the interrupted export has expired; starting again\n")
    export = begin()
    return export, part.begin(export.token)


def _summary(
    export: Export, row_count: int, byte_count: int, seconds: float, first_byte: int = 0
) -> dict[str, object]:
    rows_per_second = row_count / seconds
    bytes_per_second = (byte_count - first_byte) / seconds
    since = export.effective_last_datetime
    return {
        "rows": row_count,
        "bytes": byte_count,
        "seconds": round(seconds, 3),
        "rate": f"{rows_per_second:,.0f} rows/s, {bytes_per_second / 1e6:,.1f} MB/s",
        "rows_per_second": round(rows_per_second),
        "bytes_per_second": round(bytes_per_second),
        "snapshot_time": to_text(export.snapshot_time),
        "effective_last_datetime": to_text(since) if since else None,
        "resumed_at_byte": first_byte or None,
    }
