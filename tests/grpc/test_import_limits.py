"""Staging under limits, and blocks that are not what they say: refused or rejected with a reason, and nothing acknowledged is lost."""

import asyncio
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from grpc import aio

from segue import _kernel
from segue.settings import Settings
from segue.v1.profile_pb2 import Address, Profile, ProfileBatch
from tests.grpc.api import refused
from tests.grpc.conftest import World, serving
from tests.grpc.importing import (
    ARROW,
    BATCH,
    COMPLETED,
    CSV,
    NDJSON,
    PARQUET,
    SHOP,
    batch,
    ended,
    finished,
    opened,
    part,
    profiles,
)

MIB = 1 << 20
GZIP, ZSTD = 1, 2
MAX_RECORDS = 10_000
UNPACKED_BYTES = 2 * MIB


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        grpc="127.0.0.1:0",
        http="127.0.0.1:0",
        max_block_bytes=MIB,
        max_unpacked_block_bytes=UNPACKED_BYTES,
        max_compression_ratio=20,
        staging_memory_bytes=MIB,
        max_staged_bytes=12 * MIB,
        max_account_staged_bytes=14 * MIB,
        max_import_records=MAX_RECORDS,
        shutdown_grace_seconds=0.5,
    )


def padded(part_number: int, count: int) -> bytes:
    """A block of profiles of more than a kilobyte each, which no other part has."""
    address = Address(lines=[letter * 240 for letter in "abcde"])
    made = [Profile(profile_id=f"p{part_number}-{n}", addresses=[address]) for n in range(count)]
    return ProfileBatch(profiles=made).SerializeToString()


# Room


async def test_many_fast_senders_of_large_blocks_all_come_through_a_small_room(
    world: World,
) -> None:
    """A dozen streams keep four blocks each in flight, of which one has room at once."""
    token = await opened(world.shop)
    blocks = {number: padded(number, 250) for number in range(1, 37)}
    answers = await asyncio.gather(
        *(
            world.shop.stage(token, [part(n, blocks[n]) for n in range(first, first + 3)])
            for first in range(1, 37, 3)
        )
    )
    assert [answer.part_count for answer in answers] == [3] * 12
    status = await world.shop("GetImportStatus", token=token)
    assert status.valid_count == sum(answer.valid_count for answer in answers)


async def test_an_import_takes_so_many_records_and_a_repeated_part_is_not_more(
    world: World,
) -> None:
    token, whole = await opened(world.shop), batch(*(f"p{n}" for n in range(MAX_RECORDS)))
    for _ in range(2):
        assert (await world.shop.stage(token, [part(1, whole)])).valid_count == MAX_RECORDS
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await world.shop.stage(token, [part(2, batch("one more"))])
    assert refusal.metadata == {"limit": "import_records", "maximum": str(MAX_RECORDS)}
    assert (await finished(world.shop, token)).processed_count == MAX_RECORDS


async def test_an_accounts_imports_hold_so_many_bytes_until_one_is_given_up(world: World) -> None:
    size = MIB - 100
    first, second = await opened(world.shop), await opened(world.shop)
    await world.shop.stage(first, [part(n, bytes_of(size)) for n in range(1, 12)])
    with refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as refusal:
        await world.shop.stage(first, [part(n, bytes_of(size)) for n in (12, 13)])
    assert refusal.metadata["limit"] == "staged_bytes"
    with refused("RESOURCE_EXHAUSTED", "IMPORTS_PENDING") as refusal:
        await world.shop.stage(second, [part(n, bytes_of(size)) for n in range(1, 5)])
    assert refusal.metadata == {"limit": "account_staged_bytes", "maximum": str(14 * MIB)}
    assert any(hasattr(detail, "retry_delay") for detail in refusal.details)
    await world.shop("CancelImport", token=first)
    answer = await world.shop.stage(second, [part(n, bytes_of(size)) for n in range(1, 5)])
    assert answer.part_count == 4
    assert (await finished(world.shop, second)).received_count == 4


