"""Read masks in JSON, whose paths hold what owners have named.

Protobuf's JSON turns every capital of a field mask into `_` and a small letter and refuses `_`, which is right for names of fields and wrong
for keys and ids: `fields.Shoe` would be `fields._shoe`, and `tags.early_bird` an error. So only our own words may be written that way.
"""

import re
from typing import Any, Final

from segue.domain.mask_path import FIELDS, MEMBERSHIPS, NAME

JSON_NAMES: Final = ("readMask", "read_mask")
"""How the member may be called."""

_PATH: Final = re.compile(r"(?:[^,`]|`[^`]*`?)+")
_CAPITAL: Final = re.compile(r"[A-Z]")


def take_read_mask(request: dict[str, Any]) -> list[str] | None:
    """Takes the paths of a read mask out of a request in JSON; None, and nothing is taken, where it has not one that is text."""
    names = [name for name in JSON_NAMES if name in request]
    if len(names) != 1 or not isinstance(request[names[0]], str):
        return None
    return [path_of(text) for text in _PATH.findall(request.pop(names[0]))]


def path_of(text: str) -> str:
    """Returns a path as gRPC has it: `createdAt` is `created_at`, `memberships.news.joinedAt` too, keys and ids are as they were."""
    head, dot, rest = text.strip().partition(".")
    head = _snake(head)
    if head == NAME:
        rest = _snake(rest)
    elif head == MEMBERSHIPS:
        list_id, second, below = rest.partition(".")
        is_field = below == FIELDS or below.startswith(f"{FIELDS}.")
        rest = f"{list_id}{second}{below if is_field else _snake(below)}"
    return f"{head}{dot}{rest}"


def _snake(word: str) -> str:
    return _CAPITAL.sub(lambda capital: f"_{capital[0].lower()}", word)
