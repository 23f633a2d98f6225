"""Rules of seed 004: every cell of the verb table, every number, the seed's own examples."""

import datetime
import zoneinfo
from dataclasses import dataclass, replace

import pytest

from segue.domain.field import FieldType
from segue.domain.segment import RuleText
from segue.errors import RuleResult, RulesInvalid
from segue.rules.clause import parse_rule_groups
from segue.rules.codes import MESSAGES, Code
from segue.rules.column_condition import (
    And,
    AnyOf,
    Condition,
    InRange,
    Not,
    Or,
    Predicate,
    Provided,
    Test,
    TextRelation,
    TextTest,
    referenced_columns,
)
from segue.rules.scope import RuleScope
from segue.rules.verbs import VERBS

DAY_MILLIS = 86_400_000
NEW_YEAR_2009 = 14_245
"""Days from 1970-01-01 to 2009-01-01."""
NEW_YEAR_2010 = 14_610


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
    subscribed_column=65,
    state_column=64,
)
ACTIVE_MEMBER = Predicate(64, AnyOf((0,)))


def equals(text: str) -> TextTest:
    return TextTest(TextRelation.EQUALS, text)


def contains(text: str) -> TextTest:
    return TextTest(TextRelation.CONTAINS, text)


def from_to(low: float, high: float) -> InRange:
    """Both ends included."""
    return InRange(low=low, high=high)


def from_until(low: float, high: float) -> InRange:
    """The end excluded."""
    return InRange(low=low, high=high, high_inclusive=False)


def below(high: float) -> InRange:
    return InRange(high=high, high_inclusive=False)


def above(low: float) -> InRange:
    return InRange(low=low, low_inclusive=False)


def millis(day: int) -> int:
    return day * DAY_MILLIS


D9, D10 = NEW_YEAR_2009, NEW_YEAR_2010
COLUMNS = {"Name": 7, "EmailAddress": 13, "DateSubscribed": 65, "[Langue]": 70, "[Age]": 71}
COLUMNS |= {"[VIP]": 72, "[Born]": 73, "[Seen]": 74, "[Frequency]": 75, "[FavouriteAnimal]": 76}