def bytes_of(size_bytes: int) -> bytes:
    """A block of one record that is as large as it is said to be, and invalid: the bytes count nevertheless."""
    empty = batch_of_padding(0)
    return batch_of_padding(size_bytes - len(empty) - 10)


def batch_of_padding(size_bytes: int) -> bytes:
    return ProfileBatch(
        profiles=[Profile(profile_id="x", country="c" * size_bytes)]
    ).SerializeToString()


# Order and time


async def test_parts_come_in_any_order_with_gaps_and_none_after_execute(world: World) -> None:
    token = await opened(world.shop)
    numbers = [4_294_967_295, 7, 1]
    await world.shop.stage(token, [part(n, batch(f"p{n}")) for n in numbers])
    status = await finished(world.shop, token)
    assert (status.state, status.processed_count) == (COMPLETED, 3)
    with refused("FAILED_PRECONDITION", "STATE_FORBIDS") as refusal:
        await world.shop.stage(token, [part(2, batch("late"))])
    assert refusal.metadata["state"] in {"QUEUED", "PROCESSING", "COMPLETED"}
    assert (await world.shop.stage(token, [part(7, batch("p7"))])).received_count == 1
    assert set(await profiles(world.shop)) == {f"p{n}" for n in numbers}


async def test_an_expired_token_opens_nothing(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"import_token_seconds": 1})) as api:
        await api("CreateAccount", account_id="shop")
        token = await opened(api)
        await api.stage(token, [part(1, batch("a"))])
        await asyncio.sleep(1.1)
        with refused("NOT_FOUND", "TOKEN_INVALID"):
            await api.stage(token, [part(2, batch("b"))])
        for method in ("ExecuteImport", "GetImportStatus", "CancelImport", "UndoImport"):
            with refused("NOT_FOUND", "TOKEN_INVALID"):
                await api(method, token=token)
        assert await profiles(api) == {}


# Blocks that are not what they say


def table(count: int = 40) -> pa.Table:
    return pa.table(
        {
            "profile_id": [f"p{n}" for n in range(count)],
            "email": [f"p{n}@example.com" for n in range(count)],
            "country": ["Norway"] * count,
        }
    )


def arrow_block() -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table().schema) as writer:
        writer.write_table(table())
    return sink.getvalue()


def parquet_block() -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table(), sink)
    return sink.getvalue()


def csv_block() -> bytes:
    rows = [f"p{n},p{n}@example.com,Norway" for n in range(40)]
    return "\n".join(["profile_id,email,country", *rows, ""]).encode()


