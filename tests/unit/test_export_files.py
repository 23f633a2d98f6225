"""Files of exports: whatever happens on the way, what has its name in the end is whole, and is what was asked for."""

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.cli.export_choice import ExportChoice, ExportPlan
from segue.cli.export_files import Brought, Destination, Fetch, Part
from segue.cli.export_since import SinceLast, since_last
from segue.cli.export_words import Format, Matched, Status
from segue.cli.failures import CommandFailed
from segue.cli.part_file import ExportMemory, write_private
from segue.client import Block
from segue.client.snapshot import PinnedSnapshot
from segue.v1.block_pb2 import BlockFormat, Compression
from segue.v1.export_service_pb2 import InitiateExportResponse

SUFFIX = ".ndjson"
LAST = "sync"


class Broken(Exception):
    """The connection went for good."""


def part(number: int, data: bytes, *, dies_at: int | None = None, known: bool = True) -> Part:
    """Returns a part of single bytes as blocks, whose connection may end before one of them."""

    def blocks(offset: int) -> Iterator[Block]:
        for position in range(offset, len(data)):
            if position == dies_at:
                raise Broken
            yield Block(data[position : position + 1], position, position + 1, 1)

    digest = hashlib.sha256(data).digest() if known else b""
    return Part(number, blocks, digest, len(data) if known else None)


def fetch(output: Path, parts: list[Part], *, resumed: bool = False) -> Brought:
    destination = Destination(output, len(parts), SUFFIX)
    destination.prepare(parts, resumed=resumed)
    return Fetch(destination, lambda *_: None, resumed=resumed).run(parts, 2, lambda: None)


@settings(max_examples=50, deadline=None)
@given(
    datas=st.lists(st.binary(max_size=12), min_size=1, max_size=4),
    # All drawn beforehand: how far two threads are when one breaks is not the same each time.
    deaths=st.lists(st.tuples(*[st.none() | st.integers(0, 12)] * 4), min_size=3, max_size=3),
    known=st.booleans(),
)
def test_interrupted_anywhere_and_gone_on_with_files_hold_the_exports_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    datas: list[bytes],
    deaths: list[tuple[int | None, ...]],
    known: bool,  # noqa: FBT001 - drawn by its name
) -> None:
    output = tmp_path_factory.mktemp("fetch") / "out"
    resumed = False
    for dies_at in deaths:
        dying = [part(n, data, dies_at=dies_at[n], known=known) for n, data in enumerate(datas)]
        try:
            fetch(output, dying, resumed=resumed)
        except Broken:
            resumed = True
            continue
        break
    brought = fetch(
        output, [part(n, data, known=known) for n, data in enumerate(datas)], resumed=True
    )
    assert brought.byte_count == sum(map(len, datas))
    paths = sorted(output.iterdir()) if len(datas) > 1 else [output]
    assert [path.read_bytes() for path in paths] == datas


def test_a_file_that_does_not_fit_its_checksum_is_deleted_and_said_so(tmp_path: Path) -> None:
    wrong = replace(part(0, b"abc"), sha256=hashlib.sha256(b"abd").digest())
    with pytest.raises(CommandFailed, match="does not fit its SHA-256"):
        fetch(tmp_path / "out", [wrong])
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_there_are_checked_and_not_fetched_again(tmp_path: Path) -> None:
    parts = [part(n, bytes([65 + n]) * 5) for n in range(3)]
    fetch(tmp_path, parts)
    (tmp_path / "part-00001.ndjson").write_bytes(b"AAAAA")
    again = fetch(tmp_path, parts)
    assert (again.received_bytes, again.resumed_bytes, again.checked_count) == (5, 10, 3)
    assert (tmp_path / "part-00001.ndjson").read_bytes() == b"BBBBB"


def test_parts_of_another_export_do_not_get_mixed_in(tmp_path: Path) -> None:
    fetch(tmp_path / "out", [part(n, b"old", known=False) for n in range(3)])
    with pytest.raises(CommandFailed, match="another export"):
        fetch(tmp_path / "out", [part(n, b"new", known=False) for n in range(2)])
    with pytest.raises(CommandFailed, match="another export"):
        fetch(tmp_path / "out", [part(n, b"new") for n in range(2)])


def test_several_parts_do_not_go_into_one_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(CommandFailed, match="need a directory"):
        Destination(tmp_path / "out", 2, SUFFIX)


def pinned() -> PinnedSnapshot:
    opened = InitiateExportResponse(sync_token=LAST)
    opened.snapshot_time.FromJsonString("2026-01-31T12:00:00.003Z")
    return PinnedSnapshot("secret", opened)


