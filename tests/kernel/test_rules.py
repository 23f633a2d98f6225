"""The kernel agrees with a slow, obvious reference on generated rules, conditions and profiles."""

import datetime
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from segue._kernel import Plan, Schema, Snapshot, Table, decode
from segue.domain.field import Field, FieldType
from segue.domain.list import MailingList
from segue.domain.schema import schema_definition
from segue.domain.segment import RuleText
from segue.rules.clause import parse_rule_groups
from segue.rules.lowering import lower_members
from segue.rules.scope import MembershipColumns, RuleScope
from segue.rules.verbs import BUILT_IN, FIELDS, RuleType
from segue.v1.block_pb2 import BlockFormat
from segue.v1.profile_pb2 import (
    FieldValue,
    Identifier,
    Membership,
    PersonName,
    Profile,
    ProfileBatch,
)
from tests.kernel import reference
from tests.kernel.column_condition import (
    And,
    AnyOf,
    Condition,
    InRange,
    Not,
    Or,
    Predicate,
    Provided,
    TextRelation,
    TextTest,
    to_kernel_json,
)
from tests.kernel.reference import Cell, Person, Value

ZONE = zoneinfo.ZoneInfo("America/Sao_Paulo")  # until 2019 some days began at one o'clock
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
LIST = MailingList("shop", "news", "News", 64, 0, 0, 1)
OPTIONS = ("Weekly", "Monthly", "Émergency Only")


def field(key: str, field_type: FieldType, column: int) -> Field:
    options = OPTIONS if field_type.has_options else ()
    return Field("shop", "news", key, field_type, key, options, column, 0, 1)


LANGUE = field("Langue", FieldType.TEXT, 70)
AGE = field("Age", FieldType.NUMBER, 71)
VIP = field("VIP", FieldType.BOOLEAN, 72)
BORN = field("Born", FieldType.DATE, 73)
SEEN = field("Seen", FieldType.DATE_TIME, 74)
FREQUENCY = field("Frequency", FieldType.MULTI_SELECT_ONE, 75)
TOPICS = field("Topics", FieldType.MULTI_SELECT_MANY, 76)
ALL_FIELDS = (LANGUE, AGE, VIP, BORN, SEEN, FREQUENCY, TOPICS)

SCHEMA = Schema(schema_definition([LIST], ALL_FIELDS))
SCOPE = RuleScope(
    fields=ALL_FIELDS,
    time_zone=ZONE,
    membership=MembershipColumns.of(LIST.column),
)
RULE_TYPES: dict[str, RuleType] = {
    **{name: BUILT_IN[name] for name in ("Name", "EmailAddress", "DateSubscribed")},
    **{item.key: FIELDS[item.type] for item in ALL_FIELDS},
}
COLUMNS = {"Name": 7, "EmailAddress": 13, "DateSubscribed": LIST.joined_at_column}
COLUMNS |= {item.key: item.column for item in ALL_FIELDS}

texts = st.text("aAbBäÄß\u03a3\u03c2@.", min_size=1, max_size=6)
emails = st.from_regex(r"[aAbB]{1,3}@[abAB]{1,2}\.(com|se)", fullmatch=True)
numbers = st.sampled_from([-0.0, 0.0, 1.0, 17.5, 18.0, 1e15]) | st.floats(-20, 20).map(
    lambda number: round(number, 1)
)
days = st.dates(datetime.date(2018, 10, 28), datetime.date(2018, 11, 8))
times = st.datetimes(
    datetime.datetime(2018, 10, 28),  # noqa: DTZ001 - given a time zone below
    datetime.datetime(2018, 11, 8),  # noqa: DTZ001
    timezones=st.just(datetime.UTC),
).map(lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000))
names = st.sampled_from(OPTIONS)
people: st.SearchStrategy[Person] = st.fixed_dictionaries(
    {},
    optional={
        "Name": texts,
        "EmailAddress": emails,
        "DateSubscribed": times,
        "Langue": texts,
        "Age": numbers,
        "VIP": st.booleans(),
        "Born": days,
        "Seen": times,
        "Frequency": names.map(lambda name: frozenset({name})),
        "Topics": st.frozensets(names),
    },
)
batches = st.lists(st.dictionaries(st.integers(0, 30).map(str), people, max_size=12), max_size=3)


@dataclass(frozen=True)
class Audience:
    """People as the reference knows them, and as the kernel does."""

    people: dict[str, Person]
    snapshot: Snapshot

    def found(self, condition: bytes) -> set[str]:
        """Asks the kernel of every person, and whether it counts as many."""
        plan = Plan(SCHEMA, condition, 0)
        found = {key for key in self.people if self.snapshot.matches(plan, key)}
        assert self.snapshot.count(plan) == len(found)
        return found


@st.composite
def audiences(draw: st.DrawFn) -> Audience:
    """Draws people who come in several batches; later ones change some values and keep the others.

    Who does not say when they joined the list joins it when they come.
    """
    table, known = Table(), dict[str, Person]()
    for revision, batch in enumerate(draw(batches), start=1):
        profiles = [to_profile(key, person) for key, person in batch.items()]
        block = ProfileBatch(profiles=profiles).SerializeToString()
        part = decode(SCHEMA, BlockFormat.BLOCK_FORMAT_PROFILE_BATCH, block, None, False)  # noqa: FBT003
        assert part.exceptions == []
        table.apply([part], revision, 10 * revision)
        for key, person in batch.items():
            joined = EPOCH + datetime.timedelta(milliseconds=10 * revision)
            known[key] = {"DateSubscribed": joined, **known.get(key, {}), **person}
    erased = draw(st.sets(st.sampled_from(sorted(known)), max_size=3)) if known else set()
    table.erase(sorted(erased), 100, 1000)
    return Audience(
        {key: person for key, person in known.items() if key not in erased}, table.snapshot()
    )


