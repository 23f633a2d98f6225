"""Decoded parts that wait for the execution of their import, so that most are decoded once."""

from collections import OrderedDict

from segue._kernel import Part


class StagedParts:
    """Keeps decoded parts up to a budget, and lets the oldest go beyond it: those are read and decoded again."""

    def __init__(self, budget_bytes: int) -> None:
        """Takes the budget, in bytes of blocks; a decoded part takes about as much as its block."""
        self._budget_bytes = budget_bytes
        self._held_bytes = 0
        self._parts: OrderedDict[tuple[int, int], tuple[Part, int]] = OrderedDict()

    def keep(self, import_key: int, number: int, part: Part, size_bytes: int) -> None:
        """Keeps a part that has just become durable; each comes once."""
        self._parts[import_key, number] = (part, size_bytes)
        self._held_bytes += size_bytes
        while self._held_bytes > self._budget_bytes:
            _, (_, freed) = self._parts.popitem(last=False)
            self._held_bytes -= freed

    def take(self, import_key: int, number: int) -> tuple[Part, int] | None:
        """Gives a part and the size of its block away, when it is still here."""
        held = self._parts.pop((import_key, number), None)
        if held is not None:
            self._held_bytes -= held[1]
        return held