def ndjson_block() -> bytes:
    rows = [
        {"profile_id": f"p{n}", "emails": [{"value": f"p{n}@example.com"}], "country": "Norway"}
        for n in range(40)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


BLOCKS = {
    BATCH: batch(*(f"p{n}" for n in range(40))),
    ARROW: arrow_block(),
    NDJSON: ndjson_block(),
    CSV: csv_block(),
    PARQUET: parquet_block(),
}
NAMES = {BATCH: "batch", ARROW: "arrow", NDJSON: "ndjson", CSV: "csv", PARQUET: "parquet"}


async def taken(world: World, token: str, number: int, data: bytes, **fields: Any) -> int | str:
    """Stages a part; returns how many of its records are valid, or the reason why it was refused."""
    try:
        answer = await world.shop.stage(token, [part(number, data, **fields)])
    except aio.AioRpcError as error:
        if f"part {number}" not in (error.details() or ""):
            raise
        return error.code().name
    return int(answer.valid_count)


async def test_every_format_is_taken_as_itself(world: World) -> None:
    for block_format, data in BLOCKS.items():
        token = await opened(world.shop)
        assert await taken(world, token, 1, data, format=block_format) == 40
        assert (await finished(world.shop, token)).processed_count == 40


@pytest.mark.parametrize("ignore_unknown_fields", [False, True])
async def test_no_format_is_taken_for_another(world: World, ignore_unknown_fields: bool) -> None:  # noqa: FBT001 - a case
    token = await opened(world.shop, ignore_unknown_fields=ignore_unknown_fields)
    wrong = {}
    for is_format, data in BLOCKS.items():
        for said_format in BLOCKS.keys() - {is_format}:
            number = is_format * 10 + said_format
            outcome = await taken(world, token, number, data, format=said_format)
            if outcome not in {0, "INVALID_ARGUMENT"}:
                wrong[f"{NAMES[is_format]} as {NAMES[said_format]}"] = outcome
    assert not wrong


@pytest.mark.parametrize("block_format", BLOCKS, ids=NAMES.values())
async def test_a_truncated_block_never_makes_records_that_were_not_sent(
    world: World, block_format: int
) -> None:
    token, data = await opened(world.shop), BLOCKS[block_format]
    checksum = _kernel.crc32c(data)
    for number, length in enumerate(
        sorted({0, 1, 7, len(data) // 3, len(data) - 9, len(data) - 1}), 1
    ):
        cut = data[:length]
        fields = {"format": block_format}
        assert (
            await taken(world, token, number, cut, crc32c=checksum, **fields) == "INVALID_ARGUMENT"
        )
        outcome = await taken(world, token, number, cut, **fields)
        if block_format in {ARROW, PARQUET} and length:
            assert outcome == "INVALID_ARGUMENT"
    await world.shop("ExecuteImport", token=token)
    await ended(world.shop, token)
    assert set(await profiles(world.shop)) <= {f"p{n}" for n in range(40)}


@pytest.mark.parametrize("block_format", BLOCKS, ids=NAMES.values())
async def test_blocks_come_compressed_and_wrongly_compressed_ones_are_refused(
    world: World, block_format: int
) -> None:
    token, plain = await opened(world.shop), BLOCKS[block_format]
    packed = {GZIP: gzip.compress(plain), ZSTD: _kernel.compress(plain, ZSTD)}
    for compression, data in packed.items():
        fields = {"format": block_format, "compression": compression}
        assert await taken(world, token, compression, data, **fields) == 40
        for number, wrong in enumerate(
            (plain, packed[3 - compression], data[:-3], data[: len(data) // 2], b""),
            10 * compression,
        ):
            assert await taken(world, token, number, wrong, **fields) == "INVALID_ARGUMENT"
        outcome = await taken(world, token, 5 + compression, data, format=block_format)
        assert outcome in {0, "INVALID_ARGUMENT"}, "compressed bytes were taken for plain ones"
    assert (await finished(world.shop, token)).processed_count == 80


@pytest.mark.parametrize("compression", [GZIP, ZSTD])
async def test_blocks_that_unpack_too_far_are_refused(world: World, compression: int) -> None:
    token = await opened(world.shop)
    line = json.dumps({"profile_id": "a", "country": "x" * 60}).encode() + b"\n"
    for number, plain in enumerate(
        (line * (300_000 // len(line)), bytes(UNPACKED_BYTES + 1), bytes(64 * MIB)), 1
    ):
        data = gzip.compress(plain) if compression == GZIP else _kernel.compress(plain, ZSTD)
        assert len(data) < MIB
        with refused("RESOURCE_EXHAUSTED", "BLOCK_TOO_LARGE") as refusal:
            await world.shop.stage(
                token, [part(number, data, format=NDJSON, compression=compression)]
            )
        assert refusal.metadata["part"] == str(number)
    assert (await world.shop.stage(token, [part(9, batch("a"))])).valid_count == 1
    assert (await world.shop("GetAccount", name=SHOP)).profile_count == 0


async def test_bytes_that_are_no_message_are_refused_and_parts_before_them_stay(
    world: World,
) -> None:
    token = await opened(world.shop)
    await world.shop.stage(token, [part(1, batch("a"))])
    method = "/segue.v1.ImportService/StageProfiles"
    stage: Any = world.channel.stream_unary(method)  # neither request nor answer is touched
    with refused("INVALID_ARGUMENT", "FIELD_INVALID"):
        await stage(iter([b"\x2a\xff\x01too short"]), metadata=world.shop.metadata)
    assert (await finished(world.shop, token)).processed_count == 1
