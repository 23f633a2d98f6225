"""Conditions written as AIP-160 filters: with no more parentheses than needed, and equal ones the same."""

import json
import re
from typing import Final

from segue.domain.condition import (
    And,
    Anniversary,
    BetweenTest,
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
    Sample,
    Scalar,
    Subject,
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Window,
)
from segue.rules.filter.window_text import window_text
from segue.rules.literals import length_text, metres_text, number_text, scalar_text
from segue.rules.tree import EVERYONE, NOBODY, normalised

COUNT_FUNCTIONS: Final = {
    Relation.AT_LEAST: "at_least",
    Relation.AT_MOST: "at_most",
    Relation.EQUALS: "exactly",
    Relation.ABOVE: "more_than",
    Relation.BELOW: "less_than",
}
SUBSCRIBED: Final = {True: "subscribed", False: "unsubscribed"}
GIVEN: Final = {True: "given", False: "withdrawn"}

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KEYWORDS: Final = {"AND", "OR", "NOT"}


def filter_text(condition: Condition) -> str:
    """Writes a condition in its normal form; everyone is an empty filter."""
    condition = normalised(condition)
    return "" if condition == EVERYONE else _expression(condition)


def _expression(condition: Condition) -> str:
    match condition:
        case And(children):
            return " AND ".join(_within(child, And) for child in children)
        case _:
            return _factor(condition)


def _factor(condition: Condition) -> str:
    match condition:
        case Or(children) if children:
            return " OR ".join(_within(child, And, Or) for child in children)
        case Not(Predicate(subject, test)) if _has_opposite(test):
            return _tested(_subject(subject), test, is_negative=True)
        case Not(child):
            return f"NOT {_within(child, And, Or)}"
        case And() | Or():
            return "nobody()"
        case _:
            return _leaf(condition)


def _within(child: Condition, *kinds: type[Condition]) -> str:
    """Writes a part, in parentheses when it would otherwise be read with its neighbours."""
    if isinstance(child, kinds) and child != NOBODY:
        return f"({_expression(child)})"
    return _factor(child)


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Predicate(subject, test):
            return _tested(_subject(subject), test)
        case HasTag(tag):
            return f"tags:{quoted(tag)}"
        case TopicIs(topic, is_subscribed):
            return f"topics.{_name(topic)} = {SUBSCRIBED[is_subscribed]}"
        case ConsentIs(consent, is_given):
            return f"consents.{_name(consent)} = {GIVEN[is_given]}"
        case InSegment(segment_id):
            return f"segment({quoted(segment_id)})"
        case Near() | Located() | Sample():
            return _place_or_sample(leaf)
        case Did() | FirstDid() | DidThen():
            return _event(leaf)


def _place_or_sample(leaf: Near | Located | Sample) -> str:
    match leaf:
        case Near(latitude, longitude, radius):
            point = f"{number_text(latitude)}, {number_text(longitude)}"
            return f"near({point}, {quoted(metres_text(radius))})"
        case Located():
            return "located()"
        case Sample(percent, salt):
            return f"sample({number_text(percent)}, {quoted(salt)})"


def _event(leaf: Did | FirstDid | DidThen) -> str:
    match leaf:
        case Did(match, window, relation, value, sum_of):
            parts = [*_matched(match), *_windowed(window)]
            if sum_of is not None:
                parts.append(f"sum({quoted(sum_of)})")
            if sum_of is not None or (relation, value) != (Relation.AT_LEAST, 1):
                parts.append(f"{COUNT_FUNCTIONS[relation]}({number_text(value)})")
            return f"did({', '.join(parts)})"
        case FirstDid(match, window):
            return f"first_did({', '.join([*_matched(match), *_windowed(window)])})"
        case DidThen(first, second, within_millis, window):
            parts = [_whole_match(first), _whole_match(second), quoted(length_text(within_millis))]
            return f"did_then({', '.join([*parts, *_windowed(window)])})"


def _matched(match: EventMatch) -> list[str]:
    where = " AND ".join(map(_property_test, match.where))
    return [quoted(match.event_type), *([f"({where})"] if where else [])]


def _whole_match(match: EventMatch) -> str:
    parts = _matched(match)
    return f"event({', '.join(parts)})" if match.where else parts[0]


def _windowed(window: Window | None) -> list[str]:
    return [] if window is None else [quoted(window_text(window))]


def _property_test(test: PropertyTest) -> str:
    if test.is_negative and not _has_opposite(test.test):
        return f"NOT {_tested(_name(test.key), test.test)}"
    return _tested(_name(test.key), test.test, is_negative=test.is_negative)


def _has_opposite(test: Test) -> bool:
    """Whether `!=` says that a test does not hold."""
    return isinstance(test, TextTest | OrderTest) and test.relation in {
        TextRelation.EQUALS,
        Relation.EQUALS,
    }


def _tested(name: str, test: Test, *, is_negative: bool = False) -> str:
    match test:
        case Provided():
            return f"{name}:*"
        case TextTest(TextRelation.EQUALS, text):
            return f"{name} {'!=' if is_negative else '='} {quoted(text)}"
        case TextTest(TextRelation.CONTAINS, text):
            return f"{name}:{quoted(text)}"
        case TextTest(relation, text):
            return f"{relation.value}({name}, {quoted(text)})"
        case OrderTest(relation, value):
            return f"{name} {'!=' if is_negative else relation.value} {_value(value)}"
        case BetweenTest(low, high):
            return f"between({name}, {_value(low)}, {_value(high)})"
        case OneOf(values):
            return f"in({name}, {', '.join(map(_value, values))})"
        case InWindow(window):
            return f"during({name}, {quoted(window_text(window))})"
        case Anniversary(window):
            return f"birthday({name}, {quoted(window_text(window))})"


def _subject(subject: Subject) -> str:
    if isinstance(subject, FieldName):
        return f"fields.{_name(subject.key)}"
    return subject.value


def _name(name: str) -> str:
    """Writes a key or an id, in quotes unless it is a plain word."""
    is_plain = _WORD.fullmatch(name) and name not in _KEYWORDS
    return name if is_plain else quoted(name)


def _value(value: Scalar) -> str:
    text = scalar_text(value)
    return text if isinstance(value, float | int) else quoted(text)


def quoted(text: str) -> str:
    """Writes a text in double quotes, with the escapes of JSON."""
    return json.dumps(text, ensure_ascii=False)
