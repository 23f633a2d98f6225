"""What can be read off a condition tree without knowing the account."""

from collections.abc import Iterable, Iterator

from segue.domain.condition import (
    And,
    Anniversary,
    Condition,
    Did,
    DidThen,
    EventMatch,
    FirstDid,
    InSegment,
    InWindow,
    Leaf,
    Not,
    Or,
    Predicate,
    Window,
)

EVERYONE = And(())
"""No rules: every candidate."""

NOBODY = Or(())


def children(condition: Condition) -> tuple[Condition, ...]:
    """Returns what and, or, not join; nothing for a leaf."""
    match condition:
        case And(parts) | Or(parts):
            return parts
        case Not(child):
            return (child,)
        case _:
            return ()


def nodes(condition: Condition) -> Iterator[Condition]:
    """Yields every node, parents first, in order."""
    yield condition
    for child in children(condition):
        yield from nodes(child)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yields every leaf, in order."""
    for node in nodes(condition):
        if not isinstance(node, And | Or | Not):
            yield node


def depth(condition: Condition) -> int:
    """Counts the levels of a tree; a leaf is one."""
    return 1 + max(map(depth, children(condition)), default=0)


def normalised(condition: Condition) -> Condition:
    """Returns the normal form: no AND or OR of one part, no NOT of NOT, nobody and everyone only as the whole.

    What is joined twice by the same word stays so: `(a AND b) AND c` are two groups and not three.
    """
    match condition:
        case And(parts):
            return _joined(And, map(normalised, parts), EVERYONE, NOBODY)
        case Or(parts):
            return _joined(Or, map(normalised, parts), NOBODY, EVERYONE)
        case Not(child):
            return _negated(normalised(child))
        case _:
            return condition


def _joined(
    kind: type[And] | type[Or], parts: Iterable[Condition], neutral: Condition, zero: Condition
) -> Condition:
    kept = tuple(part for part in parts if part != neutral)
    if zero in kept:
        return zero
    return kept[0] if len(kept) == 1 else kind(kept)


def _negated(child: Condition) -> Condition:
    match child:
        case Not(inner):
            return inner
        case And(()):
            return NOBODY
        case Or(()):
            return EVERYONE
        case _:
            return Not(child)


def matches(leaf: Leaf) -> tuple[EventMatch, ...]:
    """Returns what a leaf says of events."""
    match leaf:
        case Did(match=match) | FirstDid(match=match):
            return (match,)
        case DidThen(first, second):
            return (first, second)
        case _:
            return ()


def referenced_event_types(condition: Condition) -> frozenset[str]:
    """Returns the ids of event types that a condition names."""
    return frozenset(match.event_type for leaf in leaves(condition) for match in matches(leaf))


def referenced_segments(condition: Condition) -> frozenset[str]:
    """Returns the ids of segments that a condition names itself."""
    return frozenset(leaf.segment_id for leaf in leaves(condition) if isinstance(leaf, InSegment))


def window_in(leaf: Leaf) -> Window | None:
    """Returns the window that a leaf has."""
    match leaf:
        case Predicate(test=InWindow(window) | Anniversary(window)):
            return window
        case Did(window=window) | FirstDid(window=window) | DidThen(window=window):
            return window
        case _:
            return None
