"""Where records of CSV end, by the server's own rules.

A quote opens a cell only at its beginning. A quote anywhere else, or something behind a closing one, spoils its record, which ends with its line.
"""

import re
from collections.abc import Iterator
from typing import Final

_QUOTE: Final = b'"'
_LINE_END: Final = b"\n"
_EMPTY: Final = frozenset((b"", b"\r"))
_BEFORE_OPENING: Final = b",\n"
_BEHIND_CLOSING: Final = frozenset((b",", b"\n", b""))
_CR_LINE_END: Final = frozenset((b"\r\n", b"\r"))
_WELL_QUOTED: Final = re.compile(rb'(?:[^"]*+(?<![^,\n])"[^"]*+(?:""[^"]*+)*+"(?=,|\r?\n))*+')
"""Everything up to the last cell in quotes, where all of them stand in their places: one call finds it, many times as fast as a walk."""


def first_end(data: bytes) -> int:
    """Returns the position behind the first record; the length of the bytes when it does not end in them."""
    for start, end in _outside(data):
        found = data.find(_LINE_END, start, end)
        if found >= 0:
            return found + 1
    return len(data)


def last_end(data: bytes) -> int:
    """Returns the position behind the last record that ends within some bytes; 0 without one."""
    begin = _WELL_QUOTED.match(data)
    at = begin.end() if begin else 0
    last = max((data.rfind(_LINE_END, *span) for span in _outside(data, at)), default=-1)
    if last >= 0:
        return last + 1
    # What is well quoted ends outside of quotes, and so does every line with as many quotes behind it as make pairs.
    quotes = 0
    while (found := data.rfind(_LINE_END, 0, at)) >= 0:
        quotes += data.count(_QUOTE, found, at)
        if quotes % 2 == 0:
            return found + 1
        at = found
    return 0


def record_spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields beginning and end of each record, line ends not included; empty lines are none."""
    begin = 0
    for start, end in _outside(data):
        while (found := data.find(_LINE_END, max(start, begin), end)) >= 0:
            if data[begin:found] not in _EMPTY:
                yield begin, found
            begin = found + 1
    if data[begin:] not in _EMPTY:
        yield begin, len(data)


def _outside(data: bytes, at: int = 0) -> Iterator[tuple[int, int]]:
    """Yields spans whose line ends are ends of records: those outside of quoted cells, from one such place on."""
    while (quote := data.find(_QUOTE, at)) >= 0:
        yield at, quote
        if quote and data[quote - 1] not in _BEFORE_OPENING:
            at = data.find(_LINE_END, quote)
        else:
            at = _behind_cell(data, quote + 1)
        if at < 0:
            return
    yield at, len(data)


def _behind_cell(data: bytes, start: int) -> int:
    """Returns the position behind a quoted cell, or of its line's end when something stands behind it; -1 when neither is there."""
    close = data.find(_QUOTE, start)
    while close >= 0 and data[close + 1 : close + 2] == _QUOTE:
        close = data.find(_QUOTE, close + 2)
    if close < 0:
        return -1
    behind = close + 1
    if data[behind : behind + 1] in _BEHIND_CLOSING or data[behind : behind + 2] in _CR_LINE_END:
        return behind
    return data.find(_LINE_END, behind)
