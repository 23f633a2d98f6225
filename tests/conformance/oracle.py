"""What conditions mean, as slowly and plainly as it can be said: the kernel must agree.

Two-valued: what is absent satisfies no test, and `Not` is the exact complement. Nothing here is shared with the code under test but the
classes of the tree.
"""

import datetime
import math
import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, replace

from segue.domain.condition import (
    And,
    Anniversary,
    Attribute,
    BetweenTest,
    Condition,
    ConsentIs,
    Did,
    DidThen,
    EventMatch,
    FirstDid,
    HasTag,
    InSegment,
    InWindow,
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
    Subject,
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Window,
)
from tests.conformance import calendar_window
from tests.conformance.person import Happening, Person, Value, World

EARTH_RADIUS_METRES = 6_371_008.8


@dataclass(frozen=True)
class Asking:
    """Who is asked, when, where and in which world."""

    person: Person
    moment: datetime.datetime
    zone: zoneinfo.ZoneInfo
    world: World


def members(
    condition: Condition,
    people: Sequence[Person],
    moment: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    world: World,
) -> set[str]:
    """Returns the ids of the candidates for whom a condition holds."""
    return {
        person.profile_id
        for person in people
        if is_candidate(person, world) and holds(condition, person, moment, zone, world)
    }


def is_candidate(person: Person, world: World) -> bool:
    """Whether rules are asked of a person at all: an active member of the list, or anybody where there is no list."""
    if world.list_id is None:
        return True
    membership = person.memberships.get(world.list_id)
    return membership is not None and membership.state == "ACTIVE"


def holds(
    condition: Condition,
    person: Person,
    moment: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    world: World,
) -> bool:
    """Whether a condition holds for a person at a moment, with days of a time zone."""
    return _holds(condition, Asking(person, moment, zone, world))


def _holds(condition: Condition, asking: Asking) -> bool:
    match condition:
        case And(children) | Or(children):
            answers = [_holds(child, asking) for child in children]
            return all(answers) if isinstance(condition, And) else any(answers)
        case Not(child):
            return not _holds(child, asking)
        case Predicate(subject, test):
            value = _value(subject, asking)
            return value is not None and passes(value, test, asking.moment, asking.zone)
        case Did() | FirstDid() | DidThen():
            return _happened(condition, asking)
        case InSegment(segment_id):
            segment = asking.world.segments[segment_id]
            world = replace(asking.world, list_id=segment.list_id)
            return is_candidate(asking.person, world) and _holds(
                segment.condition, replace(asking, world=world)
            )
        case _:
            return _is_marked(condition, asking.person)


def _is_marked(
    condition: HasTag | TopicIs | ConsentIs | Near | Located | Sample, person: Person
) -> bool:
    match condition:
        case HasTag(tag):
            return tag in person.tags
        case TopicIs(topic, is_subscribed):
            return person.topics.get(topic) is is_subscribed
        case ConsentIs(consent_type, is_given):
            return person.consents.get(consent_type) is is_given
        case Located():
            return person.place is not None
        case Near(latitude, longitude, radius):
            place = person.place
            return place is not None and distance_metres(place, (latitude, longitude)) <= radius
        case Sample(percent, salt):
            return sample_fraction(salt, person.profile_id) < percent / 100


def _value(subject: Subject, asking: Asking) -> Value | None:
    person, list_id = asking.person, asking.world.list_id
    membership = person.memberships.get(list_id) if list_id is not None else None
    match subject:
        case Attribute.SUBSCRIBED_AT if list_id is not None:
            return membership.joined_at if membership else None
        case Attribute.SUBSCRIBED_AT:
            return person.attributes.get(Attribute.CREATED_AT)
        case Attribute.CONSENT_TO_TRACK:
            answer = membership.consent_to_track if membership else None
            return answer and frozenset({answer})
        case Attribute():
            return person.attributes.get(subject)
    key = subject.key.casefold()
    known = {name.casefold(): value for name, value in person.fields.items()}
    if membership:
        known |= {name.casefold(): value for name, value in membership.fields.items()}
    return known.get(key)


