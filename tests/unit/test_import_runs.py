"""Files become the same parts whatever happens on the way: refusals, breaks, new processes."""

import pytest
from google.rpc import status_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.client import Client, ImportProgress, LimitReached, RetryPolicy
from segue.client.files.file_import import FilesImport
from segue.client.files.inputs import LocalInput
from segue.client.files.planning import FileOptions
from segue.client.staging import STREAM_PARTS, numbered_parts
from segue.v1.block_pb2 import BlockFormat
from tests.unit.scripted_imports import ScriptedImports, Shelf, away, full

NDJSON = BlockFormat.BLOCK_FORMAT_NDJSON
QUICK = RetryPolicy(attempts=3, first_delay_seconds=0.001)


class Broken(Exception):
    """A process ends."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[LocalInput]:
    directory = tmp_path_factory.mktemp("inputs")
    rows = [f'{n},"person\n{n}"\n' for n in range(400)]
    files = {
        "a.csv": "profile_id,full_name\n" + "".join(rows),
        "b.csv": "id,name\n" + "".join(rows) + "ragged\n",
        "c.ndjson": "".join(f'{{"profile_id": "{n}"}}\n' for n in range(300)),
        "d.csv": "profile_id\n",
    }
    for name, text in files.items():
        (directory / name).write_text(text)
    return [LocalInput(path) for path in sorted(directory.iterdir())]


def _stage(
    shelf: Shelf, inputs: list[LocalInput], *, start: FilesImport | None = None, acks: int = 1000
) -> FilesImport:
    """Stages what another run left, and ends after so many acknowledged streams."""
    with ScriptedImports(shelf) as server, Client(server.target, retry=QUICK) as client:
        account = client.account("shop")
        with FilesImport(account, inputs, FileOptions(block_bytes=256)) as importing:
            if start:
                importing.resume(start.position, start.staged)
            left = iter(range(acks))

            def told(_: int, __: ImportProgress) -> None:
                if next(left, None) is None:
                    raise Broken

            try:
                importing.stage(client.resume_import("token"), told)
            except Broken:
                return importing
    return importing


@pytest.fixture(scope="module")
def whole(inputs: list[LocalInput]) -> tuple[FilesImport, Shelf]:
    shelf = Shelf()
    return _stage(shelf, inputs), shelf


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=3))
def test_a_run_that_is_broken_and_gone_on_with_stages_the_parts_of_a_whole_one(
    whole: tuple[FilesImport, Shelf], inputs: list[LocalInput], breaks: list[int]
) -> None:
    done, expected = whole
    shelf = Shelf()
    importing: FilesImport | None = None
    for acks in breaks:
        importing = _stage(shelf, inputs, start=importing, acks=acks)
    importing = _stage(shelf, inputs, start=importing)
    assert shelf.changed == []
    assert {n: (p.format, p.data) for n, p in shelf.parts.items()} == {
        n: (p.format, p.data) for n, p in expected.parts.items()
    }
    assert importing.position == done.position
    assert importing.staged == done.staged
    assert importing.rejected_count == 1


def test_what_is_durable_is_not_sent_again(
    whole: tuple[FilesImport, Shelf], inputs: list[LocalInput]
) -> None:
    done, expected = whole
    assert expected.sent_count == len(expected.parts) > STREAM_PARTS
    again = Shelf()
    _stage(again, inputs, start=done)
    assert again.sent_count == 0
    assert done.position.part == len(expected.parts) + 1


@pytest.mark.parametrize("refusal", [full(1), away()], ids=["full", "away"])
def test_refused_streams_are_sent_again_with_the_same_numbers_and_bytes(
    refusal: status_pb2.Status,
) -> None:
    shelf = Shelf(refusals=[refusal])
    blocks = [bytes([number]) for number in range(STREAM_PARTS)]
    with ScriptedImports(shelf) as server, Client(server.target, retry=QUICK) as client:
        progress = client.resume_import("token").stage(blocks, NDJSON)
    assert (progress.part_count, progress.last_part) == (STREAM_PARTS, STREAM_PARTS)
    assert shelf.sent_count == 2 * STREAM_PARTS
    assert (shelf.changed, [part.data for part in shelf.parts.values()]) == ([], blocks)


def test_a_limit_that_stays_is_told_at_once() -> None:
    shelf = Shelf(refusals=[full()])
    with ScriptedImports(shelf) as server, Client(server.target, retry=QUICK) as client:
        opened = client.resume_import("token")
        with pytest.raises(LimitReached):
            opened.stage_parts(numbered_parts([b"a"], NDJSON))
    assert shelf.sent_count == 1
