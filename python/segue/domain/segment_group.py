"""Segment groups: named combinations of segments by AND, OR and EXCEPT (seed 000)."""

import enum
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from segue.errors import FieldInvalid, FieldViolation

MAX_DEPTH: Final = 10
"""Combinations within each other; what a group named has within it does not count."""

MAX_OPERANDS: Final = 100
"""Operands of a combination and of all within it; what a group named has does not count."""


class SegmentOperator(enum.IntEnum):
    """How operands are combined; the numbers of `segue.v1.SegmentOperator`, the names those of the store."""

    AND = 1
    OR = 2
    EXCEPT = 3

    @property
    def fewest_operands(self) -> int:
        """How many operands it needs."""
        return 2 if self is SegmentOperator.EXCEPT else 1


@dataclass(frozen=True)
class SegmentRef:
    """A segment as an operand."""

    segment_id: str


@dataclass(frozen=True)
class GroupRef:
    """Another group as an operand."""

    group_id: str


@dataclass(frozen=True)
class Combination:
    """Operands put together; for EXCEPT the first without any of the others."""

    operator: SegmentOperator
    operands: tuple["Operand", ...]


Operand = SegmentRef | GroupRef | Combination


@dataclass(frozen=True)
class SegmentGroup:
    """A group as it is stored."""

    account_id: str
    group_id: str
    display_name: str
    combination: Combination
    create_millis: int
    update_millis: int
    """Tick of the account's change clock, so that increments know which combination was in force."""
    version: int
    """Number of its revision; the etag."""

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/segmentGroups/{self.group_id}"


@dataclass(frozen=True)
class SegmentGroupRevision:
    """A group's combination between two changes, and who made it so."""

    number: int
    combination: Combination
    author: str
    """Resource name of the API key, `admin` or `system`."""
    create_millis: int


@dataclass(frozen=True)
class SegmentGroupChange:
    """What an update changes; None stays."""

    display_name: str | None = None
    combination: Combination | None = None


@dataclass(frozen=True)
class CountedGroup:
    """A group and how many profiles belong to it; 0 where they were not counted."""

    group: SegmentGroup
    member_count: int = 0


def named_in(combination: Combination, field: str) -> Iterator[tuple[str, SegmentRef | GroupRef]]:
    """Yields the segments and groups that a combination names, each with the path of its operand, in order."""
    for position, operand in enumerate(combination.operands):
        path = f"{field}.operands[{position}]"
        if isinstance(operand, Combination):
            yield from named_in(operand, f"{path}.combination")
        else:
            yield path, operand


def segment_ids_in(combination: Combination) -> frozenset[str]:
    """Returns the ids of the segments that a combination names itself."""
    named = (ref for _, ref in named_in(combination, ""))
    return frozenset(ref.segment_id for ref in named if isinstance(ref, SegmentRef))


def group_ids_in(combination: Combination) -> frozenset[str]:
    """Returns the ids of the groups that a combination names itself."""
    named = (ref for _, ref in named_in(combination, ""))
    return frozenset(ref.group_id for ref in named if isinstance(ref, GroupRef))


def check_combination(combination: Combination, field: str) -> None:
    """Checks what needs no look at the account: numbers of operands, and nesting.

    Raises:
        FieldInvalid: Tells of every combination that is wrong.
    """
    violations = list(_problems(combination, field, 1))
    count = _count(combination)
    if count > MAX_OPERANDS:
        violations.append(
            FieldViolation(field, f"has {count} operands in all, at most {MAX_OPERANDS} fit")
        )
    if violations:
        raise FieldInvalid(*violations)


def _problems(combination: Combination, field: str, depth: int) -> Iterator[FieldViolation]:
    if depth > MAX_DEPTH:
        yield FieldViolation(
            field, f"is nested deeper than {MAX_DEPTH}; make a part of it a group of its own"
        )
        return
    fewest = combination.operator.fewest_operands
    if len(combination.operands) < fewest:
        yield FieldViolation(
            f"{field}.operands",
            f"has too few for {combination.operator.name}, which needs {fewest}",
        )
    for position, operand in enumerate(combination.operands):
        if isinstance(operand, Combination):
            path = f"{field}.operands[{position}].combination"
            yield from _problems(operand, path, depth + 1)


def _count(combination: Combination) -> int:
    return sum(
        1 + (_count(operand) if isinstance(operand, Combination) else 0)
        for operand in combination.operands
    )


def encode_combination(combination: Combination) -> str:
    """Writes a combination as JSON for the store."""
    return json.dumps(_json(combination), separators=(",", ":"))


def decode_combination(text: str) -> Combination:
    """Reads a combination from the store."""
    return _combination(json.loads(text))


def _json(operand: Operand) -> dict[str, Any]:
    match operand:
        case SegmentRef(segment_id):
            return {"segment": segment_id}
        case GroupRef(group_id):
            return {"group": group_id}
        case Combination(operator, operands):
            return {"operator": operator.name, "operands": list(map(_json, operands))}


def _operand(written: dict[str, Any]) -> Operand:
    if "segment" in written:
        return SegmentRef(written["segment"])
    return GroupRef(written["group"]) if "group" in written else _combination(written)


def _combination(written: dict[str, Any]) -> Combination:
    operands = tuple(map(_operand, written["operands"]))
    return Combination(SegmentOperator[written["operator"]], operands)
