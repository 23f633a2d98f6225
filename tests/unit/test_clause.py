"""Rules of seed 004: every cell of the verb table, every number, the seed's own examples."""

import datetime
import zoneinfo
from dataclasses import dataclass, replace

import pytest

from segue.domain.condition import (
    And,
    Attribute,
    BetweenTest,
    Condition,
    FieldName,
    Located,
    Near,
    Not,
    Or,
    OrderTest,
    Predicate,
    Provided,
    Relation,
    Subject,
    Test,
    TextRelation,
    TextTest,
)
from segue.domain.field import FieldType
from segue.domain.segment import RuleText
from segue.errors import RuleResult, RulesInvalid
from segue.rules.campaigns import CAMPAIGN_RULES
from segue.rules.clause import parse_rule_groups
from segue.rules.codes import MESSAGES, Code
from segue.rules.engagement import ENGAGEMENT
from segue.rules.scope import KnownCampaign, MembershipColumns, RuleScope
from segue.rules.tree import EVERYONE
from segue.rules.verbs import BUILT_IN, FIELDS, VERBS, Grammar

D9, D10 = datetime.date(2009, 1, 1), datetime.date(2010, 1, 1)
SENT = "1234123412341234"
DRAFT = "abcdabcdabcdabcdabcdabcdabcdabcd"
LINK = "https://x.se/?a=1"


@dataclass(frozen=True)
class Field:
    """A field as rules see it."""

    key: str
    type: FieldType
    column: int
    options: tuple[str, ...] = ()


ANIMALS = ("Cat", "Three-Toed Sloth")
FREQUENCIES = ("Weekly", "Emergency Only")
SCOPE = RuleScope(
    fields=(
        Field("Langue", FieldType.TEXT, 70),
        Field("Age", FieldType.NUMBER, 71),
        Field("VIP", FieldType.BOOLEAN, 72),
        Field("Born", FieldType.DATE, 73),
        Field("Seen", FieldType.DATE_TIME, 74),
        Field("Frequency", FieldType.MULTI_SELECT_ONE, 75, FREQUENCIES),
        Field("FavouriteAnimal", FieldType.MULTI_SELECT_MANY, 76, ANIMALS),
        Field("age", FieldType.TEXT, 77),
        Field("Name", FieldType.TEXT, 78),
    ),
    time_zone=zoneinfo.ZoneInfo("UTC"),
    today=datetime.date(2010, 6, 1),
    membership=MembershipColumns.of(64),
    campaign={
        SENT: KnownCampaign(was_sent=True, links=frozenset({LINK})),
        DRAFT: KnownCampaign(was_sent=False),
    }.get,
)


def equals(text: str) -> TextTest:
    return TextTest(TextRelation.EQUALS, text)


def contains(text: str) -> TextTest:
    return TextTest(TextRelation.CONTAINS, text)


def order(relation: str, value: float | datetime.date) -> OrderTest:
    return OrderTest(Relation(relation), value)


SUBJECTS: dict[str, Subject] = {
    "Name": Attribute.NAME,
    "EmailAddress": Attribute.EMAIL,
    "DateSubscribed": Attribute.SUBSCRIBED_AT,
    "MobileNumber": Attribute.PHONE,
    **{
        f"[{key}]": FieldName(key)
        for key in ("Langue", "Age", "VIP", "Born", "Seen", "Frequency", "FavouriteAnimal")
    },
}

