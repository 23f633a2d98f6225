"""What a filter is made of before its names are looked up (AIP-160).

The grammar, in which OR binds tighter than AND:

    expression  = sequence {"AND" sequence}
    sequence    = factor {factor}                       joined as by AND
    factor      = term {"OR" term}
    term        = ["NOT" | "-"] (restriction | "(" expression ")")
    restriction = (name | call) [comparator argument]
    argument    = name | call | "(" expression ")"
    call        = word "(" [argument {"," argument}] ")"
    name        = (word | text) {"." (word | text)}
    comparator  = "=" | "!=" | "<" | "<=" | ">" | ">=" | ":"
"""

from dataclasses import dataclass
from typing import TypeAlias

from segue.rules.filter.lexer import Kind, Token


@dataclass(frozen=True)
class Name:
    """A value, or what is compared, in parts that dots separate."""

    parts: tuple[Token, ...]

    @property
    def position(self) -> int:
        """Characters before it."""
        return self.parts[0].position

    @property
    def text(self) -> str:
        """The whole as one value."""
        return ".".join(part.text for part in self.parts)

    @property
    def word(self) -> str | None:
        """The whole, when it is a single word without quotes."""
        first, *more = self.parts
        return None if more or first.kind is Kind.TEXT else first.text


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple["Argument", ...]
    position: int


@dataclass(frozen=True)
class Restriction:
    """Something compared with an argument, or a call or name alone."""

    subject: Name | Call
    comparator: str | None
    argument: "Argument | None"

    @property
    def position(self) -> int:
        """Characters before it."""
        return self.subject.position


@dataclass(frozen=True)
class Joined:
    """Expressions of which all hold, or one."""

    is_and: bool
    parts: tuple["Expression", ...]

    @property
    def position(self) -> int:
        """Characters before it."""
        return self.parts[0].position


@dataclass(frozen=True)
class Negated:
    """An expression that does not hold."""

    inner: "Expression"
    position: int


Expression: TypeAlias = Restriction | Joined | Negated
Argument: TypeAlias = Name | Call | Expression
