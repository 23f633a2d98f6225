"""Words, texts and signs of a filter, with their positions."""

import enum
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from segue.rules.places import Place, refusal


class Kind(enum.Enum):
    """What a token is."""

    WORD = "a word"
    TEXT = "a text in quotes"
    COMPARATOR = "a comparator"
    SIGN = "a sign"
    MINUS = "a minus"
    END = "the end"


@dataclass(frozen=True)
class Token:
    """A piece of the filter."""

    kind: Kind
    text: str
    """What it says: without quotes, escapes resolved."""
    position: int
    """Characters before it."""

    def __str__(self) -> str:
        """Says it in an error."""
        return "the end" if self.kind is Kind.END else repr(self.text)


_WORD_ENDS: Final = r"""\s(),:=<>!."'"""
_TOKEN: Final = re.compile(
    rf"""
      (?P<SPACE>\s+)
    | (?P<TEXT>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
    | (?P<COMPARATOR><=|>=|!=|=|<|>|:)
    | (?P<NUMBER>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?=[{_WORD_ENDS}]|$))
    | (?P<SIGN>[(),.])
    | (?P<MINUS>-)
    | (?P<WORD>[^{_WORD_ENDS}]+)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_KINDS: Final = {
    "TEXT": Kind.TEXT,
    "COMPARATOR": Kind.COMPARATOR,
    "NUMBER": Kind.WORD,
    "SIGN": Kind.SIGN,
    "MINUS": Kind.MINUS,
    "WORD": Kind.WORD,
}


def fail(problem: str, position: int) -> NoReturn:
    """Refuses what stands at a position.

    Raises:
        ConditionInvalid: Always.
    """
    raise refusal(problem, place_of(position))


def place_of(position: int) -> Place:
    """Returns a place in the filter."""
    return Place("filter", str(position))


def tokens_of(text: str) -> list[Token]:
    """Cuts a filter into tokens, of which the last is the end.

    Raises:
        ConditionInvalid: A text is not closed, or a character means nothing.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            is_quote = text[position] in "\"'"
            fail(
                "a text is not closed" if is_quote else f"{text[position]!r} means nothing",
                position,
            )
        if match.lastgroup != "SPACE":
            kind = _KINDS[match.lastgroup]
            found = match.group()
            tokens.append(
                Token(kind, _unescaped(found, position) if kind is Kind.TEXT else found, position)
            )
        position = match.end()
    return [*tokens, Token(Kind.END, "", len(text))]


def _unescaped(quoted: str, position: int) -> str:
    text = _ESCAPE.sub(_character, quoted[1:-1])
    if any("\ud800" <= character <= "\udfff" for character in text):
        fail("an escape is half a character", position)
    return text


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _ESCAPES.get(match[2], match[2])
