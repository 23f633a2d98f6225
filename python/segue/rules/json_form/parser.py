"""Conditions read from JSON: one object for each node, every member of it known.

A day is `{"day": "2024-01-31"}` and an instant `{"time": "2024-01-31T10:00:00.000Z"}`, so that what is stored reads without definitions.
"""

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Final

from segue.domain.condition import (
    And,
    Anniversary,
    Attribute,
    Between,
    BetweenTest,
    CalendarPeriod,
    Condition,
    ConsentIs,
    Did,
    DidThen,
    EventMatch,
    FieldName,
    FirstDid,
    HasTag,
    InSegment,
    InWindow,
    Leaf,
    Located,
    Near,
    Not,
    OneOf,
    Or,
    OrderTest,
    Predicate,
    PropertyTest,
    Provided,
    Relation,
    Rolling,
    Sample,
    Scalar,
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Unit,
    Window,
)
from segue.rules.checks import checked
from segue.rules.fit import ConditionLimits, too_deep
from segue.rules.json_form.printer import RELATION_WORDS
from segue.rules.json_form.reader import (
    ROOT,
    JsonObject,
    day_of,
    fail,
    items_of,
    load,
    number_of,
    text_of,
    time_of,
    truth_of,
    whole_of,
)
from segue.rules.places import Place
from segue.rules.scope import RuleScope

_RELATIONS: Final = {word: relation for relation, word in RELATION_WORDS.items()}
_TEXT_RELATIONS: Final = {relation.value: relation for relation in TextRelation}


def parse_json(
    text: str, scope: RuleScope, limits: ConditionLimits, own_id: str | None = None
) -> Condition:
    """Reads and checks a condition as it comes in.

    Args:
        text: The JSON; nothing at all is every candidate.
        scope: What its names mean.
        limits: How large it may be.
        own_id: The segment it is to be the condition of; None for a draft.

    Raises:
        ConditionInvalid: It is not of the form, or makes no sense in the scope; its metadata has the path.
        ConditionTooLarge: It is nested too deep, has too many nodes, or a set of too many values.
        PatternTooCostly: A regular expression is too long.
        SegmentCycle: It names the segment itself, directly or not.
    """
    reader = _Reader(limits)
    condition = reader.condition(load(text), ROOT) if text.strip() else And(())
    return checked(condition, scope, limits, reader.places, own_id)


def decode_condition(text: str) -> Condition:
    """Reads a condition that was checked before it was stored; names are not looked up."""
    return _Reader(None).condition(load(text), ROOT)


class _Reader:
    """Reads nodes and keeps where leaves were."""

    def __init__(self, limits: ConditionLimits | None) -> None:
        self.places: dict[int, Place] = {}
        self._limits = limits
        self._level = 0

    def condition(self, value: object, path: str) -> Condition:
        self._level += 1
        if self._limits is not None and self._level > self._limits.depth:
            raise too_deep(self._limits)
        node = JsonObject(value, path)
        kind = node.one_of((*_JOINING, *_LEAVES))
        condition: Condition
        match kind:
            case "and" | "or":
                parts = node.take(kind, lambda item, at: items_of(item, at, self.condition))
                condition = And(parts) if kind == "and" else Or(parts)
            case "not":
                condition = Not(node.take(kind, self.condition))
            case _:
                condition = _LEAVES[kind](node)
                self.places[id(condition)] = Place("json", path)
        node.end()
        self._level -= 1
        return condition


_JOINING: Final = ("and", "or", "not")


def _attribute(value: object, path: str) -> Attribute:
    text = text_of(value, path)
    if text not in set(Attribute):
        fail(f"no attribute; choose one of {', '.join(Attribute)}", path)
    return Attribute(text)


def _test(node: JsonObject) -> Test:
    word = node.one_of(_TESTS)
    return node.take(word, _TESTS[word])


def _provided(value: object, path: str) -> Provided:
    if value is not True:
        fail("true is wanted; say that it is not provided with not", path)
    return Provided()


def _scalar(value: object, path: str) -> Scalar:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return number_of(value, path)
        case _:
            return _moment(value, path)


def _moment(value: object, path: str) -> datetime.date:
    node = JsonObject(value, path)
    word = node.one_of(_MOMENTS)
    moment = node.take(word, _MOMENTS[word])
    node.end()
    return moment


_MOMENTS: Final[Mapping[str, Callable[[Any, str], datetime.date]]] = {
    "day": day_of,
    "time": time_of,
}


def _ordered(value: object, path: str) -> float | datetime.date:
    scalar = _scalar(value, path)
    if isinstance(scalar, str):
        fail('a number, {"day": …} or {"time": …} is wanted', path)
    return scalar


def _equals(value: object, path: str) -> Test:
    scalar = _scalar(value, path)
    if isinstance(scalar, str):
        return TextTest(TextRelation.EQUALS, scalar)
    return OrderTest(Relation.EQUALS, scalar)


def _between(value: object, path: str) -> Test:
    ends = items_of(value, path, _ordered)
    if len(ends) != 2:  # noqa: PLR2004
        fail("two ends are wanted", path)
    return BetweenTest(*ends)


