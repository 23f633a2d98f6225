"""Rows of export files that were written to their end."""

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from segue.store.base import Connection

BLOCK_ENTRY: Final = struct.Struct("<QI")
"""An entry of `FileRow.blocks`: a block's end and the rows that end in it."""

_COLUMNS: Final = "number, path, row_count, byte_count, sha256, blocks"


@dataclass(frozen=True)
class FileRow:
    """A file of an export as it is stored."""

    number: int
    """From 0."""
    path: str
    """Where the blob store has it."""
    row_count: int
    byte_count: int
    sha256: bytes
    blocks: bytes
    """A `BLOCK_ENTRY` for each block, in order."""


def insert(tx: Connection, export: int, file: FileRow) -> None:
    """Adds a file."""
    tx.execute(
        f"INSERT INTO export_file (export, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (export, file.number, file.path, file.row_count, file.byte_count, file.sha256, file.blocks),
    )


def select(tx: Connection, export: int) -> list[FileRow]:
    """Reads an export's files in order of their rows."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM export_file WHERE export = ? ORDER BY number", (export,)
    )
    return [FileRow(*row) for row in rows]


def find(tx: Connection, export: int, number: int) -> FileRow | None:
    """Reads one file of an export."""
    rows = list(
        tx.execute(
            f"SELECT {_COLUMNS} FROM export_file WHERE export = ? AND number = ?", (export, number)
        )
    )
    return FileRow(*rows[0]) if rows else None


def count(tx: Connection, export: int) -> int:
    """Counts an export's files by the number of the last."""
    (row,) = tx.execute(
        "SELECT coalesce(max(number) + 1, 0) FROM export_file WHERE export = ?", (export,)
    )
    return int(row[0])


def paths(tx: Connection, export: int) -> list[str]:
    """Reads the paths of an export's files."""
    rows = tx.execute("SELECT path FROM export_file WHERE export = ?", (export,))
    return [row[0] for row in rows]


def delete(tx: Connection, export: int, gone: Iterable[str]) -> None:
    """Removes the files of an export whose blobs were deleted, by their paths."""
    tx.execute(
        "DELETE FROM export_file WHERE export = ? AND path IN (SELECT value FROM json_each(?))",
        (export, json.dumps(list(gone))),
    )


def select_of_account(tx: Connection, account: int) -> tuple[list[int], list[str]]:
    """Reads the numbers of all exports of an account, and the paths of all their files."""
    keys = tx.execute("SELECT key FROM export WHERE account = ?", (account,))
    paths = tx.execute(
        "SELECT path FROM export_file WHERE export IN (SELECT key FROM export WHERE account = ?)",
        (account,),
    )
    return [row[0] for row in keys], [row[0] for row in paths]


def select_paths(tx: Connection) -> set[str]:
    """Reads the paths of all files there are."""
    return {row[0] for row in tx.execute("SELECT path FROM export_file")}
