"""Combinations of segments and groups, as documents write them."""

from collections.abc import Mapping
from typing import Final

from segue.client.names import segment_group_name, segment_name
from segue.v1.segment_group_pb2 import SegmentCombination, SegmentOperand, SegmentOperator

_OPERATORS: Final = {
    "AND": SegmentOperator.SEGMENT_OPERATOR_AND,
    "OR": SegmentOperator.SEGMENT_OPERATOR_OR,
    "EXCEPT": SegmentOperator.SEGMENT_OPERATOR_EXCEPT,
}


class CombinationMalformed(ValueError):
    """A document of a combination has another shape; says where."""


def segment_combination(account: str, document: object) -> SegmentCombination:
    """Reads `{"operator": "EXCEPT", "operands": [{"segment": …}, {"segment_group": …}, {"operator": …, "operands": […]}]}`.

    Segments and groups are named by id or full name. Whether there are such, and how many may be combined, is for the server to say.

    Raises:
        CombinationMalformed: A part is missing, unknown, or of another type.
    """
    return _combination(account, document, "the document")


def _combination(account: str, document: object, path: str) -> SegmentCombination:
    if not isinstance(document, Mapping) or set(document) != {"operator", "operands"}:
        raise CombinationMalformed(f"{path} is no object of operator and operands")
    operator, operands = document["operator"], document["operands"]
    if not isinstance(operator, str) or operator.upper() not in _OPERATORS:
        raise CombinationMalformed(f"the operator of {path} is none of {', '.join(_OPERATORS)}")
    if not isinstance(operands, list):
        raise CombinationMalformed(f"operands of {path} is no array")
    return SegmentCombination(
        operator=_OPERATORS[operator.upper()],
        operands=[
            _operand(account, operand, f"operands[{index}] of {path}")
            for index, operand in enumerate(operands)
        ],
    )


def _operand(account: str, operand: object, path: str) -> SegmentOperand:
    match operand:
        case {"segment": str(segment), **others} if not others:
            return SegmentOperand(segment=segment_name(account, segment))
        case {"segment_group": str(group), **others} if not others:
            return SegmentOperand(segment_group=segment_group_name(account, group))
        case {"operator": _}:
            return SegmentOperand(combination=_combination(account, operand, path))
    raise CombinationMalformed(f"{path} is no segment, segment_group or combination")
