"""Rows of staged parts, until their import is covered by a snapshot or has ended without being written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from segue.domain.export import Compression
from segue.domain.imports import ImportState
from segue.domain.profile import BlockFormat
from segue.store.base import Connection, Row

_COLUMNS: Final = (
    "number, format, compression, schema_version, digest, record_count, valid_count, place"
)


@dataclass(frozen=True)
class PartRow:
    """A staged part without its bytes."""

    number: int
    block_format: BlockFormat
    compression: Compression
    schema_version: int
    digest: bytes
    """CRC-32C and size of its bytes as they came, 4 and 8 bytes, big-endian."""
    record_count: int
    valid_count: int
    place: int | None = None
    """Where its bytes begin in the import's file; None where the row itself holds them."""

    @property
    def checksum(self) -> int:
        """Of the part as it came."""
        return int.from_bytes(self.digest[:4], "big")

    @property
    def size_bytes(self) -> int:
        """Of the part as it came."""
        return int.from_bytes(self.digest[4:], "big")


def digest_of(checksum: int, size_bytes: int) -> bytes:
    """Returns what tells a part's bytes from others."""
    return checksum.to_bytes(4, "big") + size_bytes.to_bytes(8, "big")


def find(tx: Connection, key: int, number: int) -> PartRow | None:
    """Reads a part of an import without its bytes."""
    rows = list(
        tx.execute(
            f"SELECT {_COLUMNS} FROM import_part WHERE import = ? AND number = ?",
            (key, number),
        )
    )
    return _part(rows[0]) if rows else None


def insert(tx: Connection, key: int, part: PartRow, data: bytes) -> None:
    """Adds a part to an import; `data` are empty where its bytes lie in the import's file."""
    tx.execute(
        f"INSERT INTO import_part (import, {_COLUMNS}, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key,
            part.number,
            part.block_format,
            part.compression,
            part.schema_version,
            part.digest,
            part.record_count,
            part.valid_count,
            part.place,
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


def find_whole(tx: Connection, key: int, number: int) -> tuple[PartRow, bytes] | None:
    """Reads a part, with its bytes where the row holds them."""
    rows = list(
        tx.execute(
            f"SELECT {_COLUMNS}, data FROM import_part WHERE import = ? AND number = ?",
            (key, number),
        )
    )
    return (_part(rows[0][:-1]), rows[0][-1]) if rows else None


def schema_versions(tx: Connection, key: int) -> set[int]:
    """Reads the schema versions that an import's parts were checked with."""
    return {
        row[0]
        for row in tx.execute(
            "SELECT DISTINCT schema_version FROM import_part WHERE import = ?", (key,)
        )
    }


def holders(tx: Connection, imports: Iterable[int], now_millis: int) -> set[int]:
    """Returns which of some imports have parts, or may be getting some."""
    return {
        key
        for key in imports
        for _ in tx.execute(
            "SELECT 1 FROM import WHERE key = ? AND (state IN (?, ?) AND expire_millis > ?"
            " OR EXISTS (SELECT 1 FROM import_part WHERE import = import.key))",
            (key, ImportState.INITIATED, ImportState.STAGING, now_millis),
        )
    }


def delete(tx: Connection, key: int) -> None:
    """Removes an import's parts."""
    tx.execute("DELETE FROM import_part WHERE import = ?", (key,))


def _part(row: Row) -> PartRow:
    number, block_format, compression, *rest = row
    return PartRow(number, BlockFormat(block_format), Compression(compression), *rest)
