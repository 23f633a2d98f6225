"""Draws people, moments and conditions: few values, close together, so that what is asked is often what is there."""

import datetime
import zoneinfo
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st

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
    Subject,
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Unit,
    Window,
)
from tests.conformance.person import Happening, Membership, Person

Drawn = TypeVar("Drawn")

ZONES = st.sampled_from(["UTC", "Europe/Stockholm", "America/Sao_Paulo", "Pacific/Kiritimati"]).map(
    zoneinfo.ZoneInfo
)
NOON = datetime.datetime(2018, 11, 4, 12, tzinfo=datetime.UTC)
"""A Sunday: in São Paulo it began at one o'clock."""
DAY = datetime.timedelta(days=1)
MILLI = datetime.timedelta(milliseconds=1)
FREQUENCIES = ("Weekly", "Monthly", "Emergency Only")
ANIMALS = ("Cat", "Dog", "Three-Toed Sloth", "Émeu")
PATTERNS = ("^a", "b$", "a.*b", "[ab]{2}", "(a|1)@", r"^\d?$", "a+1")
SEGMENTS = ("a0000000000000000000000000000001", "a0000000000000000000000000000002")
AMOUNTS = st.sampled_from([-2.0, 0.0, 0.5, 1.0, 3.25, 100.0])

texts = st.text("aAbBäÄßΣς@.1", min_size=1, max_size=4)
emails = st.from_regex(r"[aAb1]{1,3}@[abA]{1,2}\.(com|se)", fullmatch=True)
numbers = st.sampled_from([-1.0, -0.0, 0.0, 0.5, 17.5, 18.0, 30.0, 1e15])
days = st.sampled_from([-400, -366, -31, -8, -7, -6, -1, 0, 1, 6, 7, 365]).map(
    lambda count: (NOON + count * DAY).date()
) | st.sampled_from([datetime.date(2016, 2, 29), datetime.date(1999, 2, 28)])
instants = st.builds(
    lambda moved, hours, millis: NOON + moved * DAY + hours * DAY / 24 + millis * MILLI,
    st.sampled_from([-366, -90, -30, -8, -7, -6, -2, -1, 0, 1]),
    st.sampled_from([-14, -12, -11, -10, -9, -2, -1, 0, 1, 2, 11, 12, 15]),
    st.sampled_from([-1, 0, 0, 0, 1]),
)
moments = instants


def _some(**values: st.SearchStrategy[Drawn]) -> st.SearchStrategy[dict[str, Drawn]]:
    return st.fixed_dictionaries({}, optional=values)


field_values = _some(
    Langue=texts,
    Age=numbers,
    VIP=st.booleans(),
    Born=days,
    Seen=instants,
    Frequency=st.sampled_from(FREQUENCIES),
    FavouriteAnimal=st.frozensets(st.sampled_from(ANIMALS), min_size=1),
    Home=st.sampled_from(["Sweden", "Norway"]),
)
attributes = _some(
    name=texts,
    email=emails,
    country=texts,
    locale=texts,
    phone=st.sampled_from(["+4670000001", "+4520000002"]),
)
events = st.lists(
    st.builds(
        lambda kind, at, opened, bought: Happening(
            "",
            kind,
            at,
            opened if kind in {"opened", "clicked"} else bought if kind == "purchase" else {},
        ),
        st.sampled_from(["opened", "clicked", "purchase", "purchase", "login"]),
        instants,
        st.fixed_dictionaries(
            {"campaign": st.sampled_from(["a" * 32, "b" * 32]), "link": st.just("https://a.se/")}
        ),
        _some(amount=AMOUNTS, sku=texts, gift=st.booleans(), due=instants),
    ),
    max_size=5,
)


@st.composite
def people(draw: st.DrawFn) -> tuple[Person, ...]:
    """Draws some people; their events have ids of their own."""
    drawn = draw(st.dictionaries(st.integers(0, 40).map(str), _people, max_size=8))
    return tuple(
        replace(
            person,
            profile_id=profile_id,
            events=tuple(
                replace(event, event_id=f"{profile_id}-{number}")
                for number, event in enumerate(person.events)
            ),
        )
        for profile_id, person in drawn.items()
    )


