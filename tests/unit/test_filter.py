"""Filters of AIP-160 and conditions say the same; what is wrong in one is refused with its position."""

import datetime

import pytest
from hypothesis import given
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
    Test,
    TextRelation,
    TextTest,
    TopicIs,
    Unit,
)
from segue.errors import ConditionInvalid, ConditionTooLarge
from segue.rules.filter.parser import parse_filter
from segue.rules.filter.printer import filter_text
from segue.rules.fit import ConditionLimits
from segue.rules.tree import EVERYONE, NOBODY
from tests.unit.conditions import SCOPE, conditions

LIMITS = ConditionLimits()
VIP, TO_DO, LOCATED = HasTag("vip"), HasTag("to-do"), Located()


def parse(text: str) -> Condition:
    return parse_filter(text, SCOPE, LIMITS)


@given(conditions)
def test_what_is_printed_reads_back(condition: Condition) -> None:
    text = filter_text(condition)
    assert parse(text) == condition
    assert filter_text(parse(text)) == text


def attribute(attribute: Attribute, test: Test) -> Predicate:
    return Predicate(attribute, test)


def field(key: str, test: Test) -> Predicate:
    return Predicate(FieldName(key), test)


def equals(text: str) -> TextTest:
    return TextTest(TextRelation.EQUALS, text)


NEW_YEAR = datetime.date(2024, 1, 1)
TEN = datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC)

CANONICAL: dict[str, Condition] = {
    "": EVERYONE,
    "nobody()": NOBODY,
    'name = "Gertrude Gainforth"': attribute(Attribute.NAME, equals("Gertrude Gainforth")),
    'name != "Bob"': Not(attribute(Attribute.NAME, equals("Bob"))),
    'email:"@x.se"': attribute(Attribute.EMAIL, TextTest(TextRelation.CONTAINS, "@x.se")),
    'starts_with(email, "a")': attribute(Attribute.EMAIL, TextTest(TextRelation.STARTS_WITH, "a")),
    'ends_with(email, ".se")': attribute(Attribute.EMAIL, TextTest(TextRelation.ENDS_WITH, ".se")),
    'matches(name, "^a\\\\d")': attribute(Attribute.NAME, TextTest(TextRelation.MATCHES, r"^a\d")),
    "phone:*": attribute(Attribute.PHONE, Provided()),
    "NOT phone:*": Not(attribute(Attribute.PHONE, Provided())),
    'in(country, "Norway", "Sweden")': attribute(Attribute.COUNTRY, OneOf(("Norway", "Sweden"))),
    "fields.Age >= 17.5": field("Age", OrderTest(Relation.AT_LEAST, 17.5)),
    "between(fields.Age, -1, 2)": field("Age", BetweenTest(-1.0, 2.0)),
    'fields."Favourite Animals" = "Weekly"': field("Favourite Animals", equals("Weekly")),
    'fields.VIP = "true"': field("VIP", equals("true")),
    'fields.Born < "2024-01-01"': field("Born", OrderTest(Relation.BELOW, NEW_YEAR)),
    'created_at > "2024-01-01"': attribute(
        Attribute.CREATED_AT, OrderTest(Relation.ABOVE, NEW_YEAR)
    ),
    'created_at <= "2024-01-01T10:00:00.000Z"': attribute(
        Attribute.CREATED_AT, OrderTest(Relation.AT_MOST, TEN)
    ),
    'during(created_at, "last 30d")': attribute(
        Attribute.CREATED_AT, InWindow(Rolling(30, Unit.DAY))
    ),
    'during(fields.Born, "next 2w")': field("Born", InWindow(Rolling(2, Unit.WEEK, is_past=False))),
    'during(created_at, "this month")': attribute(
        Attribute.CREATED_AT, InWindow(CalendarPeriod(Unit.MONTH, 0))
    ),
    'during(created_at, "last week")': attribute(
        Attribute.CREATED_AT, InWindow(CalendarPeriod(Unit.WEEK, -1))
    ),
    'during(created_at, "3 years ago")': attribute(
        Attribute.CREATED_AT, InWindow(CalendarPeriod(Unit.YEAR, -3))
    ),
    'during(created_at, "2024-01-01..")': attribute(
        Attribute.CREATED_AT, InWindow(Between(NEW_YEAR, None))
    ),
    'birthday(fields.Born, "in 2 days")': field("Born", Anniversary(CalendarPeriod(Unit.DAY, 2))),
    'tags:"vip"': VIP,
    "topics.news = subscribed": TopicIs("news", is_subscribed=True),
    'topics."2-for-1" = unsubscribed': TopicIs("2-for-1", is_subscribed=False),
    "consents.email = given": ConsentIs("email", is_given=True),
    "consents.email = withdrawn": ConsentIs("email", is_given=False),
    f'segment("{"ab" * 16}")': InSegment("ab" * 16),
    'near(59.33, -18.07, "10km")': Near(59.33, -18.07, 10_000.0),
    "located()": LOCATED,
    'sample(12.5, "a")': Sample(12.5, "a"),
    'did("opened")': Did(EventMatch("opened")),
    'did("purchase", (sku != "a" AND amount > 50 AND NOT gift:*), "last 30d", at_most(3))': Did(
        EventMatch(
            "purchase",
            (
                PropertyTest("sku", equals("a"), is_negative=True),
                PropertyTest("amount", OrderTest(Relation.ABOVE, 50.0)),
                PropertyTest("gift", Provided(), is_negative=True),
            ),
        ),
        Rolling(30, Unit.DAY),
        Relation.AT_MOST,
        3.0,
    ),
    'did("purchase", sum("amount"), more_than(99.5))': Did(
        EventMatch("purchase"), None, Relation.ABOVE, 99.5, "amount"
    ),
    'first_did("purchase", (in("paid at", "2024-01-01T10:00:00.000Z")), "this year")': FirstDid(
        EventMatch("purchase", (PropertyTest("paid at", OneOf((TEN,))),)),
        CalendarPeriod(Unit.YEAR, 0),
    ),
    'did_then("opened", event("purchase", (starts_with(sku, "a"))), "36h", "last 1w")': DidThen(
        EventMatch("opened"),
        EventMatch("purchase", (PropertyTest("sku", TextTest(TextRelation.STARTS_WITH, "a")),)),
        36 * 3_600_000,
        Rolling(1, Unit.WEEK),
    ),
    'tags:"vip" AND tags:"to-do" OR located()': And((VIP, Or((TO_DO, LOCATED)))),
    '(tags:"vip" AND tags:"to-do") OR located()': Or((And((VIP, TO_DO)), LOCATED)),
    '(tags:"vip" AND tags:"to-do") AND located()': And((And((VIP, TO_DO)), LOCATED)),
    '(tags:"vip" OR tags:"to-do") OR located()': Or((Or((VIP, TO_DO)), LOCATED)),
    'NOT (tags:"vip" OR located()) AND NOT (located() AND tags:"vip")': And(
        (Not(Or((VIP, LOCATED))), Not(And((LOCATED, VIP))))
    ),
}


