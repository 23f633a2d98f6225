"""Every way in which the kernel refuses, raised once: class, metadata, and a message made of the metadata."""

from collections.abc import Callable
from pathlib import Path

import pytest

from segue import errors
from segue._kernel import Plan, Schema, Table, decode, next_tick, verify_snapshot
from segue.errors import SegueError
from segue.v1.block_pb2 import BlockFormat
from tests.kernel.definitions import PLAN_COLUMN, SCHEMA, aged, part_of, plan_of

PROFILE_BATCH = BlockFormat.BLOCK_FORMAT_PROFILE_BATCH


def read_behind_the_end(_: Path) -> None:
    snapshot = Table().snapshot()
    export = snapshot.export(
        SCHEMA,
        None,
        PROFILE_BATCH,
        block_bytes=1_000,
    )
    export.read(9)


def decode_as(block_format: int, data: bytes) -> None:
    decode(SCHEMA, block_format, data, list_id=None, ignore_unknown_fields=False)


def write_to_a_file(directory: Path) -> None:
    (directory / "taken").write_text("")
    Table().snapshot().write(str(directory / "taken"))


def verify_a_damaged_file(directory: Path) -> None:
    table = Table()
    table.apply([part_of(aged("a", 1.0))], 1, 3)
    table.snapshot().write(str(directory))
    damaged = max(directory.iterdir(), key=lambda path: (path.suffix == ".bin", path.name))
    damaged.write_bytes(bytes(byte ^ 1 for byte in damaged.read_bytes()))
    verify_snapshot(str(directory))


def matching(pattern: str) -> object:
    return {"predicate": {"column": PLAN_COLUMN, "op": "matches", "pattern": pattern}}


def commit_twice(_: Path) -> None:
    transaction = Table().begin(3)
    transaction.commit(1)
    transaction.commit(2)


REFUSALS: list[tuple[type[SegueError], set[str], Callable[[Path], object]]] = [
    (errors.TimeOutOfRange, {"row"}, lambda _: next_tick(2**62)),
    (
        errors.BlockInvalid,
        {"format", "problem", "offset"},
        lambda _: decode_as(PROFILE_BATCH, b"\x12\xff"),
    ),
    (
        errors.BlockTooLarge,
        {"size_bytes", "maximum"},
        lambda _: decode(
            SCHEMA, PROFILE_BATCH, bytes(9), None, ignore_unknown_fields=False, max_bytes=8
        ),
    ),
    (errors.OffsetOutOfRange, {"offset", "end"}, read_behind_the_end),
    (errors.DefinitionInvalid, {"what", "problem"}, lambda _: Schema(b"{")),
    (errors.DefinitionInvalid, {"what", "problem"}, lambda _: Plan(SCHEMA, b'{"xor": []}', 0)),
    (errors.PatternTooCostly, {"problem"}, lambda _: plan_of(matching("a(b"))),
    (errors.PatternTooCostly, {"problem"}, lambda _: plan_of(matching(r"\w{1000}"))),
    (
        errors.DefinitionInvalid,
        {"what", "problem"},
        lambda _: decode_as(BlockFormat.BLOCK_FORMAT_EVENT_BATCH, b""),
    ),
    (errors.SnapshotInvalid, {"file", "problem"}, lambda path: Table.open(str(path))),
    (errors.SnapshotInvalid, {"file", "problem"}, verify_a_damaged_file),
    (errors.FileFailed, {"operation", "file", "problem"}, write_to_a_file),
    (errors.InternalError, set(), commit_twice),
]


@pytest.mark.parametrize(("kind", "keys", "call"), REFUSALS)
def test_a_refusal_has_its_class_and_its_values(
    kind: type[SegueError], keys: set[str], call: Callable[[Path], object], tmp_path: Path
) -> None:
    with pytest.raises(SegueError) as caught:
        call(tmp_path)
    assert type(caught.value) is kind
    assert set(caught.value.metadata) == keys
    for value in caught.value.metadata.values():
        assert value in str(caught.value)


def test_a_transaction_that_ended_may_be_rolled_back_again() -> None:
    transaction = Table().begin(3)
    transaction.roll_back()
    transaction.roll_back()
    with pytest.raises(errors.InternalError):
        transaction.apply(part_of(aged("a", 1.0)))


def test_numbers_that_no_field_can_hold_are_python_errors() -> None:
    with pytest.raises(OverflowError):
        next_tick(2**64)
    with pytest.raises(OverflowError):
        Table().apply([], -(2**64), 0)
