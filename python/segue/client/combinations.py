"""Combinations of segments as text: `newsletter-openers AND (vip EXCEPT "Bounced twice")`.

Segments stand by title, id or name, in quotes where a title has spaces, parentheses or quotes, or is one of the words; groups stand as
`group:ID`. AND, OR and EXCEPT are not mixed without parentheses.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from segue.client.names import segment_group_name
from segue.v1.segment_group_pb2 import SegmentCombination, SegmentOperand, SegmentOperator

_GROUP: Final = "group:"
_OPERATORS: Final = {
    "AND": SegmentOperator.SEGMENT_OPERATOR_AND,
    "OR": SegmentOperator.SEGMENT_OPERATOR_OR,
    "EXCEPT": SegmentOperator.SEGMENT_OPERATOR_EXCEPT,
}
_TOKEN: Final = re.compile(
    r"""\s*(?:([()])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s()"']+))"""
)
_MAX_DEPTH: Final = 50


class CombinationMalformed(ValueError):
    """A combination is not written as one; says where."""


@dataclass(frozen=True)
class SegmentWritten:
    """A segment by title, id or name."""

    text: str


@dataclass(frozen=True)
class GroupWritten:
    """A group by id or name."""

    group_id: str


@dataclass(frozen=True)
class CombinationWritten:
    """Operands put together by AND, OR or EXCEPT."""

    operator: str
    operands: tuple["SegmentWritten | GroupWritten | CombinationWritten", ...]


OperandWritten = SegmentWritten | GroupWritten | CombinationWritten


def read_combination(text: str) -> CombinationWritten:
    """Reads a combination; a single operand is one of AND.

    Raises:
        CombinationMalformed: It is none.
    """
    found = _Parser(text).whole()
    return found if isinstance(found, CombinationWritten) else CombinationWritten("AND", (found,))


def segments_written(combination: CombinationWritten) -> Iterator[str]:
    """Yields the titles, ids and names of segments as they are written, in order."""
    for operand in combination.operands:
        if isinstance(operand, SegmentWritten):
            yield operand.text
        elif isinstance(operand, CombinationWritten):
            yield from segments_written(operand)


def combination_message(
    account: str, combination: CombinationWritten, names: Mapping[str, str]
) -> SegmentCombination:
    """Returns a combination as it is sent; `names` are resource names of segments by what is written for them."""

    def operand(written: OperandWritten) -> SegmentOperand:
        match written:
            case SegmentWritten(text):
                return SegmentOperand(segment=names[text])
            case GroupWritten(group_id):
                return SegmentOperand(segment_group=segment_group_name(account, group_id))
            case CombinationWritten():
                return SegmentOperand(combination=combination_message(account, written, names))

    return SegmentCombination(
        operator=_OPERATORS[combination.operator], operands=map(operand, combination.operands)
    )


@dataclass(frozen=True)
class _Token:
    text: str
    is_quoted: bool
    position: int

    def is_one_of(self, *texts: str) -> bool:
        return not self.is_quoted and self.text in texts


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def whole(self) -> OperandWritten:
        found = self._combined()
        token = self._tokens[self._next]
        if token.text or token.is_quoted:
            raise _malformed(token, "AND, OR or EXCEPT is expected")
        return found

    def _combined(self) -> OperandWritten:
        operands, operator = [self._operand()], ""
        while (token := self._tokens[self._next]).is_one_of(*_OPERATORS):
            if operator and token.text != operator:
                raise _malformed(token, f"{operator} is mixed with {token.text}; add parentheses")
            operator = token.text
            self._next += 1
            operands.append(self._operand())
        return CombinationWritten(operator, tuple(operands)) if operator else operands[0]

    def _operand(self) -> OperandWritten:
        token = self._tokens[self._next]
        self._next += 1
        if token.is_one_of("("):
            return self._in_parentheses(token)
        if token.is_one_of("", ")", *_OPERATORS):
            raise _malformed(token, "a segment, group:ID or a parenthesis is expected")
        if not token.is_quoted and "/segmentGroups/" in token.text:
            return GroupWritten(token.text)
        if not token.is_quoted and token.text.startswith(_GROUP):
            return GroupWritten(token.text.removeprefix(_GROUP))
        return SegmentWritten(token.text)

    def _in_parentheses(self, opening: _Token) -> OperandWritten:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _malformed(opening, f"parentheses are nested deeper than {_MAX_DEPTH}")
        found = self._combined()
        token = self._tokens[self._next]
        if not token.is_one_of(")"):
            raise _malformed(token, "AND, OR, EXCEPT or a closing parenthesis is expected")
        self._next += 1
        self._depth -= 1
        return found


def _tokens(text: str) -> Iterator[_Token]:
    """Yields words, parentheses and quoted titles, and an empty token at the end."""
    text, position = text.rstrip(), 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise CombinationMalformed(f"position {position}: a quotation mark is not closed")
        bracket, double, single, bare = match.groups()
        quoted = double if double is not None else single
        start = match.start(match.lastindex or 0)
        if quoted is None:
            yield _Token(bracket or bare, is_quoted=False, position=start)
        else:
            yield _Token(re.sub(r"\\(.)", r"\1", quoted), is_quoted=True, position=start)
        position = match.end()
    yield _Token("", is_quoted=False, position=position)


def _malformed(token: _Token, problem: str) -> CombinationMalformed:
    found = f" instead of {token.text!r}" if token.text else " at the end"
    return CombinationMalformed(f"position {token.position}: {problem}{found}")
