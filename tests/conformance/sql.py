"""Conditions as DuckDB says them: a second opinion that shares nothing with the kernel, nor with the oracle.

Each leaf is made two-valued by `coalesce`. What SQL cannot say, or says otherwise, raises `Unsayable`: samples, and letters beyond ASCII,
for which `lower` is no folding.
"""

import datetime
import zoneinfo
from dataclasses import dataclass

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
    Provided,
    Rolling,
    Sample,
    Subject,
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Window,
)
from tests.conformance.person import World


class Unsayable(Exception):
    """SQL has no words for it."""


@dataclass(frozen=True)
class Cell:
    """An expression of a type: text, number, truth, day, time, or options."""

    sql: str
    type: str


TYPES = {
    "text": "text",
    "number": "number",
    "boolean": "truth",
    "date": "day",
    "date_time": "time",
    "multi_select_many": "options",
}
"""Kinds of expressions by kinds of fields; the others are texts."""

TEXTS = {
    TextRelation.EQUALS: "lower({cell}) = lower({operand})",
    TextRelation.CONTAINS: "contains(lower({cell}), lower({operand}))",
    TextRelation.STARTS_WITH: "starts_with(lower({cell}), lower({operand}))",
    TextRelation.ENDS_WITH: "ends_with(lower({cell}), lower({operand}))",
    TextRelation.MATCHES: "regexp_matches({cell}, {operand}, 'i')",
}
EARTH_RADIUS_METRES = 6_371_008.8


@dataclass(frozen=True)
class Speaker:
    """Says conditions as of a moment, of people `p` and their events `e`."""

    moment: datetime.datetime
    zone: zoneinfo.ZoneInfo
    world: World
    types: dict[str, str]
    """Kinds of fields by folded key, and of properties by event type and key with a slash between."""

    def say(self, condition: Condition) -> str:
        """Returns a condition as SQL.

        Raises:
            Unsayable: SQL cannot say it.
        """
        match condition:
            case And(children):
                return _joined([self.say(child) for child in children], "AND", "true")
            case Or(children):
                return _joined([self.say(child) for child in children], "OR", "false")
            case Not(child):
                return f"NOT {self.say(child)}"
            case _:
                return f"coalesce({self._leaf(condition)}, false)"

    def _leaf(self, condition: Condition) -> str:
        match condition:
            case Predicate(subject, test):
                return self._test(self._cell(subject), test)
            case Did() | FirstDid() | DidThen():
                return self._events(condition)
            case InSegment(segment_id):
                saved = self.world.segments[segment_id]
                inner = self.say(saved.condition)
                return f"p.profile_id IN (SELECT profile_id FROM {people(saved.list_id)} AS p WHERE {inner})"
            case _:
                return _mark(condition)

    def _cell(self, subject: Subject) -> Cell:
        if not isinstance(subject, Attribute):
            key = subject.key.casefold()
            return Cell(f'p."field {key}"', TYPES.get(self.types[key], "text"))
        is_time = subject.value.endswith("_at")
        return Cell(f"p.{subject.value}", "time" if is_time else "text")

    def _test(self, cell: Cell, test: Test) -> str:
        match test:
            case Provided() if cell.type == "options":
                return f"len({cell.sql}) > 0"
            case Provided():
                return f"{cell.sql} IS NOT NULL"
            case TextTest(relation, text):
                return _text(cell, relation, text)
            case OneOf(values):
                return _joined([self._is(cell, value) for value in values], "OR", "false")
            case InWindow(window):
                has = self._has_day if cell.type == "day" else self._has_instant
                return has(cell.sql, window)
            case _:
                return self._order(cell, test)

    def _order(self, cell: Cell, test: OrderTest | BetweenTest | Anniversary) -> str:
        match test:
            case OrderTest(relation, value):
                return f"{self._scaled(cell, value)} {relation} {self._literal(value)}"
            case BetweenTest(low, high):
                least = f"{self._scaled(cell, low)} >= {self._literal(low)}"
                return f"{least} AND {self._scaled(cell, high)} <= {self._literal(high)}"
            case Anniversary():
                raise Unsayable("days of the year")

    def _is(self, cell: Cell, value: str | float | datetime.date) -> str:
        if isinstance(value, str):
            return _text(cell, TextRelation.EQUALS, value)
        return f"{self._scaled(cell, value)} = {self._literal(value)}"

    def _scaled(self, cell: Cell, operand: object) -> str:
        is_day = isinstance(operand, datetime.date) and not isinstance(operand, datetime.datetime)
        return self._local_day(cell.sql) if is_day and cell.type == "time" else cell.sql

    def _local_day(self, instant: str) -> str:
        return f"CAST(timezone('{self.zone.key}', {instant}) AS DATE)"

    @property
    def _now(self) -> str:
        return self._literal(self.moment)

    @property
    def _today(self) -> str:
        return self._local_day(self._now)

    @staticmethod
    def _literal(value: float | datetime.date | datetime.datetime) -> str:
        match value:
            case datetime.datetime():
                return f"TIMESTAMPTZ '{value.astimezone(datetime.UTC).isoformat(sep=' ')}'"
            case datetime.date():
                return f"DATE '{value.isoformat()}'"
            case _:
                return f"CAST({value!r} AS DOUBLE)"

    def _has_instant(self, instant: str, window: Window) -> str:
        match window:
            case Rolling(count, unit, is_past):
                span = f"INTERVAL '{count} {unit}s'"
                bounds = f"{self._now} - {span} AND {self._now}"
                return f"{instant} BETWEEN " + (
                    bounds if is_past else f"{self._now} AND {self._now} + {span}"
                )
            case CalendarPeriod():
                return self._has_day(self._local_day(instant), window)
            case Between(start, end):
                return self._is_between(instant, start, end)

    def _is_between(
        self, instant: str, start: datetime.date | None, end: datetime.date | None
    ) -> str:
        cell = Cell(instant, "time")
        before = "<" if isinstance(end, datetime.datetime) else "<="
        bounds = [(start, ">="), (end, before)]
        said = [
            f"{self._scaled(cell, day)} {sign} {self._literal(day)}"
            for day, sign in bounds
            if day is not None
        ]
        return _joined([*said, f"{instant} IS NOT NULL"], "AND", "true")

    def _has_day(self, day: str, window: Window) -> str:
        match window:
            case Rolling(count, unit, is_past):
                days = count * (7 if unit == "week" else 1) - 1
                if is_past:
                    return f"{day} BETWEEN {self._today} - {days} AND {self._today}"
                return f"{day} BETWEEN {self._today} AND {self._today} + {days}"
            case CalendarPeriod(unit, offset):
                moved = f"date_trunc('{unit}', {self._today}) + INTERVAL '{offset} {unit}s'"
                return f"date_trunc('{unit}', {day}) = CAST({moved} AS DATE)"
            case Between(start, end):
                low = f"{day} >= {self._literal(start)}" if start else "true"
                high = f"{day} <= {self._literal(end)}" if end else "true"
                return f"{day} IS NOT NULL AND {low} AND {high}"

    def _events(self, condition: Did | FirstDid | DidThen) -> str:
        match condition:
            case Did(match, window, relation, value, sum_of):
                figure = "count(*)" if sum_of is None else f"coalesce(sum({self._sum(sum_of)}), 0)"
                found = self._matching(match, "e", window)
                return f"(SELECT {figure} FROM {found}) {relation} {self._literal(value)}"
            case FirstDid(match, window):
                first = f"(SELECT min(e.happened) FROM {self._matching(match, 'e', None)})"
                return self._has_instant(first, window)
            case DidThen(first, second, within_millis, window):
                later = self._matching(second, "u", None)
                until = f"e.happened + INTERVAL '{within_millis} milliseconds'"
                earlier = self._matching(first, "e", window)
                after = (
                    f"EXISTS (FROM {later} AND u.happened > e.happened AND u.happened <= {until})"
                )
                return f"EXISTS (FROM {earlier} AND {after})"

    @staticmethod
    def _sum(key: str) -> str:
        return f'e."{key}"'

    def _matching(self, match: EventMatch, name: str, window: Window | None) -> str:
        tests = [f"{name}.profile_id = p.profile_id", f"{name}.event_type = '{match.event_type}'"]
        for wanted in match.where:
            kind = self.types.get(f"{match.event_type}/{wanted.key}", "text")
            cell = Cell(f'{name}."{wanted.key}"', TYPES[kind])
            test = f"coalesce({self._test(cell, wanted.test)}, false)"
            tests.append(f"NOT {test}" if wanted.is_negative else test)
        if window is not None:
            tests.append(self._has_instant(f"{name}.happened", window))
        return f"events AS {name} WHERE {' AND '.join(tests)}"