POSITIVE: dict[tuple[str, str], Test] = {
    ("Name", "EQUALS Gertrude Gainforth"): equals("Gertrude Gainforth"),
    ("Name", "PROVIDED"): Provided(),
    ("EmailAddress", "EQUALS a@domain.com"): equals("a@domain.com"),
    ("EmailAddress", "CONTAINS @domain.com"): contains("@domain.com"),
    ("EmailAddress", "PROVIDED"): Provided(),
    ("MobileNumber", "EQUALS +46701234567"): equals("+46701234567"),
    ("MobileNumber", "CONTAINS +46"): contains("+46"),
    ("MobileNumber", "PROVIDED"): Provided(),
    ("DateSubscribed", "EQUALS 2009-01-01"): order("=", D9),
    ("DateSubscribed", "BEFORE 2010-01-01"): order("<", D10),
    ("DateSubscribed", "AFTER 2009-01-01"): order(">", D9),
    ("DateSubscribed", "BETWEEN 2009-01-01 AND 2010-01-01"): BetweenTest(D9, D10),
    ("[Langue]", "EQUALS fr"): equals("fr"),
    ("[Langue]", "CONTAINS f r"): contains("f r"),
    ("[Langue]", "PROVIDED"): Provided(),
    ("[Age]", "EQUALS 0"): order("=", 0.0),
    ("[Age]", "GREATER_THAN 17.5"): order(">", 17.5),
    ("[Age]", "GREATER_THAN_OR_EQUAL 500"): order(">=", 500.0),
    ("[Age]", "LESS_THAN -1"): order("<", -1.0),
    ("[Age]", "LESS_THAN_OR_EQUAL +.5"): order("<=", 0.5),
    ("[Age]", "BETWEEN 5 AND 10"): BetweenTest(5.0, 10.0),
    ("[Age]", "PROVIDED"): Provided(),
    ("[VIP]", "EQUALS True"): equals("true"),
    ("[VIP]", "PROVIDED"): Provided(),
    ("[Frequency]", "EQUALS emergency ONLY"): equals("Emergency Only"),
    ("[Frequency]", "PROVIDED"): Provided(),
    ("[FavouriteAnimal]", "EQUALS Three-Toed Sloth"): equals("Three-Toed Sloth"),
    ("[FavouriteAnimal]", "PROVIDED"): Provided(),
}
DATE_TESTS: dict[str, Test] = {
    "EQUALS 2009-01-01": order("=", D9),
    "BEFORE 2009-01-01": order("<", D9),
    "AFTER 2009-01-01": order(">", D9),
    "BETWEEN 2009-01-01 AND 2010-01-01": BetweenTest(D9, D10),
    "PROVIDED": Provided(),
}
for field in ("[Born]", "[Seen]"):
    POSITIVE |= {(field, clause): test for clause, test in DATE_TESTS.items()}
NEGATIVE: dict[tuple[str, str], Test] = {
    ("Name", "NOT_EQUALS Bob"): equals("Bob"),
    ("Name", "NOT_PROVIDED"): Provided(),
    ("EmailAddress", "NOT_EQUALS a@b.se"): equals("a@b.se"),
    ("EmailAddress", "NOT_CONTAINS @b.se"): contains("@b.se"),
    ("EmailAddress", "NOT_PROVIDED"): Provided(),
    ("MobileNumber", "NOT_EQUALS +1"): equals("+1"),
    ("MobileNumber", "NOT_CONTAINS +1"): contains("+1"),
    ("MobileNumber", "NOT_PROVIDED"): Provided(),
    ("[Langue]", "NOT_EQUALS fr"): equals("fr"),
    ("[Langue]", "NOT_CONTAINS fr"): contains("fr"),
    ("[Langue]", "NOT_PROVIDED"): Provided(),
    ("[Age]", "NOT_EQUALS 1"): order("=", 1.0),
    ("[Age]", "NOT_PROVIDED"): Provided(),
    ("[VIP]", "NOT_EQUALS false"): equals("false"),
    ("[VIP]", "NOT_PROVIDED"): Provided(),
    ("[Born]", "NOT_PROVIDED"): Provided(),
    ("[Seen]", "NOT_PROVIDED"): Provided(),
    ("[Frequency]", "NOT_EQUALS Emergency Only"): equals("Emergency Only"),
    ("[Frequency]", "NOT_PROVIDED"): Provided(),
    ("[FavouriteAnimal]", "NOT_EQUALS Cat"): equals("Cat"),
    ("[FavouriteAnimal]", "NOT_PROVIDED"): Provided(),
}
STOCKHOLM = Near(59.33, 18.07, 50_000.0)
IN_SWEDEN = Or(
    (
        Predicate(Attribute.COUNTRY, equals("Sweden")),
        Predicate(Attribute.REGION, equals("Sweden")),
    )
)
OTHERS: dict[tuple[str, str], Condition] = {
    ("Location", "PROVIDED"): Located(),
    ("Location", "NOT_PROVIDED"): Not(Located()),
    ("Location", "EQUALS Sweden"): IN_SWEDEN,
    ("Location", "NOT_EQUALS Sweden"): Not(IN_SWEDEN),
    ("Location", "WITHIN 50km OF 59.33,18.07"): STOCKHOLM,
    ("Location", "NOT_WITHIN 50 km OF 59.33 , 18.07"): Not(STOCKHOLM),
    ("Location", "WITHIN 10mi OF -33.9,-18"): Near(-33.9, -18.0, 16_093.44),
    **{("EngagementSegment", title): condition for title, condition in ENGAGEMENT.items()},
    ("EngagementSegment", "EQUALS ghosts"): ENGAGEMENT["Ghosts"],
    **{
        (name, f"{SENT} {LINK}" if "Specific" in name else SENT): make(SENT, LINK)
        for name, make in CAMPAIGN_RULES.items()
    },
}
UNKNOWN_VERBS = ("equals", "STARTS_WITH", "MATCHES", "=", "EQUALS\tfr", "[x]")


