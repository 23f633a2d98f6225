"""Exports as tests of their calls ask for them, read them and decode them."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from segue import _kernel
from segue.v1 import field_pb2
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.export_pb2 import ExportDelivery, ExportState
from segue.v1.profile_pb2 import ProfileBatch
from tests.grpc.api import Api

SHOP = "accounts/shop"
NEWS = "accounts/shop/lists/news"
STREAMS, FILES = ExportDelivery.EXPORT_DELIVERY_STREAMS, ExportDelivery.EXPORT_DELIVERY_FILES
BATCH, ARROW = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, BlockFormat.BLOCK_FORMAT_ARROW_IPC
NDJSON, CSV = BlockFormat.BLOCK_FORMAT_NDJSON, BlockFormat.BLOCK_FORMAT_CSV
JSON, PARQUET = BlockFormat.BLOCK_FORMAT_JSON, BlockFormat.BLOCK_FORMAT_PARQUET
SUBSCRIBERS = BlockFormat.BLOCK_FORMAT_SUBSCRIBERS_JSON
FORMATS = (BATCH, ARROW, NDJSON, CSV, JSON, PARQUET, SUBSCRIBERS)
PLAIN = Compression.COMPRESSION_UNSPECIFIED
GZIP, ZSTD = Compression.COMPRESSION_GZIP, Compression.COMPRESSION_ZSTD


async def open_shop(api: Api, count: int) -> None:
    """Gives the shop's list members, every other of them in Bergen, the others in Oslo."""
    await api("CreateList", parent=SHOP, list_id="news")
    await api(
        "CreateField", parent=NEWS, field_id="Town", field={"type": field_pb2.FIELD_TYPE_TEXT}
    )
    await write(api, range(0, count, 2), "Oslo")
    await write(api, range(1, count, 2), "Bergen")


async def write(api: Api, numbers: Sequence[int], town: str) -> None:
    """Writes members of a town."""
    for first in range(0, len(numbers), 100):
        profiles = [
            {
                "profile_id": f"p{number:05}",
                "emails": [{"value": f"p{number}@example.com"}],
                "memberships": [{"list": "news", "fields": [{"key": "Town", "text": town}]}],
            }
            for number in numbers[first : first + 100]
        ]
        answer = await api("UpsertProfiles", parent=SHOP, batch={"profiles": profiles})
        assert not answer.exceptions


async def segment_of(api: Api, town: str) -> str:
    """Makes the segment of a town's members; returns its name."""
    rules = [{"rules": [{"rule_type": "[Town]", "clause": f"EQUALS {town}"}]}]
    segment = {"title": town, "list": NEWS, "rule_groups": rules}
    return str((await api("CreateSegment", parent=SHOP, segment=segment)).name)


async def ask(api: Api, block_format: int = NDJSON, **fields: Any) -> Any:
    """Initiates an export of the shop; the document of seed 002 with what it needs."""
    if block_format == JSON:
        fields.setdefault("read_mask", {"paths": ["memberships.news.fields.Town"]})
    return await api("InitiateExport", **{"parent": SHOP, "format": block_format, **fields})


async def made(api: Api, opened: Any) -> Any:
    """Waits until an export is made; returns its last state."""
    status = (await api.stream("WatchExport", token=opened.token))[-1]
    assert status.state == ExportState.EXPORT_STATE_COMPLETE, status
    return status


async def ask_files(api: Api, block_format: int = NDJSON, **fields: Any) -> Any:
    """Has files written."""
    opened = await ask(api, block_format, delivery=FILES, **fields)
    await made(api, opened)
    return opened


async def read(api: Api, opened: Any, offset: int = 0, **fields: Any) -> bytes:
    """Reads an export from an offset on, and checks what its blocks say of themselves."""
    data, position = b"", offset
    for block in await api.stream("RetrieveExport", token=opened.token, offset=offset, **fields):
        assert block.offset == position
        position += len(block.data)
        assert block.next_offset == position
        assert block.crc32c == _kernel.crc32c(block.data)
        data += block.data
    return data


def unpacked(data: bytes, compression: int) -> bytes:
    """Decompresses a whole export as its reader does."""
    if compression == GZIP:
        return gzip.decompress(data)
    if compression == ZSTD:
        return bytes(pa.CompressedInputStream(pa.BufferReader(data), "zstd").read())
    return data


def ids_of(data: bytes, block_format: int) -> list[str]:
    """Returns the ids of the profiles of a whole document, in their order."""
    if block_format == BATCH:
        return [profile.profile_id for profile in ProfileBatch.FromString(data).profiles]
    if block_format == ARROW:
        return list(pa.ipc.open_stream(data).read_all()["profile_id"].to_pylist())
    if block_format == PARQUET:
        return list(pq.read_table(io.BytesIO(data))["profile_id"].to_pylist())
    if block_format == CSV:
        return [row["profile_id"] for row in csv.DictReader(io.StringIO(data.decode()))]
    if block_format == NDJSON:
        return [json.loads(line)["profile_id"] for line in data.splitlines()]
    document = json.loads(data)
    if block_format == JSON:
        return list(document["profiles"])
    return [row["profile_id"] for row in document["data"]["subscribers"]]


def files_of(data_dir: Path) -> list[str]:
    """Returns the files of exports on the disk, drafts included."""
    return sorted(path.name for path in (data_dir / "exports").rglob("*") if path.is_file())
