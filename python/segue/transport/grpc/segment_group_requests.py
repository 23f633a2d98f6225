"""What callers send about segment groups as domain values."""

from typing import Final

from segue.domain.segment_group import (
    Combination,
    GroupRef,
    Operand,
    SegmentGroupChange,
    SegmentOperator,
    SegmentRef,
)
from segue.errors import FieldInvalid, FieldViolation
from segue.transport.grpc import names
from segue.v1 import segment_group_pb2, segment_group_service_pb2

_FIELD: Final = "segment_group.combination"
_OPERATORS: Final = {operator.value: operator for operator in SegmentOperator}
_MUTABLE: Final = ("display_name", "combination")


def combination_of(account: str, group: segment_group_pb2.SegmentGroup) -> Combination:
    """Returns the combination of a group of an account.

    Raises:
        FieldInvalid: It is missing, or operators, operands or their names are; tells of all.
    """
    if not group.HasField("combination"):
        raise FieldInvalid(FieldViolation(_FIELD, "is missing; combine segments or groups"))
    reader = _Reader(account)
    combination = reader.combination(group.combination, _FIELD)
    if reader.violations:
        raise FieldInvalid(*reader.violations)
    return combination


def segment_group_change_of(
    account: str, request: segment_group_service_pb2.UpdateSegmentGroupRequest
) -> SegmentGroupChange:
    """Returns what an update changes: what the mask names, without one what is set.

    Raises:
        FieldInvalid: The mask names a field that cannot change, or the combination is malformed.
    """
    group, paths = request.segment_group, set(request.update_mask.paths)
    if unknown := paths - {*_MUTABLE, "*"}:
        known = ", ".join(_MUTABLE)
        raise FieldInvalid(
            FieldViolation("update_mask", f"names {min(unknown)!r}; may name {known}")
        )
    with_name = paths & {"display_name", "*"} if paths else group.display_name
    with_combination = paths & {"combination", "*"} if paths else group.HasField("combination")
    return SegmentGroupChange(
        group.display_name if with_name else None,
        combination_of(account, group) if with_combination else None,
    )


class _Reader:
    """Reads combinations and collects what is wrong with them."""

    def __init__(self, account: str) -> None:
        self._account = account
        self.violations: list[FieldViolation] = []

    def combination(self, message: segment_group_pb2.SegmentCombination, field: str) -> Combination:
        operator = _OPERATORS.get(message.operator)
        if operator is None:
            self._note(f"{field}.operator", "is missing or unknown; choose AND, OR or EXCEPT")
        operands = [
            self._operand(operand, f"{field}.operands[{position}]")
            for position, operand in enumerate(message.operands)
        ]
        return Combination(operator or SegmentOperator.AND, tuple(operands))

    def _operand(self, message: segment_group_pb2.SegmentOperand, field: str) -> Operand:
        try:
            return self._named(message, field)
        except FieldInvalid as error:
            self.violations += error.violations
            return SegmentRef("")

    def _named(self, message: segment_group_pb2.SegmentOperand, field: str) -> Operand:
        match message.WhichOneof("operand"):
            case "segment":
                path = f"{field}.segment"
                return SegmentRef(names.segment_within(self._account, message.segment, path))
            case "segment_group":
                path, name = f"{field}.segment_group", message.segment_group
                return GroupRef(names.segment_group_within(self._account, name, path))
            case "combination":
                return self.combination(message.combination, f"{field}.combination")
            case _:
                missing = "is missing; send segment, segment_group or combination"
                raise FieldInvalid(FieldViolation(field, missing))

    def _note(self, field: str, problem: str) -> None:
        self.violations.append(FieldViolation(field, problem))
