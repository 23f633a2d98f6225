"""Functions of events in filters: `did`, `first_did` and `did_then`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from segue.domain.condition import (
    Anniversary,
    Did,
    DidThen,
    EventMatch,
    FirstDid,
    InWindow,
    Leaf,
    PropertyTest,
    Window,
)
from segue.rules.filter.comparisons import (
    TEST_FUNCTIONS,
    comparison,
    function_test,
    parsed,
    tested_name,
    value_of,
    window_of_text,
)
from segue.rules.filter.lexer import fail, place_of
from segue.rules.filter.printer import COUNT_FUNCTIONS
from segue.rules.filter.syntax import Argument, Call, Expression, Joined, Name, Negated, Restriction
from segue.rules.literals import parse_length, parse_number
from segue.rules.names import event_type_of, property_of
from segue.rules.places import placed
from segue.rules.scope import EventTypeScope, RuleScope

_RELATIONS: Final = {function: relation for relation, function in COUNT_FUNCTIONS.items()}


@dataclass(frozen=True)
class _Arguments:
    """What stands behind an event's type, in any order."""

    where: Expression | None = None
    window: Name | None = None
    count: Call | None = None
    sum: Call | None = None


def _arguments(call: Call, *allowed: str) -> _Arguments:
    found: dict[str, Argument] = {}
    for argument in call.arguments[1:]:
        match argument:
            case Name():
                kind = "window"
            case Call(function) if function in _RELATIONS:
                kind = "count"
            case Call(function):
                kind = function
            case _:
                kind = "where"
        if kind not in allowed or kind in found:
            fail(f"{call.function} takes no such argument, or not twice", argument.position)
        found[kind] = argument
    return _Arguments(**found)  # type: ignore[arg-type]


class EventReader:
    """Reads functions of events of one scope."""

    def __init__(self, scope: RuleScope) -> None:
        """Takes the event types."""
        self._scope = scope

    def did(self, call: Call) -> Leaf:
        """Reads `did("type", (properties), "window", sum("property"), at_least(1))`."""
        found = _arguments(call, "where", "window", "count", "sum")
        match = self._match(call, found.where)
        window = _window(found.window)
        sum_of = None if found.sum is None else _only(found.sum, "a property").text
        if found.count is None:
            if found.sum is not None:
                fail("a sum is compared, as by at_least(100)", found.sum.position)
            return Did(match, window)
        value = parsed(_only(found.count, "a number"), parse_number)
        return Did(match, window, _RELATIONS[found.count.function], value, sum_of)

    def first_did(self, call: Call) -> Leaf:
        """Reads `first_did("type", (properties), "window")`."""
        found = _arguments(call, "where", "window")
        window = _window(found.window)
        if window is None:
            fail("first_did needs a window, as last 30d", call.position)
        return FirstDid(self._match(call, found.where), window)

    def did_then(self, call: Call) -> Leaf:
        """Reads `did_then("type", event("type", (properties)), "7d", "window")`."""
        first, second, within, window, *more = (*call.arguments, None, None, None, None)[:5]
        if within is None or any(more):
            fail("did_then takes two events, a length of time, and maybe a window", call.position)
        length = parsed(value_of(within, "a length of time", call.position), parse_length)
        name = None if window is None else value_of(window, "a window", call.position)
        pair = (self._whole_match(first, call), self._whole_match(second, call))
        return DidThen(*pair, length, _window(name))

    def _whole_match(self, argument: Argument | None, call: Call) -> EventMatch:
        if isinstance(argument, Call) and argument.function == "event":
            return self._match(argument, _arguments(argument, "where").where)
        return EventMatch(value_of(argument, "an event type", call.position).text)

    def _match(self, call: Call, where: Expression | None) -> EventMatch:
        first = call.arguments[0] if call.arguments else None
        name = value_of(first, "an event type", call.position)
        match = EventMatch(name.text)
        event_type = placed(lambda: event_type_of(match, self._scope), place_of(name.position))
        tests = () if where is None else tuple(_property_tests(where, event_type))
        return EventMatch(name.text, tests)


def _window(name: Name | None) -> Window | None:
    return None if name is None else window_of_text(name)


def _only(call: Call, wanted: str) -> Name:
    if len(call.arguments) != 1:
        fail(f"{call.function} takes {wanted}", call.position)
    return value_of(call.arguments[0], wanted, call.position)


def _property_tests(where: Expression, event_type: EventTypeScope) -> Iterator[PropertyTest]:
    match where:
        case Joined(is_and=True, parts=parts):
            for part in parts:
                yield from _property_tests(part, event_type)
        case Negated(Restriction() as inner):
            yield _property_test(inner, event_type, is_negated=True)
        case Restriction():
            yield _property_test(where, event_type, is_negated=False)
        case _:
            fail("properties of an event are joined by AND only", where.position)


def _property_test(
    restriction: Restriction, event_type: EventTypeScope, *, is_negated: bool
) -> PropertyTest:
    subject = restriction.subject
    name = tested_name(subject) if isinstance(subject, Call) else subject
    place = place_of(name.position)
    column = placed(lambda: property_of(name.text, event_type), place).column
    is_negative = False
    if isinstance(subject, Name) and restriction.comparator:
        test, is_negative = comparison(restriction, column)
    elif isinstance(subject, Call) and _is_test(subject) and not restriction.comparator:
        test = function_test(subject, column)
    else:
        fail("a property is compared, or tested by in, between, matches …", subject.position)
    if isinstance(test, InWindow | Anniversary):
        fail("a property is compared; windows are of the event itself", subject.position)
    return PropertyTest(name.text, test, is_negative != is_negated)


def _is_test(call: Call) -> bool:
    return call.function in TEST_FUNCTIONS