def parse(rule_type: str, clause: str, scope: RuleScope = SCOPE) -> Condition:
    """Parses one rule."""
    return parse_rule_groups(((RuleText(rule_type, clause),),), scope)


def refuse(rule_type: str, clause: str, scope: RuleScope = SCOPE) -> RuleResult:
    """Parses one rule that is wrong."""
    with pytest.raises(RulesInvalid) as caught:
        parse(rule_type, clause, scope)
    (result,) = caught.value.results
    assert (result.rule_type, result.clause) == (rule_type, clause)
    assert result.rule_message == MESSAGES[Code(result.rule_code)]
    return result


@pytest.mark.parametrize(("rule", "test"), POSITIVE.items(), ids=str)
def test_a_positive_verb_makes_its_test(rule: tuple[str, str], test: Test) -> None:
    assert parse(*rule) == Predicate(SUBJECTS[rule[0]], test)


@pytest.mark.parametrize(("rule", "test"), NEGATIVE.items(), ids=str)
def test_a_negative_verb_is_the_complement(rule: tuple[str, str], test: Test) -> None:
    assert parse(*rule) == Not(Predicate(SUBJECTS[rule[0]], test))


@pytest.mark.parametrize(("rule", "condition"), OTHERS.items(), ids=str)
def test_places_engagement_and_campaigns_make_their_conditions(
    rule: tuple[str, str], condition: Condition
) -> None:
    assert parse(*rule) == condition


ROWS = dict(BUILT_IN) | {f"[{field.key}]": FIELDS[field.type] for field in SCOPE.fields[:7]}
"""The verb table by the rule types of the scope."""


def test_every_cell_of_the_table_has_its_case_here() -> None:
    shown = {(name, clause.split()[0]) for name, clause in (*POSITIVE, *NEGATIVE, *OTHERS)}
    assert {(name, verb) for name, row in ROWS.items() for verb in row.verbs} <= shown


@pytest.mark.parametrize("name", ROWS)
def test_every_other_verb_is_refused_with_the_number_of_the_rule_type(name: str) -> None:
    row = ROWS[name]
    for verb in (set(VERBS) - row.verbs) | set(UNKNOWN_VERBS):
        result = refuse(name, f"{verb} 2009-01-01")
        assert (result.rule_code, result.clause_code) == (2703, row.bad_verb)
        assert result.clause_message == MESSAGES[row.bad_verb]


@pytest.mark.parametrize("name", ROWS)
def test_a_verb_without_its_object_is_refused(name: str) -> None:
    row = ROWS[name]
    expected = 2761 if row.grammar is Grammar.ENGAGEMENT else 2719
    for verb in row.verbs - {"PROVIDED", "NOT_PROVIDED"}:
        assert refuse(name, verb).clause_code == expected
        assert refuse(name, f"{verb} ").clause_code == expected