def passes(value: Value, test: Test, moment: datetime.datetime, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether a value that is there passes a test."""
    match test:
        case Provided():
            return value != frozenset()
        case TextTest(relation, operand):
            return any(text_passes(word, relation, operand) for word in _words(value))
        case OrderTest(relation, operand):
            return order_holds(*_comparable(value, operand, zone), relation)
        case BetweenTest(low, high):
            return order_holds(*_comparable(value, low, zone), Relation.AT_LEAST) and order_holds(
                *_comparable(value, high, zone), Relation.AT_MOST
            )
        case OneOf(values):
            return any(_is(value, operand, zone) for operand in values)
        case InWindow() | Anniversary():
            return _in_window(value, test, moment, zone)


def _words(value: Value) -> frozenset[str]:
    if isinstance(value, bool):
        return frozenset({str(value).lower()})
    if isinstance(value, frozenset):
        return value
    assert isinstance(value, str)
    return frozenset({value})


def text_passes(text: str, relation: TextRelation, operand: str) -> bool:
    """Whether a text compares so with an operand; patterns are of the part of the language that Python shares with the kernel."""
    if relation is TextRelation.MATCHES:
        return re.search(operand, text, re.IGNORECASE) is not None
    text, operand = fold(text), fold(operand)
    match relation:
        case TextRelation.EQUALS:
            return text == operand
        case TextRelation.CONTAINS:
            return operand in text
        case TextRelation.STARTS_WITH:
            return text.startswith(operand)
        case TextRelation.ENDS_WITH:
            return text.endswith(operand)


def fold(text: str) -> str:
    """Folds letters one by one; those that would become two letters stay, but the capital sharp s, which is one small letter."""
    return "".join(
        folded if len(folded := letter.casefold()) == 1 else letter.replace("\u1e9e", "\u00df")
        for letter in text
    )


def _comparable(
    value: Value, operand: float | datetime.date | datetime.datetime, zone: zoneinfo.ZoneInfo
) -> tuple[float, float]:
    """Puts a value and an operand on one scale: a day against a time means that local day."""
    if isinstance(operand, datetime.datetime):
        assert isinstance(value, datetime.datetime)
        return value.timestamp(), operand.timestamp()
    if isinstance(operand, datetime.date):
        if isinstance(value, datetime.datetime):
            value = value.astimezone(zone).date()
        assert isinstance(value, datetime.date)
        return value.toordinal(), operand.toordinal()
    assert isinstance(value, float | int)
    return value, operand


def order_holds(value: float, operand: float, relation: Relation) -> bool:
    """Whether a value compares so with an operand."""
    match relation:
        case Relation.EQUALS:
            return value == operand
        case Relation.BELOW:
            return value < operand
        case Relation.AT_MOST:
            return value <= operand
        case Relation.ABOVE:
            return value > operand
        case Relation.AT_LEAST:
            return value >= operand


def _is(
    value: Value, operand: str | float | datetime.date | datetime.datetime, zone: zoneinfo.ZoneInfo
) -> bool:
    if isinstance(operand, str):
        return fold(operand) in {fold(word) for word in _words(value)}
    return order_holds(*_comparable(value, operand, zone), Relation.EQUALS)


def _in_window(
    value: Value,
    test: InWindow | Anniversary,
    moment: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
) -> bool:
    if isinstance(value, datetime.datetime):
        assert isinstance(test, InWindow)
        return calendar_window.has_instant(test.window, value, moment, zone)
    assert isinstance(value, datetime.date)
    if isinstance(test, InWindow):
        return calendar_window.has_day(test.window, value, moment, zone)
    days = calendar_window.days_of(test.window, moment, zone)
    return any(calendar_window.is_anniversary(value, day) for day in days)


def _happened(condition: Did | FirstDid | DidThen, asking: Asking) -> bool:
    match condition:
        case Did(match, window, relation, value, sum_of):
            found = [
                event
                for event in _matching(match, asking)
                if window is None or _is_within(event, window, asking)
            ]
            if sum_of is None:
                return order_holds(len(found), value, relation)
            amounts = [event.data.get(sum_of, 0.0) for event in found]
            return order_holds(math.fsum(_number(amount) for amount in amounts), value, relation)
        case FirstDid(match, window):
            found = sorted(_matching(match, asking), key=lambda event: event.at)
            return bool(found) and _is_within(found[0], window, asking)
        case DidThen(first, second, within_millis, window):
            within = datetime.timedelta(milliseconds=within_millis)
            return any(
                before.at < after.at <= before.at + within
                for before in _matching(first, asking)
                if window is None or _is_within(before, window, asking)
                for after in _matching(second, asking)
            )


def _number(value: Value) -> float:
    assert isinstance(value, float | int)
    return value


def _is_within(event: Happening, window: Window, asking: Asking) -> bool:
    return calendar_window.has_instant(window, event.at, asking.moment, asking.zone)


def _matching(match: EventMatch, asking: Asking) -> list[Happening]:
    return [
        event
        for event in asking.person.events
        if event.event_type == match.event_type
        and all(_property_passes(event, test, asking) for test in match.where)
    ]


def _property_passes(event: Happening, wanted: PropertyTest, asking: Asking) -> bool:
    value = event.data.get(wanted.key)
    found = value is not None and passes(value, wanted.test, asking.moment, asking.zone)
    return found is not wanted.is_negative


def distance_metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Measures the great circle between two places by the haversine formula."""
    (south, west), (north, east) = (tuple(map(math.radians, place)) for place in (one, other))
    height = math.sin((north - south) / 2) ** 2
    width = math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * math.asin(min(1.0, math.sqrt(height + width)))


def sample_fraction(salt: str, profile_id: str) -> float:
    """Draws a number from 0 to below 1 for a profile: FNV-1a 64 over salt, a zero byte and the id, mixed by MurmurHash3's fmix64."""
    number = 0xCBF29CE484222325
    for byte in salt.encode() + b"\0" + profile_id.encode():
        number = (number ^ byte) * 0x100000001B3 % 2**64
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 1):
        number = (number ^ number >> 33) * factor % 2**64
    return (number >> 11) / 2**53
