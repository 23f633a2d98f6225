"""Decoded parts that wait for the execution of their import, so that most are decoded once."""

from collections import OrderedDict
from dataclasses import dataclass

from segue._kernel import Part


@dataclass(frozen=True)
class _Held:
    part: Part
    size_bytes: int
    """Of its block."""
    memory_bytes: int


class StagedParts:
    """Keeps decoded parts up to a budget, and lets the oldest go beyond it: those are read and decoded again."""

    def __init__(self, budget_bytes: int) -> None:
        """Takes the budget, in bytes of memory."""
        self._budget_bytes = budget_bytes
        self._held_bytes = 0
        self._parts: OrderedDict[tuple[int, int], _Held] = OrderedDict()

    def keep(self, import_key: int, number: int, part: Part, size_bytes: int) -> None:
        """Keeps a part that has just become durable, and the size of its block; each comes once."""
        held = _Held(part, size_bytes, part.memory_bytes)
        self._parts[import_key, number] = held
        self._held_bytes += held.memory_bytes
        while self._held_bytes > self._budget_bytes:
            _, freed = self._parts.popitem(last=False)
            self._held_bytes -= freed.memory_bytes

    def take(self, import_key: int, number: int) -> tuple[Part, int] | None:
        """Gives a part and the size of its block away, when it is still here."""
        held = self._parts.pop((import_key, number), None)
        if held is None:
            return None
        self._held_bytes -= held.memory_bytes
        return held.part, held.size_bytes

    def forget(self, import_key: int) -> None:
        """Lets the parts of an import go that will not be executed."""
        for key in [key for key in self._parts if key[0] == import_key]:
            self._held_bytes -= self._parts.pop(key).memory_bytes