def _text_test(relation: TextRelation) -> Callable[[Any, str], Test]:
    return lambda value, path: TextTest(relation, text_of(value, path))


def _order_test(relation: Relation) -> Callable[[Any, str], Test]:
    return lambda value, path: OrderTest(relation, _ordered(value, path))


_TESTS: Final[Mapping[str, Callable[[Any, str], Test]]] = {
    **{word: _text_test(relation) for word, relation in _TEXT_RELATIONS.items()},
    **{word: _order_test(relation) for word, relation in _RELATIONS.items()},
    "equals": _equals,
    "provided": _provided,
    "between": _between,
    "one_of": lambda value, path: OneOf(items_of(value, path, _scalar)),
    "within": lambda value, path: InWindow(_window(value, path)),
    "birthday": lambda value, path: Anniversary(_recurring(value, path)),
}


def _end(value: object, path: str) -> datetime.date | None:
    return None if value is None else _moment(value, path)


def _unit(value: object, path: str) -> Unit:
    text = text_of(value, path)
    if text not in set(Unit):
        fail(f"no unit; choose one of {', '.join(Unit)}", path)
    return Unit(text)


def _window(value: object, path: str) -> Window:
    node = JsonObject(value, path)
    window: Window
    match node.one_of(("last", "next", "calendar", "between")):
        case "calendar":
            unit = node.take("calendar", _unit)
            window = CalendarPeriod(unit, node.take("offset", whole_of))
        case "between":
            ends = node.take("between", lambda item, at: items_of(item, at, _end))
            if len(ends) != 2:  # noqa: PLR2004
                fail("two ends are wanted, of which one may be null", path)
            window = Between(*ends)
        case word:
            count = node.take(word, whole_of)
            window = Rolling(count, node.take("unit", _unit), is_past=word == "last")
    node.end()
    return window


def _recurring(value: object, path: str) -> Rolling | CalendarPeriod:
    window = _window(value, path)
    if isinstance(window, Between):
        fail("a birthday has a window with last, next or calendar", path)
    return window


def _property_test(value: object, path: str) -> PropertyTest:
    node = JsonObject(value, path)
    key = node.take("property", text_of)
    is_negative = node.optional("negative", truth_of, default=False)
    test = _test(node)
    if isinstance(test, InWindow | Anniversary):
        fail("a property is compared; windows are of the event itself", path)
    node.end()
    return PropertyTest(key, test, is_negative)


def _match(node: JsonObject) -> EventMatch:
    event_type = node.take("event_type", text_of)
    return EventMatch(event_type, node.optional("where", _where, default=()))


def _where(value: object, path: str) -> tuple[PropertyTest, ...]:
    return items_of(value, path, _property_test)


def _whole_match(value: object, path: str) -> EventMatch:
    node = JsonObject(value, path)
    match = _match(node)
    node.end()
    return match


def _optional_window(node: JsonObject) -> Window | None:
    return node.optional("window", _window, default=None)


def _did(node: JsonObject) -> Leaf:
    match, window = _match(node), _optional_window(node)
    sum_of = node.optional("sum_of", text_of, default=None)
    word = node.one_of(_RELATIONS)
    return Did(match, window, _RELATIONS[word], node.take(word, number_of), sum_of)


def _did_then(node: JsonObject) -> Leaf:
    first, second = node.take("first", _whole_match), node.take("second", _whole_match)
    return DidThen(first, second, node.take("within_millis", whole_of), _optional_window(node))


def _near(node: JsonObject) -> Leaf:
    names = ("latitude", "longitude", "radius_metres")
    return Near(*(node.take(name, number_of) for name in names))


def _inner(key: str, read: Callable[[JsonObject], Leaf]) -> Callable[[JsonObject], Leaf]:
    """Returns what reads a leaf whose parts are in an object of its own."""

    def whole(value: object, path: str) -> Leaf:
        node = JsonObject(value, path)
        leaf = read(node)
        node.end()
        return leaf

    return lambda node: node.take(key, whole)


_LEAVES: Final[Mapping[str, Callable[[JsonObject], Leaf]]] = {
    "attribute": lambda node: Predicate(node.take("attribute", _attribute), _test(node)),
    "field": lambda node: Predicate(FieldName(node.take("field", text_of)), _test(node)),
    "tag": lambda node: HasTag(node.take("tag", text_of)),
    "topic": lambda node: TopicIs(node.take("topic", text_of), node.take("subscribed", truth_of)),
    "consent": lambda node: ConsentIs(node.take("consent", text_of), node.take("given", truth_of)),
    "near": _inner("near", _near),
    "located": _inner("located", lambda _: Located()),
    "sample": _inner(
        "sample", lambda node: Sample(node.take("percent", number_of), node.take("salt", text_of))
    ),
    "did": _inner("did", _did),
    "first_did": _inner(
        "first_did", lambda node: FirstDid(_match(node), node.take("window", _window))
    ),
    "did_then": _inner("did_then", _did_then),
    "segment": lambda node: InSegment(node.take("segment", text_of)),
}