def people(list_id: str | None) -> str:
    """Returns the table of candidates."""
    return f'"people {list_id or ""}"'


def _joined(parts: list[str], word: str, nothing: str) -> str:
    return "(" + f" {word} ".join(parts or [nothing]) + ")"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _text(cell: Cell, relation: TextRelation, text: str) -> str:
    if not text.isascii():
        raise Unsayable("letters beyond ASCII")
    if cell.type == "options":
        return (
            f"list_contains(list_transform({cell.sql}, lambda x: lower(x)), lower({_quoted(text)}))"
        )
    value = f"CAST({cell.sql} AS VARCHAR)"
    return TEXTS[relation].format(cell=value, operand=_quoted(text))


def _mark(condition: Condition) -> str:
    match condition:
        case HasTag(tag):
            return f"list_contains(p.tags, {_quoted(tag)})"
        case TopicIs(name, is_true):
            return f"list_contains(p.topics, {_quoted(f'{name} {is_true}')})"
        case ConsentIs(name, is_true):
            return f"list_contains(p.consents, {_quoted(f'{name} {is_true}')})"
        case Located():
            return "p.latitude IS NOT NULL AND p.longitude IS NOT NULL"
        case Near(latitude, longitude, radius):
            return _near(latitude, longitude, radius)
        case Sample():
            raise Unsayable("samples")
        case _:
            raise AssertionError(f"{condition} is no leaf")


def _near(latitude: float, longitude: float, radius: float) -> str:
    rise = f"pow(sin(radians(p.latitude - {latitude!r}) / 2), 2)"
    turn = f"pow(sin(radians(p.longitude - {longitude!r}) / 2), 2)"
    slant = f"{rise} + cos(radians(p.latitude)) * cos(radians({latitude!r})) * {turn}"
    capped = f"CASE WHEN {slant} < 1 THEN {slant} WHEN {slant} >= 1 THEN 1 END"  # `least` passes over nulls
    return f"2 * {EARTH_RADIUS_METRES} * asin(sqrt({capped})) <= {radius!r}"