POSITIVE: dict[tuple[str, str], Test] = {
    ("Name", "EQUALS Gertrude Gainforth"): equals("Gertrude Gainforth"),
    ("Name", "PROVIDED"): Provided(),
    ("EmailAddress", "EQUALS a@domain.com"): equals("a@domain.com"),
    ("EmailAddress", "CONTAINS @domain.com"): contains("@domain.com"),
    ("EmailAddress", "PROVIDED"): Provided(),
    ("DateSubscribed", "EQUALS 2009-01-01"): from_until(millis(D9), millis(D9 + 1)),
    ("DateSubscribed", "BEFORE 2010-01-01"): below(millis(D10)),
    ("DateSubscribed", "AFTER 2009-01-01"): InRange(low=millis(D9 + 1)),
    ("DateSubscribed", "BETWEEN 2009-01-01 AND 2010-01-01"): from_until(
        millis(D9), millis(D10 + 1)
    ),
    ("[Langue]", "EQUALS fr"): equals("fr"),
    ("[Langue]", "CONTAINS f r"): contains("f r"),
    ("[Langue]", "PROVIDED"): Provided(),
    ("[Age]", "EQUALS 0"): from_to(0.0, 0.0),
    ("[Age]", "GREATER_THAN 17.5"): above(17.5),
    ("[Age]", "GREATER_THAN_OR_EQUAL 500"): InRange(low=500.0),
    ("[Age]", "LESS_THAN -1"): below(-1.0),
    ("[Age]", "LESS_THAN_OR_EQUAL +.5"): InRange(high=0.5),
    ("[Age]", "BETWEEN 5 AND 10"): from_to(5.0, 10.0),
    ("[Age]", "PROVIDED"): Provided(),
    ("[VIP]", "EQUALS True"): AnyOf((1,)),
    ("[VIP]", "PROVIDED"): Provided(),
    ("[Born]", "EQUALS 2009-01-01"): from_to(D9, D9),
    ("[Born]", "BEFORE 2009-01-01"): below(D9),
    ("[Born]", "AFTER 2009-01-01"): above(D9),
    ("[Born]", "BETWEEN 2009-01-01 AND 2010-01-01"): from_to(D9, D10),
    ("[Born]", "PROVIDED"): Provided(),
    ("[Seen]", "EQUALS 2009-01-01"): from_until(millis(D9), millis(D9 + 1)),
    ("[Seen]", "BEFORE 2009-01-01"): below(millis(D9)),
    ("[Seen]", "AFTER 2009-01-01"): InRange(low=millis(D9 + 1)),
    ("[Seen]", "BETWEEN 2009-01-01 AND 2010-01-01"): from_until(millis(D9), millis(D10 + 1)),
    ("[Seen]", "PROVIDED"): Provided(),
    ("[Frequency]", "EQUALS emergency ONLY"): AnyOf((1,)),
    ("[Frequency]", "PROVIDED"): Provided(),
    ("[FavouriteAnimal]", "EQUALS Three-Toed Sloth"): AnyOf((1,)),
    ("[FavouriteAnimal]", "PROVIDED"): Provided(),
}
NEGATIVE: dict[tuple[str, str], Test] = {
    ("Name", "NOT_EQUALS Bob"): equals("Bob"),
    ("Name", "NOT_PROVIDED"): Provided(),
    ("EmailAddress", "NOT_EQUALS a@b.se"): equals("a@b.se"),
    ("EmailAddress", "NOT_CONTAINS @b.se"): contains("@b.se"),
    ("EmailAddress", "NOT_PROVIDED"): Provided(),
    ("[Langue]", "NOT_EQUALS fr"): equals("fr"),
    ("[Langue]", "NOT_CONTAINS fr"): contains("fr"),
    ("[Langue]", "NOT_PROVIDED"): Provided(),
    ("[Age]", "NOT_EQUALS 1"): from_to(1.0, 1.0),
    ("[Age]", "NOT_PROVIDED"): Provided(),
    ("[VIP]", "NOT_EQUALS false"): AnyOf((0,)),
    ("[VIP]", "NOT_PROVIDED"): Provided(),
    ("[Born]", "NOT_PROVIDED"): Provided(),
    ("[Seen]", "NOT_PROVIDED"): Provided(),
    ("[Frequency]", "NOT_EQUALS Emergency Only"): AnyOf((1,)),
    ("[Frequency]", "NOT_PROVIDED"): Provided(),
    ("[FavouriteAnimal]", "NOT_EQUALS Cat"): AnyOf((0,)),
    ("[FavouriteAnimal]", "NOT_PROVIDED"): Provided(),
}
BAD_VERB = {
    "Name": 2712,
    "EmailAddress": 2713,
    "DateSubscribed": 2714,
    "[Langue]": 2715,
    "[Age]": 2716,
    "[VIP]": 2717,
    "[Born]": 2718,
    "[Seen]": 2718,
    "[Frequency]": 2717,
    "[FavouriteAnimal]": 2717,
}
UNKNOWN_VERBS = ("equals", "STARTS_WITH", "MATCHES", "WITHIN", "=", "EQUALS\tfr", "[x]")


def parse(rule_type: str, clause: str, scope: RuleScope = SCOPE) -> Condition:
    """Parses one rule and unwraps it."""
    condition = parse_rule_groups(((RuleText(rule_type, clause),),), scope)
    assert isinstance(condition, And)
    members, group = condition.children
    assert members == ACTIVE_MEMBER
    assert isinstance(group, Or)
    (rule,) = group.children
    return rule


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
    assert parse(*rule) == Predicate(COLUMNS[rule[0]], test)


@pytest.mark.parametrize(("rule", "test"), NEGATIVE.items(), ids=str)
def test_a_negative_verb_is_the_complement(rule: tuple[str, str], test: Test) -> None:
    assert parse(*rule) == Not(Predicate(COLUMNS[rule[0]], test))


