"""The formats and compressions in which profiles are exported."""

from dataclasses import dataclass
from typing import Final

from segue.bench.audience import FIELDS, LIST_ID
from segue.client.calls.export_request import ExportSelection
from segue.v1.block_pb2 import BlockFormat, Compression


@dataclass(frozen=True)
class ExportCase:
    """One way of writing the whole account.

    Attributes:
        title: How tables call it.
        block_format: How rows are written.
        compression: How their bytes are compressed.
    """

    title: str
    block_format: BlockFormat.ValueType
    compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED

    @property
    def options(self) -> ExportSelection:
        """Returns what an export is asked for; the document of sections has to name its fields."""
        options = ExportSelection(compression=self.compression)
        if self.block_format == BlockFormat.BLOCK_FORMAT_JSON:
            options["read_mask"] = [f"memberships.{LIST_ID}.fields.{key}" for key in FIELDS]
        return options


PROTOBUF: Final = ExportCase("protobuf", BlockFormat.BLOCK_FORMAT_PROFILE_BATCH)
NDJSON: Final = ExportCase("ndjson", BlockFormat.BLOCK_FORMAT_NDJSON)
ARROW: Final = ExportCase("arrow", BlockFormat.BLOCK_FORMAT_ARROW_IPC)
CSV: Final = ExportCase("csv", BlockFormat.BLOCK_FORMAT_CSV)
PARQUET: Final = ExportCase("parquet", BlockFormat.BLOCK_FORMAT_PARQUET)

PLAIN: Final = (
    PROTOBUF,
    NDJSON,
    ARROW,
    CSV,
    PARQUET,
    ExportCase("json, the 9 fields", BlockFormat.BLOCK_FORMAT_JSON),
    ExportCase("subscribers json", BlockFormat.BLOCK_FORMAT_SUBSCRIBERS_JSON),
)
"""Every format without compression."""


def _compressed(case: ExportCase, compression: Compression.ValueType) -> ExportCase:
    word = Compression.Name(compression).removeprefix("COMPRESSION_").lower()
    return ExportCase(f"{case.title}, {word}", case.block_format, compression)


ARROW_ZSTD: Final = _compressed(ARROW, Compression.COMPRESSION_ZSTD)
CSV_GZIP: Final = _compressed(CSV, Compression.COMPRESSION_GZIP)
PARQUET_ZSTD: Final = _compressed(PARQUET, Compression.COMPRESSION_ZSTD)
PROTOBUF_GZIP: Final = _compressed(PROTOBUF, Compression.COMPRESSION_GZIP)

COMPRESSED: Final = (
    PROTOBUF_GZIP,
    _compressed(PROTOBUF, Compression.COMPRESSION_ZSTD),
    _compressed(NDJSON, Compression.COMPRESSION_GZIP),
    _compressed(NDJSON, Compression.COMPRESSION_ZSTD),
    CSV_GZIP,
    _compressed(CSV, Compression.COMPRESSION_ZSTD),
    ARROW_ZSTD,
    PARQUET_ZSTD,
)
"""Compressed as clients are expected to ask for it."""