@pytest.mark.parametrize(
    ("rule_type", "clause", "code"),
    [
        ("Name", "", 2710),
        ("Name", "  ", 2710),
        ("Name", "EQUALS", 2719),
        ("EmailAddress", "CONTAINS ", 2719),
        ("DateSubscribed", "BETWEEN", 2719),
        ("[Frequency]", "NOT_EQUALS", 2719),
        ("[Age]", "LESS_THAN", 2719),
        ("DateSubscribed", "AFTER 01/02/2009", 2720),
        ("DateSubscribed", "AFTER 2009-02-29", 2720),
        ("DateSubscribed", "AFTER 2009-1-1", 2720),
        ("[Born]", "EQUALS 20090101", 2720),
        ("[Born]", "EQUALS 2009-W01-1", 2720),
        ("[Born]", "EQUALS \u0662009-01-01", 2720),
        ("[Seen]", "BEFORE yesterday", 2720),
        ("[Seen]", "BEFORE 2009-01-01T00:00:00Z", 2720),
        ("[Born]", "BETWEEN 2009-01-01 AND tomorrow", 2720),
        ("[Age]", "EQUALS many", 2721),
        ("[Age]", "EQUALS nan", 2721),
        ("[Age]", "EQUALS inf", 2721),
        ("[Age]", "EQUALS 1e5", 2721),
        ("[Age]", "EQUALS 1,000", 2721),
        ("[Age]", "EQUALS 1_000", 2721),
        ("[Age]", "EQUALS 0x10", 2721),
        ("[Age]", "EQUALS " + "9" * 400, 2721),
        ("[Age]", "BETWEEN 1 AND two", 2721),
        ("[Frequency]", "EQUALS Daily", 2722),
        ("[FavouriteAnimal]", "NOT_EQUALS Dog", 2722),
        ("[VIP]", "EQUALS 1", 2722),
        ("DateSubscribed", "AFTER 2000-12-31", 2723),
        ("DateSubscribed", "BEFORE 2011-01-01", 2723),
        ("DateSubscribed", "BETWEEN 2000-12-31 AND 2009-01-01", 2723),
        ("DateSubscribed", "BETWEEN 2009-01-01", 2755),
        ("[Born]", "BETWEEN 2009-01-01 and 2010-01-01", 2755),
        ("[Born]", "BETWEEN 2010-01-01 AND 2009-01-01", 2755),
        ("[Seen]", "BETWEEN 2009-01-01, 2010-01-01", 2755),
        ("[Age]", "BETWEEN 5", 2756),
        ("[Age]", "BETWEEN 5 AND", 2756),
        ("[Age]", "BETWEEN 5 AND 10 AND 15", 2756),
        ("[Age]", "BETWEEN 10 AND 5", 2756),
        ("CampaignOpened", "AFTER 2010-01-01", 2750),
        ("CampaignOpened", "123412341234123", 2750),
        ("CampaignOpened", "ffffffffffffffff", 2751),
        ("CampaignOpened", f"{SENT} {LINK}", 2750),
        ("CampaignOpenedNoClick", DRAFT, 2751),
        ("CampaignNotClickedSpecific", f"{DRAFT} https://x.se/", 2751),
        ("CampaignClickedSpecific", SENT, 2753),
        ("CampaignClickedSpecific", f"{SENT} https://y.se/", 2753),
        ("CampaignClickedSpecific", f"{SENT} {LINK} {LINK}", 2750),
        ("Location", "WITHIN 50", 2758),
        ("Location", "WITHIN 50m OF 59,18", 2758),
        ("Location", "WITHIN 50km OF Stockholm", 2758),
        ("Location", "WITHIN 50km OF 91,18", 2758),
        ("Location", "WITHIN 50km OF 59,181", 2758),
        ("Location", "WITHIN 50km OF 1e1,18", 2758),
        ("EngagementSegment", "Asleep", 2761),
        ("EngagementSegment", "NOT_EQUALS Active", 2761),
        ("MobileNumber", "BETWEEN 1 AND 2", 2762),
    ],
)
def test_a_wrong_clause_has_its_number(rule_type: str, clause: str, code: int) -> None:
    result = refuse(rule_type, clause)
    assert result.rule_code == (2703 if clause else 2706)
    assert (result.clause_code, result.clause_message) == (code, MESSAGES[Code(code)])


@pytest.mark.parametrize(
    ("rule_type", "code"),
    [
        ("", 2704),
        (" ", 2704),
        ("BustedCustard", 2705),
        ("[]", 2705),
        ("[Age", 2705),
        ("name]", 2705),
    ],
)
def test_a_wrong_rule_type_has_its_number(rule_type: str, code: int) -> None:
    result = refuse(rule_type, "EQUALS yes")
    assert (result.rule_code, result.clause_code) == (code, 2754)


def test_a_group_without_rules_has_no_clause() -> None:
    with pytest.raises(RulesInvalid) as caught:
        parse_rule_groups(((RuleText("Name", "PROVIDED"),), ()), SCOPE)
    found = [(r.group_index, r.rule_index, r.rule_code) for r in caught.value.results]
    assert found == [(0, 0, 0), (1, 0, 2706)]


def test_a_verb_alone_takes_no_object() -> None:
    result = refuse("Name", "PROVIDED Bob")
    assert result.clause_code == 2712
    assert result.clause_message == "PROVIDED takes no object; write the verb alone"


@pytest.mark.parametrize(
    "tag", ["Frequency", "[Frequency]", "[FREQUENCY]", "frequency", " [frequency] "]
)
def test_a_tag_is_found_in_brackets_or_not_and_without_regard_to_case(tag: str) -> None:
    assert parse(tag, "PROVIDED") == Predicate(FieldName("Frequency"), Provided())


def test_the_first_field_of_a_key_is_meant() -> None:
    assert parse("[AGE]", "GREATER_THAN 1") == Predicate(FieldName("Age"), order(">", 1.0))


def test_a_field_named_like_a_rule_type_is_reached_by_brackets() -> None:
    assert parse("Name", "PROVIDED") == Predicate(Attribute.NAME, Provided())
    assert parse("[Name]", "PROVIDED") == Predicate(FieldName("Name"), Provided())


