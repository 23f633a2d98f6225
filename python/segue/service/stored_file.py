"""A finished file of an export: what it is, what it is called, by what it is known again."""

from dataclasses import dataclass
from typing import Final

from segue.domain.account import Account
from segue.domain.export import EXTENSIONS, MEDIA_TYPES, Compression
from segue.domain.profile import BlockFormat
from segue.store.export_files import FileRow
from segue.store.exports import ExportRow

_SUFFIXES: Final = {Compression.NONE: "", Compression.GZIP: ".gz", Compression.ZSTD: ".zst"}
_COMPRESSED_TYPES: Final = {
    Compression.GZIP: "application/gzip",
    Compression.ZSTD: "application/zstd",
}


@dataclass(frozen=True)
class StoredFile:
    """A finished file of an export, as somebody may fetch it."""

    account: Account
    export: ExportRow
    row: FileRow
    is_last: bool
    """Whether no file of the export comes behind it."""

    @property
    def is_compressed(self) -> bool:
        """Whether its bytes are compressed, as a whole or within."""
        return self.export.compression is not Compression.NONE

    @property
    def media_type(self) -> str:
        """What its bytes are."""
        whole = _whole_compression(self.export)
        return _COMPRESSED_TYPES.get(whole) or MEDIA_TYPES[self.export.block_format]

    @property
    def name(self) -> str:
        """A file name of ASCII letters, digits, hyphens and dots, as `export-2f6c-0.json.gz`."""
        extension = EXTENSIONS[self.export.block_format]
        suffix = _SUFFIXES[_whole_compression(self.export)]
        return f"export-{self.export.export_id}-{self.row.number}.{extension}{suffix}"

    @property
    def byte_count(self) -> int:
        """Its size."""
        return self.row.byte_count

    @property
    def sha256(self) -> bytes:
        """SHA-256 of its bytes."""
        return self.row.sha256

    @property
    def etag(self) -> str:
        """Stands for its bytes; without the quotes of HTTP."""
        return self.row.sha256.hex()

    @property
    def modified_millis(self) -> int:
        """Since when its bytes are what they are: they depend on nothing that came later."""
        return self.export.create_millis


def _whole_compression(export: ExportRow) -> Compression:
    """Returns how a file is compressed as a whole; in Parquet the pages are."""
    is_within = export.block_format is BlockFormat.PARQUET
    return Compression.NONE if is_within else export.compression