@pytest.mark.parametrize(("text", "condition"), CANONICAL.items())
def test_every_form_of_the_language(text: str, condition: Condition) -> None:
    assert parse(text) == condition
    assert filter_text(condition) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("  ", ""),
        ("tags:vip tags:to-do", 'tags:"vip" AND tags:"to-do"'),
        ("tags:vip -located()", 'tags:"vip" AND NOT located()'),
        ("((tags:vip))", 'tags:"vip"'),
        ("NOT (NOT tags = vip)", 'tags:"vip"'),
        ("name = 'say \"no\"'", 'name = "say \\"no\\""'),
        (r"name = '\u00e5\n'", 'name = "å\\n"'),
        ("country = Sweden", 'country = "Sweden"'),
        ("email = a@x.se", 'email = "a@x.se"'),
        ("Age > 3", "fields.Age > 3"),
        ("fields.age:3", "fields.Age = 3"),
        ("fields.age != -3e2", "fields.Age != -300"),
        ("fields.name:*", "fields.name:*"),
        ("vip = TRUE", 'fields.VIP = "true"'),
        ("frequency:weekly", 'fields.Frequency = "Weekly"'),
        ("born = 2024-01-01", 'fields.Born = "2024-01-01"'),
        ('seen < "2024-01-01T10:00+02:00"', 'fields.Seen < "2024-01-01T08:00:00.000Z"'),
        ("in(age, 2, 1, 2)", "in(fields.Age, 1, 2)"),
        ("tags != vip", 'NOT tags:"vip"'),
        ("topics.news != subscribed", "NOT topics.news = subscribed"),
        ('near(0, 0, "1.5mi")', 'near(0, 0, "2.414016km")'),
        ('did(opened, at_least(2), "last 1h")', 'did("opened", "last 1h", at_least(2))'),
        ('did("opened", at_least(1))', 'did("opened")'),
        ('did_then("opened", event(clicked), "48h")', 'did_then("opened", "clicked", "2d")'),
        ('did("purchase", (-sku:"a"))', 'did("purchase", (NOT sku:"a"))'),
        ('during(seen, "1 day ago")', 'during(fields.Seen, "last day")'),
    ],
)
def test_what_is_written_otherwise_is_printed_in_one_way(text: str, same: str) -> None:
    assert filter_text(parse(text)) == same
    assert filter_text(parse(same)) == same


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ('name = "a', 7, "a text is not closed"),
        ("tags:vip AND", 12, "instead of the end"),
        ("tags:vip OR OR", 12, "instead of 'OR'"),
        ("(tags:vip", 9, "')' is wanted instead of the end"),
        ("tags:vip)", 8, "one too many"),
        ("vip", 0, "a value alone asks nothing"),
        ("tags:vip AND shoe = 3", 13, "no field 'shoe'"),
        ("fields.Age > many", 13, "a number is wanted"),
        ("fields.Age = *", 13, "a number is wanted"),
        ('fields.Born > "2024-02-30"', 14, "out of range"),
        ('fields.Seen > "2024-01-01T10:00:00"', 14, "with its zone"),
        ("name > a", 0, "no order"),
        ("located() = 3", 0, "is not compared"),
        ("located(3)", 0, "takes nothing"),
        ("NOT fly(name)", 4, "no function 'fly'"),
        ("tags:cat", 0, "no tag 'cat'"),
        ("topics.news = loved", 0, "subscribed"),
        ("segment(3, 4)", 0, "takes an id"),
        ("near(0, 0, 10)", 11, "a distance is written as"),
        ("near(0, 181, '10km')", 0, "±180"),
        ("in(name)", 0, "at least 1 value"),
        ("between(fields.Age, 1)", 0, "2 value(s)"),
        ("between(fields.Age, 2, 1)", 0, "nothing is between"),
        ("during(fields.Born, 'last 3h')", 0, "counted in day, week"),
        ("during(fields.Born, 'lately')", 20, "a window is one as"),
        ("birthday(fields.Seen, 'this week')", 0, "no test for a birthday"),
        ("birthday(fields.Born, '2024-01-01..')", 22, "a birthday has a window"),
        ("did(sold)", 4, "no event type 'sold'"),
        ("did()", 0, "an event type is wanted"),
        ("did(opened, (sku = 3))", 13, "the event type has campaign, link"),
        ("did(purchase, amount > 3)", 21, "stands in parentheses"),
        ("did(purchase, (sku = 3 OR sku = 4))", 15, "joined by AND only"),
        ("did(purchase, (sku))", 15, "a property is compared"),
        ("did(purchase, (during(sku, 'this week')))", 15, "a property is compared"),
        ("did(purchase, sum(sku), at_least(1))", 0, "no number"),
        ("did(purchase, sum(amount))", 14, "a sum is compared"),
        ("did(purchase, at_least(1), at_most(2))", 27, "not twice"),
        ("did(purchase, at_least(1.5))", 0, "is whole"),
        ("first_did(purchase)", 0, "needs a window"),
        ("first_did(purchase, 'this week', at_least(1))", 33, "no such argument"),
        ("did_then(opened, clicked)", 0, "two events"),
        ("did_then(opened, clicked, 'soon')", 26, "a length of time is written"),
        (r"name = '\ud800'", 7, "half a character"),
    ],
)
def test_what_is_wrong_is_told_with_its_position(text: str, position: int, problem: str) -> None:
    with pytest.raises(ConditionInvalid) as caught:
        parse(text)
    assert problem in str(caught.value)
    metadata = caught.value.metadata
    assert (metadata["form"], metadata["position"]) == ("filter", str(position))
    assert str(caught.value) == f"position {position}: {metadata['problem']}"


def test_parentheses_and_nodes_have_limits() -> None:
    assert parse("(" * 100 + "tags:vip" + ")" * 100) == VIP
    for text in ("(" * 10_000, "f(" * 10_000, " OR ".join(["tags:vip"] * 1_000)):
        with pytest.raises(ConditionTooLarge):
            parse(text)


PIECES = [*"ab\"'\\ ()=<>!:.,-*0T", " AND ", " OR ", "did(", "tags:vip", 'name = "', "located()"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        condition = parse(text)
    except (ConditionInvalid, ConditionTooLarge):
        return
    assert parse(filter_text(condition)) == condition