def test_saved_rules_do_not_grow_wrong_with_the_years() -> None:
    saved = replace(SCOPE, today=None)
    assert parse("DateSubscribed", "EQUALS 1999-01-01", saved) == Predicate(
        Attribute.SUBSCRIBED_AT, order("=", datetime.date(1999, 1, 1))
    )


def test_the_last_ten_years_include_the_current_one() -> None:
    assert parse("DateSubscribed", "EQUALS 2001-01-01")
    assert parse("DateSubscribed", "BEFORE 2010-12-31")


def test_no_groups_are_everyone() -> None:
    assert parse_rule_groups((), SCOPE) == EVERYONE


def rule(rule_type: str, clause: str) -> RuleText:
    return RuleText(rule_type, clause)


def test_the_example_of_seed_004_is_read_as_the_seed_explains_it() -> None:
    groups = (
        (rule("EmailAddress", "CONTAINS @domain.com"),),
        (
            rule("DateSubscribed", "AFTER 2009-01-01"),
            rule("DateSubscribed", "EQUALS 2009-01-01"),
        ),
        (rule("DateSubscribed", "BEFORE 2010-01-01"),),
        (rule("[Frequency]", "NOT_EQUALS Emergency Only"),),
    )
    condition = parse_rule_groups(groups, SCOPE)

    def subscribed(relation: str, day: datetime.date) -> Predicate:
        return Predicate(Attribute.SUBSCRIBED_AT, order(relation, day))

    assert condition == And(
        (
            Predicate(Attribute.EMAIL, contains("@domain.com")),
            Or((subscribed(">", D9), subscribed("=", D9))),
            subscribed("<", D10),
            Not(Predicate(FieldName("Frequency"), equals("Emergency Only"))),
        )
    )


def test_the_faults_of_seed_004_are_answered_word_for_word() -> None:
    group = (
        rule("CampaignOpened", "AFTER 2010-01-01"),
        rule("FavouriteAnimal", "EQUALS Three-Toed Sloth"),
        rule("Name", "EQUALS Gertrude Gainforth"),
        rule("Name", "CONTAINS President"),
        rule("BustedCustard", "EQUALS yes"),
    )
    with pytest.raises(RulesInvalid) as caught:
        parse_rule_groups((group,), SCOPE)
    assert str(caught.value) == "The supplied segment rules have some problems"
    assert [
        (r.rule_type, r.clause, r.clause_code, r.clause_message, r.rule_code, r.rule_message)
        for r in caught.value.results
    ] == [
        (
            "CampaignOpened",
            "AFTER 2010-01-01",
            2750,
            "Rule requires a valid API CampaignID",
            2703,
            "The supplied clauses have some problems",
        ),
        ("FavouriteAnimal", "EQUALS Three-Toed Sloth", 0, "Success", 0, "Success"),
        ("Name", "EQUALS Gertrude Gainforth", 0, "Success", 0, "Success"),
        (
            "Name",
            "CONTAINS President",
            2712,
            "Verb is illegal for Name-based rules",
            2703,
            "The supplied clauses have some problems",
        ),
        (
            "BustedCustard",
            "EQUALS yes",
            2754,
            "Clause not parsed due to invalid RuleType",
            2705,
            (
                "RuleType must be one of Name|EmailAddress|DateSubscribed|"
                "Campaign(Opened(NoClick)?|Clicked(Any|Specific)|NotOpened) "
                "or a valid custom field personalisation tag"
            ),
        ),
    ]


def test_engagement_rules_stand_among_themselves() -> None:
    own = (rule("EngagementSegment", "Active"), rule("EngagementSegment", "Engaged"))
    assert parse_rule_groups((own, (rule("Name", "PROVIDED"),)), SCOPE)
    with pytest.raises(RulesInvalid) as caught:
        parse_rule_groups((own, (own[0], rule("Name", "PROVIDED"))), SCOPE)
    assert caught.value.metadata["vendor_code"] == "285"
    assert [r.rule_code for r in caught.value.results] == [0, 0, 285, 285]


def test_a_mixed_group_does_not_hide_what_else_is_wrong() -> None:
    group = (rule("EngagementSegment", "Asleep"), rule("Name", "PROVIDED"))
    with pytest.raises(RulesInvalid) as caught:
        parse_rule_groups((group,), SCOPE)
    assert caught.value.vendor_code == 285
    assert [(r.rule_code, r.clause_code) for r in caught.value.results] == [(2703, 2761), (285, 0)]
