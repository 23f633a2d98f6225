"""Rows of staged parts: blocks as they came, until their import is covered by a snapshot or has ended without being written."""

from dataclasses import dataclass

from segue.domain.export import Compression
from segue.domain.profile import BlockFormat
from segue.store.base import Connection, Row


@dataclass(frozen=True)
class PartRow:
    """A staged part without its bytes."""

    number: int
    block_format: BlockFormat
    compression: Compression
    schema_version: int
    digest: bytes
    record_count: int
    valid_count: int


def find(tx: Connection, key: int, number: int) -> PartRow | None:
    """Reads a part of an import without its bytes."""
    rows = list(
        tx.execute(
            "SELECT number, format, compression, schema_version, digest, record_count, valid_count FROM import_part"
            " WHERE import = ? AND number = ?",
            (key, number),
        )
    )
    return _part(rows[0]) if rows else None


def insert(tx: Connection, key: int, part: PartRow, data: bytes) -> None:
    """Adds a part to an import."""
    tx.execute(
        "INSERT INTO import_part (import, number, format, compression, schema_version, digest, record_count, valid_count, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key,
            part.number,
            part.block_format,
            part.compression,
            part.schema_version,
            part.digest,
            part.record_count,
            part.valid_count,
            data,
        ),
    )


def numbers(tx: Connection, key: int) -> list[int]:
    """Reads the numbers of an import's parts in order."""
    return [
        row[0]
        for row in tx.execute(
            "SELECT number FROM import_part WHERE import = ? ORDER BY number", (key,)
        )
    ]


def read(tx: Connection, key: int, number: int) -> tuple[PartRow, bytes]:
    """Reads a part with its bytes."""
    (row,) = tx.execute(
        "SELECT number, format, compression, schema_version, digest, record_count, valid_count, data FROM import_part"
        " WHERE import = ? AND number = ?",
        (key, number),
    )
    return _part(row[:-1]), row[-1]


def schema_versions(tx: Connection, key: int) -> set[int]:
    """Reads the schema versions that an import's parts were checked with."""
    return {
        row[0]
        for row in tx.execute(
            "SELECT DISTINCT schema_version FROM import_part WHERE import = ?", (key,)
        )
    }


def delete(tx: Connection, key: int) -> None:
    """Removes an import's parts."""
    tx.execute("DELETE FROM import_part WHERE import = ?", (key,))


def _part(row: Row) -> PartRow:
    number, block_format, compression, *rest = row
    return PartRow(number, BlockFormat(block_format), Compression(compression), *rest)
