"""Where something stands in what a caller wrote, and refusals that tell it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from segue.errors import ConditionInvalid, ConditionTooLarge, PatternTooCostly

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """A position in a filter, or a path in JSON."""

    form: str
    """`filter` or `json`."""
    position: str
    """Characters before it, or a path as `$.and[1].not`."""

    def __str__(self) -> str:
        """Says it in an error."""
        return f"position {self.position}" if self.form == "filter" else self.position


Places: TypeAlias = Mapping[int, Place]
"""Where a leaf was written, by its `id`."""


def refusal(problem: str, place: Place) -> ConditionInvalid:
    """Returns the refusal of what stands at a place."""
    return ConditionInvalid(
        f"{place}: {problem}",
        {"form": place.form, "position": place.position, "problem": problem},
    )


def placed(find: Callable[[], T], place: Place) -> T:
    """Finds something, and tells where it is written when it is refused.

    Raises:
        ConditionInvalid: As what finds it does.
        ConditionTooLarge: As what finds it does.
        PatternTooCostly: As what finds it does.
    """
    try:
        return find()
    except (ConditionInvalid, ConditionTooLarge, PatternTooCostly) as error:
        where = {"form": place.form, "position": place.position, "problem": str(error)}
        raise type(error)(f"{place}: {error}", {**error.metadata, **where}) from None
