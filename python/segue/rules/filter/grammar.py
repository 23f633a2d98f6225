"""Filters read by their grammar, which `segue.rules.filter.syntax` states."""

from typing import Final

from segue.errors import ConditionTooLarge
from segue.rules.filter.lexer import Kind, Token, fail, tokens_of
from segue.rules.filter.syntax import (
    Argument,
    Call,
    Expression,
    Joined,
    Name,
    Negated,
    Restriction,
)

MAX_PARENTHESES: Final = 100
"""How deep parentheses may be nested; conditions are limited further."""


def parse_expression(text: str) -> Expression | None:
    """Reads a filter; None when there is nothing in it.

    Raises:
        ConditionInvalid: It is not of the grammar.
        ConditionTooLarge: Parentheses are nested too deep.
    """
    grammar = _Grammar(tokens_of(text))
    return grammar.whole()


class _Grammar:
    """Reads tokens from left to right; one method for each rule of the grammar."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._open = 0

    def whole(self) -> Expression | None:
        if self._is_end():
            return None
        expression = self._expression()
        if not self._is_end():
            fail(f"{self._token} is one too many", self._token.position)
        return expression

    def _is_end(self) -> bool:
        return self._token.kind is Kind.END

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _is_sign(self, text: str) -> bool:
        return self._token.kind is Kind.SIGN and self._token.text == text

    def _is_word(self, *texts: str) -> bool:
        return self._token.kind is Kind.WORD and self._token.text in texts

    def _expect(self, sign: str) -> None:
        if not self._is_sign(sign):
            fail(f"{sign!r} is wanted instead of {self._token}", self._token.position)
        self._take()

    def _expression(self) -> Expression:
        parts = [self._factor()]
        while self._begins_term():
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else Joined(is_and=True, parts=tuple(parts))

    def _begins_term(self) -> bool:
        """Whether the expression goes on; AND is taken where it stands between two sequences."""
        if self._is_word("AND"):
            self._take()
            return True
        kind = self._token.kind
        return kind in {Kind.WORD, Kind.TEXT, Kind.MINUS} or self._is_sign("(")

    def _factor(self) -> Expression:
        parts = [self._term()]
        while self._is_word("OR"):
            self._take()
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Joined(is_and=False, parts=tuple(parts))

    def _term(self) -> Expression:
        if self._is_word("NOT") or self._token.kind is Kind.MINUS:
            token = self._take()
            return Negated(self._simple(), token.position)
        return self._simple()

    def _simple(self) -> Expression:
        return self._composite() if self._is_sign("(") else self._restriction()

    def _enter(self) -> None:
        self._open += 1
        if self._open > MAX_PARENTHESES:
            raise ConditionTooLarge(
                f"parentheses are nested deeper than {MAX_PARENTHESES}; simplify the filter",
                {"limit": "parentheses", "maximum": MAX_PARENTHESES},
            )

    def _composite(self) -> Expression:
        self._take()
        self._enter()
        expression = self._expression()
        self._expect(")")
        self._open -= 1
        return expression

    def _restriction(self) -> Restriction:
        subject = self._comparable()
        if self._token.kind is not Kind.COMPARATOR:
            return Restriction(subject, None, None)
        comparator = self._take().text
        return Restriction(subject, comparator, self._argument())

    def _argument(self) -> Argument:
        return self._composite() if self._is_sign("(") else self._comparable()

    def _comparable(self) -> Name | Call:
        first = self._part()
        if first.kind is Kind.WORD and self._is_sign("("):
            return self._call(first)
        parts = [first]
        while self._is_sign("."):
            self._take()
            parts.append(self._part())
        return Name(tuple(parts))

    def _part(self) -> Token:
        if self._token.kind not in {Kind.WORD, Kind.TEXT} or self._is_word("AND", "OR", "NOT"):
            fail(f"a name or a value is wanted instead of {self._token}", self._token.position)
        return self._take()

    def _call(self, function: Token) -> Call:
        self._take()
        arguments: list[Argument] = []
        self._enter()
        while not self._is_sign(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._argument())
            if self._token.kind is Kind.COMPARATOR:
                fail("a comparison in a call stands in parentheses", self._token.position)
        self._take()
        self._open -= 1
        return Call(function.text, tuple(arguments), function.position)
