"""Downloads that end before their end: withdrawn, given up, broken off by a server that stops; and files over gRPC."""

import asyncio
import os
from pathlib import Path

import pytest

from segue import _kernel
from segue.domain.export import ExportState
from segue.transport.grpc.desk import CallLimits
from segue.v1.export_service_pb2 import RetrieveExportResponse
from tests.http.conftest import Fetch
from tests.http.shelf import DOCUMENT, Placed, Shelf, curl, open_shelf

SIZE = len(DOCUMENT)


async def begin(
    shelf: Shelf, placed: Placed, *headers: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Asks for a file on a connection of its own, and reads its head only."""
    host, port = shelf.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 16)
    lines = [
        f"GET {placed.path} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {shelf.keys['shop']}",
        *headers,
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


@pytest.mark.parametrize("accept", ["identity", "gzip", "zstd"])
async def test_an_export_that_is_withdrawn_while_it_is_sent_is_never_a_short_file_that_looks_whole(
    shelf: Shelf, accept: str
) -> None:
    data = os.urandom(40 << 20)
    placed = await shelf.put(data)
    reader, writer = await begin(shelf, placed, f"Accept-Encoding: {accept}")
    await shelf.exports.ends.end(placed.row, ExportState.WITHDRAWN)
    rest = await reader.read(-1)
    assert len(rest) < len(data)
    assert not rest.endswith(b"\r\n0\r\n\r\n")
    writer.close()
    assert await shelf.state_of(placed) is ExportState.WITHDRAWN


async def test_downloads_share_the_places_of_their_account(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("curl")
    async with open_shelf(tmp_path, CallLimits(100, 1, 10)) as shelf:
        large, other = await shelf.put(bytes(40 << 20)), await shelf.put(b"x", account="bank")
        _, writer = await begin(shelf, large)
        refused = await curl(
            f"{shelf.address}{large.path}", key=shelf.keys["shop"], directory=directory
        )
        by_link = await curl(f"{shelf.address}{large.link_path}", directory=directory)
        assert (refused.status, by_link.status) == (429, 429)
        assert "retry-after" in refused.headers
        fine = await curl(
            f"{shelf.address}{other.path}", key=shelf.keys["bank"], directory=directory
        )
        assert fine.body == b"x"
        writer.close()
        while shelf.calls.desk.in_flight:
            await asyncio.sleep(0.01)
        assert not shelf.calls.desk.account_in_flight
        again = await curl(
            f"{shelf.address}{large.path}", key=shelf.keys["shop"], directory=directory
        )
        assert (again.status, len(again.body)) == (200, 40 << 20)


async def test_a_server_that_stops_takes_no_new_requests(shelf: Shelf, fetch: Fetch) -> None:
    placed = await shelf.put(DOCUMENT)
    shelf.calls.desk.stop()
    answer = await fetch(placed.path, by="shop")
    assert answer.status == 503
    assert "retry-after" in answer.headers


async def test_a_server_that_stops_breaks_downloads_off_when_the_grace_is_over(
    shelf: Shelf,
) -> None:
    data = bytes(40 << 20)
    placed = await shelf.put(data)
    reader, writer = await begin(shelf, placed)
    await shelf.calls.stop(0.01)
    assert shelf.calls.desk.in_flight == 0
    assert len(await reader.read(-1)) < len(data)
    writer.close()


@pytest.mark.parametrize("cut", [0, 1, 699_999, 700_000, 700_001, SIZE])
async def test_the_same_file_leaves_over_grpc_in_its_blocks(shelf: Shelf, cut: int) -> None:
    placed = await shelf.put(DOCUMENT)
    row = await shelf.exports.files.find(None, placed.row.export_id, 0)
    position, data = cut, b""
    async for frame in shelf.exports.files.frames(row.account, row.export, 0, cut):
        block = RetrieveExportResponse.FromString(frame)
        assert block.offset == position
        assert block.crc32c == _kernel.crc32c(block.data)
        position, data = block.next_offset, data + block.data
    assert (position, data) == (SIZE, DOCUMENT[cut:])
