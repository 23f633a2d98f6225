"""JSON read strictly: every member is known, every value of its type, and errors tell the path."""

import datetime
import json
import math
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, TypeVar

from segue.errors import ConditionTooLarge
from segue.rules.literals import parse_day, parse_instant
from segue.rules.places import Place, refusal

T = TypeVar("T")

ROOT: Final = "$"
"""Path of the whole."""


class JsonObject:
    """An object whose members are taken one by one; what is left over is refused."""

    def __init__(self, value: object, path: str) -> None:
        """Takes a value that has to be an object.

        Raises:
            ConditionInvalid: It is something else.
        """
        self.path = path
        if not isinstance(value, dict):
            fail("an object is wanted", path)
        self._members: dict[str, Any] = dict(value)

    def __contains__(self, key: str) -> bool:
        """Whether a member is there and was not taken."""
        return key in self._members

    def path_of(self, key: str) -> str:
        """Returns the path of a member."""
        return f"{self.path}.{key}"

    def one_of(self, keys: Iterable[str]) -> str:
        """Finds which one of some members is there.

        Raises:
            ConditionInvalid: None is, or several are.
        """
        known = list(keys)
        found = [key for key in known if key in self._members]
        if len(found) != 1:
            fail(f"exactly one of {', '.join(known)} is wanted", self.path)
        return found[0]

    def take(self, key: str, read: Callable[[Any, str], T]) -> T:
        """Takes a member.

        Args:
            key: Its name.
            read: Reads the value; is told its path.

        Raises:
            ConditionInvalid: It is missing or malformed.
        """
        if key not in self._members:
            fail(f"{key} is missing", self.path)
        return read(self._members.pop(key), self.path_of(key))

    def optional(self, key: str, read: Callable[[Any, str], T], default: T) -> T:
        """Takes a member that may be missing."""
        return self.take(key, read) if key in self._members else default

    def end(self) -> None:
        """Checks that every member was taken.

        Raises:
            ConditionInvalid: One was not.
        """
        if self._members:
            fail(f"{', '.join(sorted(self._members))} is not known here", self.path)


def fail(problem: str, path: str) -> NoReturn:
    """Refuses what stands at a path.

    Raises:
        ConditionInvalid: Always.
    """
    raise refusal(problem, Place("json", path))


def load(text: str) -> object:
    """Reads JSON; refuses repeated members, and numbers that are none.

    Raises:
        ConditionInvalid: It is not JSON.
        ConditionTooLarge: It is nested beyond reason.
    """
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    except RecursionError as error:
        raise ConditionTooLarge(
            "the JSON is nested too deep; simplify it", {"limit": "depth"}
        ) from error
    except ValueError as error:
        raise refusal(f"no JSON: {error}", Place("json", ROOT)) from error


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is repeated in an object")
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def text_of(value: object, path: str) -> str:
    """Reads a text."""
    if not isinstance(value, str):
        fail("a text is wanted", path)
    return value


def number_of(value: object, path: str) -> float:
    """Reads a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail("a number is wanted", path)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        fail("the number is too large", path)
    return number


def whole_of(value: object, path: str) -> int:
    """Reads a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        fail("a whole number is wanted", path)
    return value


def truth_of(value: object, path: str) -> bool:
    """Reads true or false."""
    if not isinstance(value, bool):
        fail("true or false is wanted", path)
    return value


def items_of(value: object, path: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
    """Reads an array."""
    if not isinstance(value, list):
        fail("an array is wanted", path)
    return tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))


def day_of(value: object, path: str) -> datetime.date:
    """Reads `yyyy-mm-dd`."""
    try:
        return parse_day(text_of(value, path))
    except ValueError as error:
        fail(str(error), path)


def time_of(value: object, path: str) -> datetime.datetime:
    """Reads an instant of RFC 3339 with its zone."""
    try:
        return parse_instant(text_of(value, path))
    except ValueError as error:
        fail(str(error), path)