_people = st.builds(
    lambda known, created, own, membership, marks, place, happened: Person(
        profile_id="",
        attributes={Attribute(name): value for name, value in known.items()}
        | {Attribute.CREATED_AT: created},
        fields=own,
        memberships=membership,
        tags=marks[0],
        topics=marks[1],
        consents=marks[2],
        latitude=place[0],
        longitude=place[1],
        events=tuple(happened),
    ),
    attributes,
    instants,
    _some(Langue=texts, Score=numbers, Motto=texts),
    _some(
        news=st.builds(
            Membership,
            st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "UNSUBSCRIBED"]),
            instants,
            st.sampled_from([None, "Yes", "No"]),
            field_values,
        )
    ),
    st.tuples(
        st.frozensets(st.sampled_from(["gold", "press"])),
        _some(shoes=st.booleans(), hats=st.booleans()),
        _some(email=st.booleans()),
    ),
    st.tuples(
        st.sampled_from([None, -90.0, 0.0, 59.3]), st.sampled_from([None, -180.0, 0.0, 18.1, 179.9])
    ),
    events,
)

windows: st.SearchStrategy[Window] = st.one_of(
    st.builds(Rolling, st.integers(1, 8), st.sampled_from([Unit.DAY, Unit.WEEK]), st.booleans()),
    st.builds(Rolling, st.sampled_from([30, 90, 366]), st.just(Unit.DAY), st.booleans()),
    st.builds(
        CalendarPeriod,
        st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR]),
        st.integers(-2, 1),
    ),
    st.tuples(days, days).map(lambda pair: Between(*sorted(pair))),
    st.builds(Between, st.none() | days, st.none()),
    st.builds(Between, st.none(), days),
)
time_windows: st.SearchStrategy[Window] = st.one_of(
    windows,
    st.builds(
        Rolling, st.integers(1, 50), st.sampled_from([Unit.MINUTE, Unit.HOUR]), st.booleans()
    ),
    st.tuples(instants, instants).map(lambda pair: Between(*sorted(pair))),
)
anniversaries: st.SearchStrategy[Test] = windows.flatmap(
    lambda window: st.nothing() if isinstance(window, Between) else st.just(Anniversary(window))
)


def one_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[OneOf]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(
        lambda found: OneOf(tuple(sorted(found)))
    )


text_tests: st.SearchStrategy[Test] = st.one_of(
    st.just(Provided()),
    st.builds(
        TextTest,
        st.sampled_from([relation for relation in TextRelation if relation != "matches"]),
        texts,
    ),
    st.builds(TextTest, st.just(TextRelation.MATCHES), st.sampled_from(PATTERNS)),
    one_of(texts),
)


def compared(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Test]:
    """Draws tests of numbers, days or times but sets, which of times have instants only."""
    return st.one_of(
        st.just(Provided()),
        st.builds(OrderTest, st.sampled_from(Relation), values),
        st.tuples(values, values).map(lambda pair: BetweenTest(*sorted(pair))),
    )


def ordered(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Test]:
    """Draws tests of numbers, days or times."""
    return compared(values) | one_of(values)


def options(names: tuple[str, ...]) -> st.SearchStrategy[Test]:
    """Draws tests of options."""
    name = st.sampled_from(names)
    equals = st.builds(TextTest, st.just(TextRelation.EQUALS), name)
    return st.just(Provided()) | equals | one_of(name)


def tested(tests: st.SearchStrategy[Test], *subjects: Subject) -> st.SearchStrategy[Predicate]:
    return st.builds(Predicate, st.sampled_from(subjects), tests)


