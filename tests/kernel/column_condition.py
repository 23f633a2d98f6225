"""The condition tree on columns: what the kernel compiles.

Two-valued: a predicate on an absent value is false, and `Not` is the exact complement over the profiles asked.
"""

import enum
import json
from dataclasses import dataclass
from typing import Any, TypeAlias


class TextRelation(enum.StrEnum):
    """How a text compares with an operand, without regard to case; the kernel's names."""

    EQUALS = "equals"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"


@dataclass(frozen=True)
class Provided:
    """The value is there."""

    def to_kernel(self) -> dict[str, Any]:
        """Writes the test's part of a predicate."""
        return {"op": "provided"}


@dataclass(frozen=True)
class TextTest:
    """A text compares with an operand. The kernel folds the operand as it folds its texts."""

    relation: TextRelation
    text: str

    def to_kernel(self) -> dict[str, Any]:
        """Writes the test's part of a predicate."""
        return {"op": self.relation.value, "text": self.text}


@dataclass(frozen=True)
class InRange:
    """A number, a day since 1970-01-01 or a millisecond since 1970 UTC lies between two bounds; None is open."""

    low: float | None = None
    low_inclusive: bool = True
    high: float | None = None
    high_inclusive: bool = True

    def to_kernel(self) -> dict[str, Any]:
        """Writes the test's part of a predicate."""
        return {
            "op": "in_range",
            "low": self.low,
            "low_inclusive": self.low_inclusive,
            "high": self.high,
            "high_inclusive": self.high_inclusive,
        }


@dataclass(frozen=True)
class AnyOf:
    """A truth value (0 false, 1 true) or an option is one of these, or one of several options is."""

    codes: tuple[int, ...]

    def to_kernel(self) -> dict[str, Any]:
        """Writes the test's part of a predicate."""
        return {"op": "any_of", "codes": list(self.codes)}


Test: TypeAlias = Provided | TextTest | InRange | AnyOf


@dataclass(frozen=True)
class Predicate:
    """A test of one column."""

    column: int
    test: Test


@dataclass(frozen=True)
class And:
    """Every child holds; without children it always does."""

    children: tuple["Condition", ...]


@dataclass(frozen=True)
class Or:
    """At least one child holds; without children it never does."""

    children: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The child does not hold."""

    child: "Condition"


Condition: TypeAlias = And | Or | Not | Predicate


def to_kernel_json(condition: Condition) -> bytes:
    """Writes a condition as the JSON that `segue._kernel.Plan` reads."""
    return json.dumps(_to_kernel(condition), separators=(",", ":"), allow_nan=False).encode()


def _to_kernel(condition: Condition) -> dict[str, Any]:
    match condition:
        case And(children):
            return {"and": [_to_kernel(child) for child in children]}
        case Or(children):
            return {"or": [_to_kernel(child) for child in children]}
        case Not(child):
            return {"not": _to_kernel(child)}
        case Predicate(column, test):
            return {"predicate": {"column": column, **test.to_kernel()}}


def referenced_columns(condition: Condition) -> frozenset[int]:
    """Returns the columns that a condition reads: a field is in use when its column is among them."""
    match condition:
        case And(children) | Or(children):
            return frozenset().union(*(referenced_columns(child) for child in children))
        case Not(child):
            return referenced_columns(child)
        case Predicate(column):
            return frozenset({column})