@pytest.mark.parametrize("rule_type", COLUMNS)
def test_every_other_verb_is_refused_with_the_number_of_the_rule_type(rule_type: str) -> None:
    allowed = {clause.split()[0] for own, clause in (*POSITIVE, *NEGATIVE) if own == rule_type}
    for verb in (set(VERBS) - allowed) | set(UNKNOWN_VERBS):
        result = refuse(rule_type, f"{verb} 2009-01-01")
        assert (result.rule_code, result.clause_code) == (2703, BAD_VERB[rule_type])
        assert result.clause_message == MESSAGES[Code(BAD_VERB[rule_type])]


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
        ("CampaignOpened", "1234123412341234", 2751),
        ("CampaignNotClickedSpecific", "abcdabcdabcdabcdabcdabcdabcdabcd https://x.se/", 2751),
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
    assert referenced_columns(parse(tag, "PROVIDED")) == {75}


def test_the_first_field_of_a_key_is_meant() -> None:
    assert referenced_columns(parse("[AGE]", "PROVIDED")) == {71}


def test_a_field_named_like_a_rule_type_is_reached_by_brackets() -> None:
    assert referenced_columns(parse("Name", "PROVIDED")) == {7}
    assert referenced_columns(parse("[Name]", "PROVIDED")) == {78}


def test_saved_rules_do_not_grow_wrong_with_the_years() -> None:
    saved = replace(SCOPE, today=None)
    assert parse("DateSubscribed", "EQUALS 1999-01-01", saved) == Predicate(
        65, from_until(millis(10_592), millis(10_593))
    )


def test_the_last_ten_years_include_the_current_one() -> None:
    assert parse("DateSubscribed", "EQUALS 2001-01-01")
    assert parse("DateSubscribed", "BEFORE 2010-12-31")


@pytest.mark.parametrize(
    ("zone", "day", "start_hours", "length_hours"),
    [
        ("Europe/Stockholm", "2009-01-01", -1, 24),
        ("Europe/Stockholm", "2009-03-29", -1, 23),  # clocks go forward at 2
        ("Europe/Stockholm", "2009-10-25", -2, 25),  # clocks go back at 3
        ("America/Sao_Paulo", "2008-10-19", 3, 23),  # there is no midnight: 0 becomes 1
        ("America/Sao_Paulo", "2009-02-15", 3, 24),  # the day before had 25 hours
        ("Pacific/Apia", "2011-12-30", 10, 0),  # the day was left out
    ],
)
def test_a_day_is_one_of_the_time_zone(
    zone: str, day: str, start_hours: int, length_hours: int
) -> None:
    scope = replace(SCOPE, time_zone=zoneinfo.ZoneInfo(zone))
    hour = DAY_MILLIS // 24
    midnight = millis((datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days)
    start = midnight + start_hours * hour
    end = start + length_hours * hour
    assert parse("Seen", f"EQUALS {day}", scope) == Predicate(74, from_until(start, end))
    assert parse("Seen", f"BEFORE {day}", scope) == Predicate(74, below(start))
    assert parse("Seen", f"AFTER {day}", scope) == Predicate(74, InRange(low=end))


def test_the_first_and_the_last_day_of_the_calendar_can_be_named() -> None:
    first = millis((datetime.date.min - datetime.date(1970, 1, 1)).days)
    last = millis((datetime.date.max - datetime.date(1970, 1, 1)).days)
    assert parse("Seen", "BEFORE 0001-01-01") == Predicate(74, below(first))
    assert parse("Seen", "EQUALS 9999-12-31") == Predicate(74, InRange(last, high_inclusive=False))
    assert parse("Seen", "AFTER 9999-12-31") == Predicate(74, from_until(last, last))


def test_no_groups_are_every_active_member() -> None:
    assert parse_rule_groups((), SCOPE) == And((ACTIVE_MEMBER,))


def test_without_a_list_nobody_is_left_out_for_a_membership() -> None:
    assert parse_rule_groups((), replace(SCOPE, state_column=None)) == And(())


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
    assert condition == And(
        (
            ACTIVE_MEMBER,
            Or((Predicate(13, contains("@domain.com")),)),
            Or(
                (
                    Predicate(65, InRange(low=millis(D9 + 1))),
                    Predicate(65, from_until(millis(D9), millis(D9 + 1))),
                )
            ),
            Or((Predicate(65, below(millis(D10))),)),
            Or((Not(Predicate(75, AnyOf((1,)))),)),
        )
    )
    assert referenced_columns(condition) == {13, 64, 65, 75}


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
