"""Blobs are there whole or not at all: in a directory, in object storage, on a full disk, after a cancellation and after a crash."""

import asyncio
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import StorageFull, StoreUnavailable
from segue.store.blob_directory import DRAFTS
from segue.store.blobs import EXPORTS_DIRECTORY, Blobs

MIB = 1 << 20


@pytest.fixture(params=["directory", "memory:///"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Both places promise the same."""
    return Blobs.open(None if request.param == "directory" else request.param, tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


async def write(blobs: Blobs, path: str, *pieces: bytes) -> None:
    async with blobs.writer(path) as writer:
        for piece in pieces:
            await writer.write(piece)


async def is_there(blobs: Blobs, path: str) -> bool:
    try:
        await blobs.read(path, 0, 1)
    except FileNotFoundError:
        return False
    return True


def files_of(data_dir: Path) -> list[str]:
    return sorted(path.name for path in data_dir.rglob("*") if path.is_file())


@given(
    pieces=st.lists(st.binary(max_size=40), min_size=1),
    cut=st.tuples(st.integers(0), st.integers(0)),
)
def test_any_part_of_a_blob_is_that_of_the_pieces_written(
    pieces: list[bytes], cut: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = b"".join(pieces)
    start, end = sorted(position % (len(whole) + 1) for position in cut)

    async def law() -> None:
        for url in (None, "memory:///"):
            blobs = Blobs.open(url, tmp_path_factory.mktemp("blobs"))
            await write(blobs, "a/0", *pieces)
            assert await blobs.read("a/0", start, end) == whole[start:end]
            await blobs.close()

    asyncio.run(law())


async def test_a_blob_appears_when_its_block_ends(blobs: Blobs) -> None:
    async with blobs.writer("a/0") as writer:
        await writer.write(memoryview(b"some"))
        assert not await is_there(blobs, "a/0")
    assert await blobs.read("a/0", 0, 4) == b"some"


@pytest.mark.parametrize("size", [0, 10, 20 * MIB])
async def test_nothing_remains_of_a_blob_whose_block_fails(
    blobs: Blobs, size: int, tmp_path: Path
) -> None:
    async def fail() -> None:
        async with blobs.writer("a/0") as writer:
            await writer.write(bytes(size))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not await is_there(blobs, "a/0")
    assert files_of(tmp_path) == []


@pytest.mark.parametrize("pauses", range(8))
async def test_nothing_remains_of_a_blob_whose_writer_is_cancelled_at_any_moment(
    blobs: Blobs, pauses: int, tmp_path: Path
) -> None:
    task = asyncio.create_task(write(blobs, "a/0", *[bytes(MIB)] * 4))
    for _ in range(pauses):
        await asyncio.sleep(0.001)
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    assert await is_there(blobs, "a/0") == (outcome is None)
    await blobs.close()
    assert len(files_of(tmp_path)) <= (outcome is None)


async def test_deleting_what_is_not_there_is_fine(blobs: Blobs) -> None:
    await write(blobs, "a/0", b"x")
    await write(blobs, "a/1", b"y")
    await blobs.delete(["a/0", "a/0", "b/7"])
    assert not await is_there(blobs, "a/0")
    assert await blobs.read("a/1", 0, 1) == b"y"


async def test_a_blob_that_ends_early_is_no_short_answer(blobs: Blobs) -> None:
    await write(blobs, "a/0", b"four")
    with pytest.raises(StoreUnavailable):
        await blobs.read("a/0", 2, 9)


async def test_blobs_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    await write(Blobs.open(None, tmp_path), "a/0", b"x")
    for path in (tmp_path / EXPORTS_DIRECTORY).rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


async def test_sweeping_deletes_what_an_earlier_process_left_and_no_row_knows(
    tmp_path: Path,
) -> None:
    before = Blobs.open(None, tmp_path)
    await write(before, "a/0", b"known")
    await write(before, "a/1", b"unknown")
    left = tmp_path / EXPORTS_DIRECTORY / DRAFTS / "left"
    left.write_bytes(b"half")
    blobs = Blobs.open(None, tmp_path)
    await write(blobs, "b/0", b"row comes soon")
    async with blobs.writer("c/0") as writer:
        await writer.write(b"being ")
        await blobs.sweep({"a/0"})
        await writer.write(b"written")
    assert not left.exists()
    assert [await is_there(blobs, path) for path in ("a/0", "a/1", "b/0")] == [True, False, True]
    assert await blobs.read("c/0", 0, 13) == b"being written"


async def test_a_full_disk_is_told_with_a_remedy_and_gets_its_space_back(small_disk: Path) -> None:
    blobs = Blobs.open(None, small_disk)
    await write(blobs, "a/0", bytes(MIB // 2))
    for _ in range(3):
        with pytest.raises(StorageFull, match="free space") as caught:
            await write(blobs, "a/1", *[bytes(MIB // 4)] * 12)
        assert str(small_disk) not in str(caught.value)
        assert not await is_there(blobs, "a/1")
    await write(blobs, "a/2", bytes(MIB))
    assert await blobs.read("a/2", 0, MIB) == bytes(MIB)
    await blobs.close()


async def test_a_place_that_is_gone_is_told_without_its_path(tmp_path: Path) -> None:
    blobs = Blobs.open(f"file://{tmp_path}/there", tmp_path)
    (tmp_path / "there" / DRAFTS).rmdir()
    with pytest.raises(StoreUnavailable) as caught:
        await write(blobs, "a/0", b"x")
    assert str(tmp_path) not in str(caught.value)


def test_an_address_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="s3://bucket/prefix"):
        Blobs.open("gopher://bucket", tmp_path)