def test_an_interrupted_export_is_remembered_for_its_owner_and_itself_only(tmp_path: Path) -> None:
    memory = ExportMemory(tmp_path / "m", {"account": "shop", "segments": ("a",)})
    memory.keep(pinned())
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o600
    found = memory.recall()
    assert found is not None
    assert found.token == "secret"  # noqa: S105 — the one above
    assert ExportMemory(tmp_path / "m", {"account": "bank"}).recall() is None
    (tmp_path / "m").write_text("{")
    assert memory.recall() is None


def test_private_files_replace_what_was_there_with_its_mode(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old")
    (tmp_path / "token").chmod(0o644)
    write_private(tmp_path / "token", "new")
    assert (tmp_path / "token").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def plan(choice: ExportChoice, values: tuple[str, ...] = ()) -> ExportPlan:
    return ExportPlan(choice, tuple(choice.segments or ()), values)


def state(tmp_path: Path, choice: ExportChoice, values: tuple[str, ...] = ()) -> SinceLast:
    return since_last(plan(choice, values), "here:1", tmp_path / "F", None)


@pytest.mark.parametrize(
    "other",
    [
        ExportChoice("bank", ["a"], include_removed=True),
        ExportChoice("shop", ["b"], include_removed=True),
        ExportChoice("shop", segment_group="a", include_removed=True),
        ExportChoice("shop", ["a"], statuses=[Status.ANY], include_removed=True),
        ExportChoice("shop", ["a"], fields=["emails"], include_removed=True),
        ExportChoice("shop", ["a"], match_by=Matched.EMAIL, include_removed=True),
    ],
)
def test_runs_go_on_from_the_last_of_the_same_profiles_and_from_no_other(
    tmp_path: Path, other: ExportChoice
) -> None:
    choice = ExportChoice("shop", ["a"], include_removed=True)
    first = state(tmp_path, choice)
    full = first.applied(plan(choice)).choice
    assert not full.is_increment
    assert not full.include_removed
    export = pinned()
    first.note(export, export.sync_token)
    increment = state(tmp_path, choice).applied(plan(choice)).choice
    assert increment.sync_token == export.sync_token
    assert increment.include_removed
    assert not state(tmp_path, other).applied(plan(other)).choice.is_increment
    as_csv = replace(choice, output_format=Format.CSV)
    assert state(tmp_path, as_csv).applied(plan(as_csv)).choice.is_increment


def test_without_a_sync_token_a_run_goes_on_from_the_snapshots_time(tmp_path: Path) -> None:
    choice = ExportChoice("shop")
    state(tmp_path, choice).note(pinned(), "")
    found = state(tmp_path, choice).applied(plan(choice)).choice
    assert (found.sync_token, found.last_datetime) == ("", "2026-01-31T12:00:00.003Z")


def test_values_that_are_matched_are_not_written_down(tmp_path: Path) -> None:
    choice = ExportChoice("shop", match_by=Matched.EMAIL)
    state(tmp_path, choice, ("anna@example.com",)).note(pinned(), "sync")
    written = (tmp_path / "F.segue-state").read_text()
    assert "anna" not in written
    assert "sync" in written
    other = ("erik@example.com",)
    assert not state(tmp_path, choice, other).applied(plan(choice, other)).choice.is_increment


def test_a_damaged_state_file_is_an_error_and_no_full_export(tmp_path: Path) -> None:
    (tmp_path / "F.segue-state").write_text("{")
    with pytest.raises(CommandFailed, match="not a state file"):
        state(tmp_path, ExportChoice("shop")).applied(plan(ExportChoice("shop")))


def test_since_last_does_not_go_with_other_times_or_without_a_place(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="one of them"):
        state(tmp_path, ExportChoice("shop", last_datetime="2026-01-31"))
    with pytest.raises(CommandFailed, match="--state-file"):
        since_last(plan(ExportChoice("shop")), "here:1", Path("-"), None)


def test_every_format_and_state_of_the_command_line_has_its_number() -> None:
    numbers = {choice.block_format for choice in Format}
    not_exported = {0, BlockFormat.BLOCK_FORMAT_EVENT_BATCH}
    assert numbers == set(BlockFormat.values()) - not_exported
    states = plan(ExportChoice("shop", statuses=[Status.ANY])).selection()["states"]
    assert list(states) == [1, 2, 3, 4, 5, 6]
    one = plan(ExportChoice("shop", statuses=[Status.BOUNCED])).selection()["states"]
    assert list(one) == [4]
    assert plan(ExportChoice("shop")).selection()["compression"] == (
        Compression.COMPRESSION_UNSPECIFIED
    )
