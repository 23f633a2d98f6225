"""Streams, files and windows of rows in every format and compression: disjoint, together the whole, resumed anywhere with the same bytes."""

from typing import Any

import pytest

from segue.settings import Settings
from tests.grpc.api import refused
from tests.grpc.conftest import World, serving
from tests.grpc.exporting import (
    BATCH,
    FILES,
    FORMATS,
    GZIP,
    NDJSON,
    PARQUET,
    PLAIN,
    SHOP,
    STREAMS,
    ZSTD,
    ask,
    ask_files,
    ids_of,
    open_shop,
    read,
    unpacked,
    write,
)

COUNT = 90
COMPRESSIONS = (PLAIN, GZIP, ZSTD)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_open_exports": 100})


@pytest.fixture
async def shop(world: World) -> World:
    await open_shop(world.shop, COUNT)
    return world


def ids_in(data: bytes, block_format: int, compression: int) -> list[str]:
    """Reads a part; in Parquet the pages are compressed, which its readers know."""
    is_within = block_format == PARQUET
    return ids_of(data if is_within else unpacked(data, compression), block_format)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("block_format", FORMATS)
async def test_parts_are_disjoint_documents_and_together_the_whole(
    shop: World, block_format: int, compression: int
) -> None:
    whole = await ask(shop.shop, block_format)
    ids = ids_of(await read(shop.shop, whole), block_format)
    assert len(ids) == COUNT
    streams = await ask(shop.shop, block_format, compression=compression, stream_count=4)
    files = await ask_files(shop.shop, block_format, compression=compression, max_file_rows=25)
    for opened in (streams, files):
        parts = [
            ids_in(await read(shop.shop, opened, part=part), block_format, compression)
            for part in range(4)
        ]
        assert [profile_id for part in parts for profile_id in part] == ids
        assert all(parts)


async def test_more_streams_than_rows_are_empty_documents(shop: World) -> None:
    for block_format in FORMATS:
        opened = await ask(
            shop.shop,
            block_format,
            stream_count=5,
            match_criteria={"match_by": 1, "values": ["p00001", "p00002"]},
        )
        found = [
            ids_of(data, block_format)
            for part in range(5)
            if (data := await read(shop.shop, opened, part=part))
        ]
        assert sorted(profile_id for part in found for profile_id in part) == ["p00001", "p00002"]


@pytest.mark.parametrize("delivery", [STREAMS, FILES])
@pytest.mark.parametrize("block_format", FORMATS)
async def test_any_part_is_resumed_at_any_offset_with_the_same_bytes_after_a_restart_too(
    settings: Settings, block_format: int, delivery: int
) -> None:
    many: dict[str, Any] = {"max_file_rows": 50} if delivery == FILES else {"stream_count": 2}
    whole: dict[tuple[int, int], bytes] = {}
    opened: dict[int, Any] = {}
    for is_restarted in (False, True):
        async with serving(settings) as admin:
            if not is_restarted:
                await admin("CreateAccount", account_id="shop")
                await open_shop(admin, COUNT)
                start = ask_files if delivery == FILES else ask
                for compression in COMPRESSIONS:
                    opened[compression] = await start(
                        admin, block_format, compression=compression, **many
                    )
                    for part in range(2):
                        data = await read(admin, opened[compression], part=part)
                        whole[compression, part] = data
                await write(admin, range(COUNT), "Lillehammer")
                await admin("DeleteField", name=f"{SHOP}/lists/news/fields/Town")
            for (packed, part), data in whole.items():
                length = len(data)
                for offset in (0, 1, length // 3, length // 2, length - 1, length):
                    again = await read(admin, opened[packed], offset, part=part)
                    assert again == data[offset:]


@pytest.mark.parametrize("delivery", [STREAMS, FILES])
@pytest.mark.parametrize("block_format", [BATCH, NDJSON])
async def test_a_window_of_rows_is_a_document_of_its_own(
    shop: World, delivery: int, block_format: int
) -> None:
    opened = await (ask_files if delivery == FILES else ask)(shop.shop, block_format)
    ids = ids_of(await read(shop.shop, opened), block_format)
    big = 2**63 - 1
    for first, limit in ((1, 1), (1, COUNT), (7, 30), (80, 50), (91, 5), (big, 1), (2, big)):
        window = {"offset": first, "limit": limit}
        data = await read(shop.shop, opened, rows=window)
        assert ids_of(data, block_format) == ids[first - 1 :][:limit]
        for offset in {0, len(data) // 3, len(data)}:
            assert await read(shop.shop, opened, offset, rows=window) == data[offset:]
        with refused("OUT_OF_RANGE", "OFFSET_OUT_OF_RANGE"):
            await read(shop.shop, opened, len(data) + 1, rows=window)
    assert ids_of(await read(shop.shop, opened, rows={}), block_format) == ids


@pytest.mark.parametrize("block_format", FORMATS)
async def test_windows_side_by_side_are_the_whole_in_every_format(
    shop: World, block_format: int
) -> None:
    opened = await ask(shop.shop, block_format)
    found = []
    for first in range(1, COUNT + 1, 40):
        window = {"offset": first, "limit": 40}
        found += ids_of(await read(shop.shop, opened, rows=window), block_format)
    assert found == ids_of(await read(shop.shop, opened), block_format)
