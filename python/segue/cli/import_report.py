"""What import commands print."""

import sys
from collections.abc import Iterator
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from segue.cli.output import Output, as_record, console
from segue.client import Import, RejectedRecords
from segue.client.files.column_cuts import MappedCut
from segue.client.files.fault_file import write_faults
from segue.client.files.file_import import FilesImport
from segue.client.files.inputs import Input
from segue.client.files.rejected_file import write_rejected
from segue.v1.import_service_pb2 import ImportReview, ImportState, ImportStatus

_FAULTS_SHOWN: Final = 20
_COMPRESSED: Final = (".gz", ".zst")


def print_status(output: Output, status: ImportStatus, **more: object) -> None:
    """Prints a status; what a dry run found as tables, unless the output is for a program."""
    record = as_record(status) | more
    if output.as_json or not status.HasField("review"):
        output.record(record)
        return
    del record["review"]
    output.record(record)
    print_review(status.review)


def print_review(review: ImportReview) -> None:
    """Prints what an import would do: counts, the fields that would change most, and differences of the first profiles."""
    counts = Table("profiles and records that would be", "count", box=None, pad_edge=False)
    counts.columns[1].justify = "right"
    for name, value in as_record(review).items():
        if isinstance(value, int):
            counts.add_row(name.removesuffix("_count").replace("_", " "), f"{value:,}")
    fields = Table("field that would change", "profiles", box=None, pad_edge=False)
    fields.columns[1].justify = "right"
    for field in review.field_counts:
        fields.add_row(field.field_path, f"{field.count:,}")
    samples = Table("profile", "field", "old", "new", box=None, pad_edge=False)
    for profile in review.samples:
        name = f"{profile.profile_id} (new)" if profile.created else profile.profile_id
        for difference in profile.fields:
            samples.add_row(name, difference.field_path, difference.old_value, difference.new_value)
            name = ""
    for table in (counts, fields, samples):
        if table.row_count:
            console(sys.stdout).print(table)


def summary(importing: FilesImport, status: ImportStatus, seconds: float) -> dict[str, Any]:
    """Returns how an import went, in rows of its files."""
    rows = status.received_count + importing.rejected_count
    return {
        "name": status.name,
        "rows": rows,
        "imported": status.processed_count,
        "created": status.created_count,
        "erased": status.erased_count or None,
        "repeated": status.repeated_count or None,
        "not_honored": status.not_honored_count or None,
        "refused": refused_count(importing, status),
        "revision": status.revision,
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds),
        "fields_created": importing.new_fields,
    }


def refused_count(importing: FilesImport, status: ImportStatus) -> int:
    """Returns how many rows were not imported because something is wrong with them."""
    if status.HasField("review"):
        review = status.review
        return importing.rejected_count + review.rejected_count + review.conflict_count
    unwritten = status.invalid_count
    if status.state == ImportState.IMPORT_STATE_COMPLETED:
        unwritten = status.received_count - status.processed_count - status.not_honored_count
    return importing.rejected_count + unwritten


def show_faults(importing: FilesImport, opened: Import) -> None:
    """Prints the first rows that were refused, with where they stand and why."""
    found = chain.from_iterable(faults for _, faults in importing.faults(opened))
    first = next(found, None)
    if first is None:
        return
    names = ["file"] if len(importing.inputs) > 1 else []
    table = Table(box=None, pad_edge=False)
    for column in (*names, first.place_word, "field", "reason", "problem"):
        table.add_column(column, overflow="fold")
    for each in islice(chain([first], found), _FAULTS_SHOWN):
        is_other = each.place_word != first.place_word
        place = f"{each.place_word} {each.place}" if is_other else each.place
        fault = each.fault
        words = (", ".join(fault.fields), ", ".join(fault.reasons), "; ".join(fault.messages))
        table.add_row(*([each.source.name] if names else []), place, *words)
    console(sys.stderr).print(table)
    hint = _hint(importing)
    sys.stderr.write(
        f"these are the first {_FAULTS_SHOWN} at most; --exceptions-file {hint} has all\n"
    )


def write_exceptions(importing: FilesImport, opened: Import, path: Path) -> list[tuple[Path, int]]:
    """Writes what was refused in the format of its file: to one file, or with several inputs to one each in a directory.

    Returns:
        The files with their numbers of records.
    """
    if len(importing.inputs) > 1:
        path.mkdir(parents=True, exist_ok=True)
    written: list[tuple[Path, int]] = []
    for number, faults in importing.faults(opened):
        target = _target(importing, number, path)
        cut = importing.cut(number)
        if isinstance(cut, MappedCut):
            count = write_faults(cut.source, (each.fault for each in faults), target)
            written.append((target, count))
        else:
            written += write_rejected(_rejected_of(importing, number, opened), target)
    return written


def _rejected_of(importing: FilesImport, number: int, opened: Import) -> Iterator[RejectedRecords]:
    parts = importing.parts_of(number)
    blocks = opened.rejected_records(after_part=parts.start - 1)
    return takewhile(lambda block: block.part_number < parts.stop, blocks)


def _target(importing: FilesImport, number: int, path: Path) -> Path:
    if len(importing.inputs) == 1:
        return path
    names = [_written_name(each) for each in importing.inputs]
    name = names[number]
    return path / (name if names.count(name) == 1 else f"{number + 1}-{name}")


def _hint(importing: FilesImport) -> str:
    if len(importing.inputs) > 1:
        return "rejected"
    path = Path(_written_name(importing.inputs[0]))
    return f"{path.stem}.rejected{path.suffix}"


def _written_name(source: Input) -> str:
    """Returns what a file of refused rows is called after: the input, not compressed."""
    path = Path(source.file_name)
    if source.is_once:
        return "standard-input"
    return path.stem if path.suffix in _COMPRESSED else path.name
