"""The forms in which profiles are sent to be imported, and how blocks of each are made."""

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from segue.bench.audience import LIST_ID
from segue.bench.workload import kernel_schema, kernel_table
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.export_service_pb2 import RetrieveExportResponse

_WHOLE_BLOCK: Final = 1 << 30
"""Size at which the kernel would close a block: never, as each is made of rows enough."""
_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 3
"""Levels that the commands `gzip` and `zstd` use unless told otherwise."""


@dataclass(frozen=True)
class Form:
    """One way of writing blocks.

    Attributes:
        title: How tables call it.
        block_format: How rows are written.
        compression: How their bytes are compressed.
        block_rows: Rows of a block: so many that it has about 4 MiB before it is compressed.
    """

    title: str
    block_format: BlockFormat.ValueType
    block_rows: int
    compression: Compression.ValueType = Compression.COMPRESSION_UNSPECIFIED

    def blocks(self, rows: pa.Table) -> Iterator[bytes]:
        """Yields blocks that are whole documents each, as they are asked for."""
        write, compress = _WRITERS[self.block_format], _COMPRESSORS[self.compression]
        for start in range(0, rows.num_rows, self.block_rows):
            yield compress(write(rows.slice(start, self.block_rows)))


def _arrow(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue()


def _csv(rows: pa.Table) -> bytes:
    """Writes as exports do: a header, several options with `;` between, times in UTC, and quotes only where they are needed, which is nowhere."""
    for index, column in enumerate(rows.columns):
        if pa.types.is_list(column.type):
            rows = rows.set_column(index, rows.schema.names[index], pc.binary_join(column, ";"))
        elif pa.types.is_timestamp(column.type):
            texts = pc.strftime(column.cast(pa.timestamp("ms")), "%Y-%m-%dT%H:%M:%SZ")
            rows = rows.set_column(index, rows.schema.names[index], texts)
    sink = io.BytesIO()
    pacsv.write_csv(rows, sink, pacsv.WriteOptions(quoting_style="none", quoting_header="none"))
    return sink.getvalue()


def _parquet(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    return sink.getvalue()


def _by_kernel(block_format: BlockFormat.ValueType) -> Callable[[pa.Table], bytes]:
    """Returns what writes rows as an export of them does."""

    def write(rows: pa.Table) -> bytes:
        schema = kernel_schema()
        export = (
            kernel_table(schema, rows)
            .snapshot()
            .export(schema, None, block_format, list_id=LIST_ID, block_bytes=_WHOLE_BLOCK)
        )
        data, offset = b"", 0
        while (read := export.read(offset)) is not None:
            message, offset = read
            data += RetrieveExportResponse.FromString(message).data
        return data

    return write


_WRITERS: Final[dict[BlockFormat.ValueType, Callable[[pa.Table], bytes]]] = {
    BlockFormat.BLOCK_FORMAT_PROFILE_BATCH: _by_kernel(BlockFormat.BLOCK_FORMAT_PROFILE_BATCH),
    BlockFormat.BLOCK_FORMAT_ARROW_IPC: _arrow,
    BlockFormat.BLOCK_FORMAT_NDJSON: _by_kernel(BlockFormat.BLOCK_FORMAT_NDJSON),
    BlockFormat.BLOCK_FORMAT_CSV: _csv,
    BlockFormat.BLOCK_FORMAT_PARQUET: _parquet,
}

_COMPRESSORS: Final[dict[Compression.ValueType, Callable[[bytes], bytes]]] = {
    Compression.COMPRESSION_UNSPECIFIED: lambda data: data,
    Compression.COMPRESSION_GZIP: lambda data: gzip.compress(data, _GZIP_LEVEL),
    Compression.COMPRESSION_ZSTD: lambda data: pa.Codec("zstd", _ZSTD_LEVEL).compress(
        data, asbytes=True
    ),
}

PROTOBUF: Final = Form("protobuf", BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, 20_000)
ARROW: Final = Form("arrow", BlockFormat.BLOCK_FORMAT_ARROW_IPC, 24_000)
NDJSON: Final = Form("ndjson", BlockFormat.BLOCK_FORMAT_NDJSON, 8_000)
CSV: Final = Form("csv", BlockFormat.BLOCK_FORMAT_CSV, 24_000)
PARQUET: Final = Form("parquet", BlockFormat.BLOCK_FORMAT_PARQUET, 64_000)

PLAIN: Final = (PROTOBUF, ARROW, NDJSON, CSV, PARQUET)
"""Every format without compression."""


def _compressed(form: Form, compression: Compression.ValueType) -> Form:
    word = Compression.Name(compression).removeprefix("COMPRESSION_").lower()
    return replace(form, title=f"{form.title}, {word}", compression=compression)


COMPRESSED: Final = tuple(
    _compressed(form, compression)
    for form in (PROTOBUF, NDJSON, CSV)
    for compression in (Compression.COMPRESSION_GZIP, Compression.COMPRESSION_ZSTD)
)
"""What is worth compressing, each way."""
