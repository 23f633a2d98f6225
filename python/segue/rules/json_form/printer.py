"""Conditions written as JSON: equal ones are written the same. Also how they are stored.

A day is `{"day": "2024-01-31"}` and an instant `{"time": "2024-01-31T10:00:00.000Z"}`, so that what is stored reads without definitions.
"""

import datetime
import json
from typing import Any, Final, TypeAlias

from segue.domain.condition import (
    And,
    Anniversary,
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
    Provided,
    Relation,
    Rolling,
    Sample,
    Scalar,
    Subject,
    Test,
    TextTest,
    TopicIs,
    Window,
)
from segue.rules.literals import time_text
from segue.rules.tree import normalised

Json: TypeAlias = dict[str, Any]

RELATION_WORDS: Final = {
    Relation.EQUALS: "equals",
    Relation.BELOW: "below",
    Relation.AT_MOST: "at_most",
    Relation.ABOVE: "above",
    Relation.AT_LEAST: "at_least",
}


def encode_condition(condition: Condition) -> str:
    """Writes a condition in its normal form; equal conditions are written the same."""
    return json.dumps(
        _node(normalised(condition)), separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _node(condition: Condition) -> Json:
    match condition:
        case And(children):
            return {"and": [_node(child) for child in children]}
        case Or(children):
            return {"or": [_node(child) for child in children]}
        case Not(child):
            return {"not": _node(child)}
        case _:
            return _leaf(condition)


def _leaf(leaf: Leaf) -> Json:
    match leaf:
        case Predicate(subject, test):
            return _subject(subject) | _tested(test)
        case HasTag(tag):
            return {"tag": tag}
        case TopicIs(topic, is_subscribed):
            return {"topic": topic, "subscribed": is_subscribed}
        case ConsentIs(consent, is_given):
            return {"consent": consent, "given": is_given}
        case InSegment(segment_id):
            return {"segment": segment_id}
        case Near() | Located() | Sample():
            return _place_or_sample(leaf)
        case Did() | FirstDid() | DidThen():
            return _event(leaf)


def _subject(subject: Subject) -> Json:
    if isinstance(subject, FieldName):
        return {"field": subject.key}
    return {"attribute": subject.value}


def _place_or_sample(leaf: Near | Located | Sample) -> Json:
    match leaf:
        case Near(latitude, longitude, radius):
            point = {"latitude": latitude, "longitude": longitude}
            return {"near": {**point, "radius_metres": radius}}
        case Located():
            return {"located": {}}
        case Sample(percent, salt):
            return {"sample": {"percent": percent, "salt": salt}}


def _event(leaf: Did | FirstDid | DidThen) -> Json:
    match leaf:
        case Did(match, window, relation, value, sum_of):
            body = _matched(match) | _windowed(window)
            summed = {} if sum_of is None else {"sum_of": sum_of}
            return {"did": body | summed | {RELATION_WORDS[relation]: value}}
        case FirstDid(match, window):
            return {"first_did": _matched(match) | _windowed(window)}
        case DidThen(first, second, within_millis, window):
            pair = {"first": _matched(first), "second": _matched(second)}
            return {"did_then": {**pair, "within_millis": within_millis, **_windowed(window)}}


def _matched(match: EventMatch) -> Json:
    where = [
        {"property": test.key, **_tested(test.test)}
        | ({"negative": True} if test.is_negative else {})
        for test in match.where
    ]
    return {"event_type": match.event_type, **({"where": where} if where else {})}


def _windowed(window: Window | None) -> Json:
    return {} if window is None else {"window": _window_json(window)}


def _tested(test: Test) -> Json:
    match test:
        case Provided():
            return {"provided": True}
        case TextTest(relation, text):
            return {relation.value: text}
        case OrderTest(relation, value):
            return {RELATION_WORDS[relation]: _scalar_json(value)}
        case BetweenTest(low, high):
            return {"between": [_scalar_json(low), _scalar_json(high)]}
        case OneOf(values):
            return {"one_of": [_scalar_json(value) for value in values]}
        case InWindow(window):
            return {"within": _window_json(window)}
        case Anniversary(window):
            return {"birthday": _window_json(window)}


def _scalar_json(value: Scalar) -> Any:  # noqa: ANN401
    match value:
        case datetime.datetime():
            return {"time": time_text(value)}
        case datetime.date():
            return {"day": time_text(value)}
        case _:
            return value


def _window_json(window: Window) -> Json:
    match window:
        case Rolling(count, unit, is_past):
            return {"last" if is_past else "next": count, "unit": unit.value}
        case CalendarPeriod(unit, offset):
            return {"calendar": unit.value, "offset": offset}
        case Between(start, end):
            return {"between": [end and _scalar_json(end) for end in (start, end)]}