def to_profile(key: str, person: Person) -> Profile:
    joined = person.get("DateSubscribed")
    membership = Membership(
        list="news",
        joined_at_millis=None if joined is None else int(to_number(joined)),
        fields=[
            to_field_value(item, person[item.key]) for item in ALL_FIELDS if item.key in person
        ],
    )
    return Profile(
        profile_id=key,
        name=PersonName(full_name=str(person["Name"])) if "Name" in person else None,
        emails=[Identifier(value=str(person["EmailAddress"]))] if "EmailAddress" in person else [],
        memberships=[membership],
    )


def to_field_value(item: Field, value: Value) -> FieldValue:
    message = FieldValue(key=item.key)
    match value:
        case frozenset() if item.type is FieldType.MULTI_SELECT_MANY:
            message.options.options.extend(sorted(value))
        case frozenset():
            message.text = min(value)
        case bool():
            message.boolean = value
        case str():
            message.text = value
        case float():
            message.number = value
        case datetime.datetime():
            message.date_time_millis = int(to_number(value))
        case datetime.date():
            message.date_days = int(to_number(value))
    return message


def to_number(value: Value) -> float:
    """A number as it is, a time in milliseconds, a day in days."""
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(milliseconds=1)
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    assert isinstance(value, float)
    return value


def to_cell(value: Value) -> Cell:
    if isinstance(value, frozenset):
        return frozenset(OPTIONS.index(name) for name in value)
    if isinstance(value, bool):
        return frozenset({int(value)})
    return value if isinstance(value, str) else to_number(value)


OPERANDS: dict[str, st.SearchStrategy[str]] = {
    "Name": texts,
    "EmailAddress": emails | texts,
    "Langue": texts,
    "Age": numbers.map(lambda number: f"{number:.1f}"),
    "VIP": st.sampled_from(["true", "FALSE"]),
    "Frequency": names.map(str.upper),
    "Topics": names,
}


@st.composite
def rules(draw: st.DrawFn) -> RuleText:
    """Draws a rule of any type with any of its verbs."""
    rule_type = draw(st.sampled_from(sorted(RULE_TYPES)))
    verb = draw(st.sampled_from(sorted(RULE_TYPES[rule_type].verbs)))
    operand = OPERANDS.get(rule_type, days.map(datetime.date.isoformat))
    if verb.endswith("PROVIDED"):
        return RuleText(rule_type, verb)
    if verb == "BETWEEN":
        as_number = float if rule_type == "Age" else str
        low, high = sorted((draw(operand), draw(operand)), key=as_number)
        return RuleText(rule_type, f"BETWEEN {low} AND {high}")
    return RuleText(rule_type, f"{verb} {draw(operand)}")


groups = st.lists(st.lists(rules(), min_size=1, max_size=3), max_size=3)


@given(audiences(), groups)
def test_rules_select_whom_the_reference_selects(
    audience: Audience, rule_groups: Sequence[Sequence[RuleText]]
) -> None:
    expected = {
        key
        for key, person in audience.people.items()
        if reference.is_member(person, rule_groups, ZONE)
    }
    condition = lower_members(parse_rule_groups(rule_groups, SCOPE), SCOPE, 0)
    assert audience.found(condition) == expected


def ranges(column: int, bounds: st.SearchStrategy[float]) -> st.SearchStrategy[Predicate]:
    bound = st.none() | bounds
    in_range = st.builds(InRange, bound, st.booleans(), bound, st.booleans())
    return st.builds(Predicate, st.just(column), in_range)


def options(column: int) -> st.SearchStrategy[Predicate]:
    codes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
    return st.builds(Predicate, st.just(column), st.builds(AnyOf, codes))


predicates = st.one_of(
    st.builds(Predicate, st.sampled_from(sorted(COLUMNS.values())), st.just(Provided())),
    st.builds(
        Predicate,
        st.sampled_from([7, 13, 70]),
        st.builds(TextTest, st.sampled_from(TextRelation), st.just("") | texts),
    ),
    ranges(AGE.column, numbers),
    ranges(BORN.column, days.map(to_number)),
    ranges(SEEN.column, times.map(to_number)),
    ranges(LIST.joined_at_column, times.map(to_number)),
    options(VIP.column),
    options(FREQUENCY.column),
    options(TOPICS.column),
)


def tuples(children: st.SearchStrategy[Condition]) -> st.SearchStrategy[tuple[Condition, ...]]:
    return st.lists(children, max_size=3).map(tuple)


conditions: st.SearchStrategy[Condition] = st.recursive(
    predicates,
    lambda inner: (
        st.builds(And, tuples(inner)) | st.builds(Or, tuples(inner)) | st.builds(Not, inner)
    ),
    max_leaves=12,
)


@given(audiences(), conditions)
def test_conditions_hold_for_whom_the_reference_says(
    audience: Audience, condition: Condition
) -> None:
    expected = {
        key
        for key, person in audience.people.items()
        if reference.condition_holds(
            {COLUMNS[name]: to_cell(value) for name, value in person.items()}, condition
        )
    }
    assert audience.found(to_kernel_json(condition)) == expected
