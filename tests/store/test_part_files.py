"""Files of parts: what was appended is read back, whatever was appended at the same time, before a crash, or refused."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import StoreUnavailable
from segue.store.part_files import PartFiles

KEYS = ((1, 1), (1, 2), (2, 3))


@settings(max_examples=20, deadline=None)
@given(
    rounds=st.lists(
        st.lists(st.tuples(st.sampled_from(KEYS), st.binary(min_size=1, max_size=300)), max_size=8),
        max_size=4,
    ),
    garbage=st.binary(max_size=100),
)
async def test_all_appends_are_read_back_and_none_overlaps_another(
    tmp_path_factory: pytest.TempPathFactory,
    rounds: list[list[tuple[tuple[int, int], bytes]]],
    garbage: bytes,
) -> None:
    directory = tmp_path_factory.mktemp("parts") / "parts"
    appended: list[tuple[tuple[int, int], int, bytes]] = []
    for appends in rounds:
        files = PartFiles(directory)
        places = await asyncio.gather(*(files.append(key, data) for key, data in appends))
        appended += [(key, place, data) for (key, data), place in zip(appends, places, strict=True)]
        for key, place, data in appended:
            assert await files.read(key, place, len(data)) == data
        assert await files.keys() == {key for key, *_ in appended}
        await files.close()
        for key in {key for key, *_ in appended}:  # a crash in the middle of an append
            with (directory / str(key[0]) / str(key[1])).open("ab") as file:
                file.write(garbage)


async def test_files_that_were_removed_hold_nothing_and_begin_anew(tmp_path: Path) -> None:
    files = PartFiles(tmp_path / "parts")
    assert await files.keys() == set()
    place = await files.append((1, 1), b"first")
    await files.append((1, 2), b"other")
    await files.remove([(1, 1), (9, 9)])
    assert await files.keys() == {(1, 2)}
    assert await files.read((1, 1), place, 5) == b""
    assert await files.append((1, 1), b"second") == 0
    assert await files.read((1, 1), 0, 6) == b"second"
    await files.close()


async def test_what_is_cut_off_is_read_as_far_as_it_is_there(tmp_path: Path) -> None:
    files = PartFiles(tmp_path / "parts")
    place = await files.append((1, 1), b"whole")
    (tmp_path / "parts" / "1" / "1").write_bytes(b"who")
    assert await files.read((1, 1), place, 5) == b"who"
    await files.close()


async def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "parts").write_text("a file where a directory should be")
    files = PartFiles(tmp_path / "parts")
    with pytest.raises(StoreUnavailable):
        await files.append((1, 1), b"data")
    await files.close()


async def test_others_may_not_read_the_files(tmp_path: Path) -> None:
    files = PartFiles(tmp_path / "parts")
    await files.append((1, 1), b"data")
    assert (tmp_path / "parts" / "1" / "1").stat().st_mode & 0o077 == 0
    assert (tmp_path / "parts" / "1").stat().st_mode & 0o077 == 0
    await files.close()


async def test_an_append_to_what_was_just_removed_does_not_fail(tmp_path: Path) -> None:
    files = PartFiles(tmp_path / "parts")
    await files.append((1, 1), b"first")
    (tmp_path / "parts" / "1" / "1").unlink()
    place = await files.append((1, 1), b"second")
    assert await files.read((1, 1), place, 6) == b"second"
    assert await files.keys() == {(1, 1)}
    await files.close()