predicates = st.one_of(
    tested(
        text_tests,
        Attribute.NAME,
        Attribute.EMAIL,
        Attribute.COUNTRY,
        Attribute.LOCALE,
        Attribute.PHONE,
        FieldName("Langue"),
        FieldName("motto"),
    ),
    tested(ordered(numbers), FieldName("AGE"), FieldName("Score")),
    tested(ordered(days), FieldName("Born")),
    tested(compared(days), Attribute.SUBSCRIBED_AT, FieldName("Seen")),
    tested(ordered(instants), Attribute.CREATED_AT, FieldName("Seen")),
    tested(windows.map(InWindow), FieldName("Born")),
    tested(anniversaries, FieldName("Born")),
    tested(time_windows.map(InWindow), Attribute.SUBSCRIBED_AT, FieldName("Seen")),
    tested(options(("true", "false")), FieldName("VIP")),
    tested(options(FREQUENCIES), FieldName("Frequency")),
    tested(options(ANIMALS), FieldName("FavouriteAnimal")),
    tested(options(("Sweden", "Norway", "Denmark")), FieldName("Home")),
    tested(options(("Yes", "No")), Attribute.CONSENT_TO_TRACK),
)


def having(key: str, tests: st.SearchStrategy[Test]) -> st.SearchStrategy[PropertyTest]:
    return st.builds(PropertyTest, st.just(key), tests, st.booleans())


matches = st.one_of(
    st.builds(EventMatch, st.sampled_from(["opened", "clicked", "purchase", "login"])),
    st.builds(
        EventMatch,
        st.just("purchase"),
        st.lists(
            st.one_of(
                having("amount", ordered(AMOUNTS)),
                having("sku", text_tests),
                having("gift", options(("true", "false"))),
                having("due", ordered(instants)),
            ),
            min_size=1,
            max_size=2,
        ).map(tuple),
    ),
    st.builds(
        EventMatch,
        st.sampled_from(["opened", "clicked"]),
        st.builds(
            TextTest, st.just(TextRelation.EQUALS), st.sampled_from(["a" * 32, "b" * 32])
        ).map(lambda test: (PropertyTest("campaign", test),)),
    ),
)
_counted = st.builds(
    Did,
    matches,
    st.none() | time_windows,
    st.sampled_from(Relation),
    st.sampled_from([0.0, 1.0, 2.0, 3.0]),
)
_summed = st.builds(
    Did,
    matches.filter(lambda match: match.event_type == "purchase"),
    st.none() | time_windows,
    st.sampled_from(Relation),
    AMOUNTS,
    st.just("amount"),
)
happenings: st.SearchStrategy[Leaf] = st.one_of(
    _counted,
    _summed,
    st.builds(FirstDid, matches, time_windows),
    st.builds(
        DidThen,
        matches,
        matches,
        st.sampled_from([1, 3_600_000, 86_400_000, 7 * 86_400_000]),
        st.none() | time_windows,
    ),
)
marks: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(HasTag, st.sampled_from(["gold", "press", "unused"])),
    st.builds(TopicIs, st.sampled_from(["shoes", "hats"]), st.booleans()),
    st.builds(ConsentIs, st.sampled_from(["email", "sms"]), st.booleans()),
    st.just(Located()),
    st.builds(
        Near,
        st.sampled_from([-90.0, 0.0, 59.0]),
        st.sampled_from([-180.0, 18.0, 180.0]),
        st.sampled_from([0.0, 34_000.0, 12_000_000.0]),
    ),
    st.builds(Sample, st.sampled_from([0.0, 10.0, 50.0, 100.0]), st.sampled_from(["", "s", "é"])),
    st.builds(InSegment, st.sampled_from(SEGMENTS)),
)
leaves: st.SearchStrategy[Leaf] = st.one_of(predicates, happenings, marks)


def _tuples(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[tuple[Condition, ...]]:
    return st.lists(inner, max_size=3).map(tuple)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.builds(And, _tuples(inner)) | st.builds(Or, _tuples(inner)) | st.builds(Not, inner)


conditions: st.SearchStrategy[Condition] = st.recursive(leaves, _joined, max_leaves=8)
