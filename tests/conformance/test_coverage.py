"""The corpus leaves no cell of the verb table and no number out."""

from segue.domain.field import FieldType
from segue.rules.codes import Code, VendorCode
from segue.rules.verbs import BUILT_IN, FIELDS, VERBS, RuleType
from tests.conformance.corpus import Case, load_calls, load_cases
from tests.conformance.population import load_population

CASES = load_cases()


def rule_types() -> dict[str, RuleType]:
    """Rule types as the population's rules name them: built-in ones, and a field of each type."""
    fields = {item.type: item.key for item in reversed(load_population().account.fields)}
    return dict(BUILT_IN) | {f"[{fields[kind]}]": item for kind, item in FIELDS.items()}


def cells(*, is_refused: bool) -> set[tuple[str, str]]:
    """Returns rule types and verbs of cases with one rule that selects, or that is refused for its verb or clause."""
    found = set()
    for case in CASES:
        rules = [rule for group in case.rules for rule in group]
        if len(rules) == 1 and (case.expected_members() is None) is is_refused:
            verb, _, _ = rules[0].clause.strip().partition(" ")
            found.add((_tag(rules[0].rule_type.strip()), verb))
    return found


def _tag(rule_type: str) -> str:
    """Spells the tag of a field as the account does, in brackets."""
    if rule_type in BUILT_IN:
        return rule_type
    keys = {item.key.casefold(): item.key for item in load_population().account.fields}
    return f"[{keys.get(rule_type.strip('[]').casefold(), rule_type)}]"


def test_every_verb_of_every_rule_type_selects_in_a_case() -> None:
    wanted = {(name, verb) for name, item in rule_types().items() for verb in item.verbs}
    assert wanted - cells(is_refused=False) == set()


def test_every_rule_type_without_verbs_selects_in_a_case() -> None:
    selecting = {name for name, _ in cells(is_refused=False)}
    assert set(rule_types()) - selecting == set()


def test_every_verb_that_a_rule_type_lacks_is_refused_in_a_case() -> None:
    wanted = {
        (name, verb) for name, item in rule_types().items() for verb in VERBS.keys() - item.verbs
    }
    assert wanted - cells(is_refused=True) == set()


def test_every_field_type_has_verbs() -> None:
    assert set(FIELDS) == set(FieldType)


def test_every_number_of_rules_and_clauses_is_answered_in_a_case() -> None:
    found = {code for case in CASES for pair in case.entry.get("codes", ()) for code in pair}
    found |= {case.vendor_code for case in CASES if _is_refused(case)}
    assert set(Code) - found == set()


def test_every_number_of_whole_answers_but_one_is_answered_in_a_call() -> None:
    """There is no calculation to wait for, so 278 never comes."""
    answered = {call["vendor_code"] for call in load_calls()}
    assert set(VendorCode) - answered == {VendorCode.CALCULATION_IN_PROGRESS}


def _is_refused(case: Case) -> bool:
    return "codes" in case.entry or "vendor_code" in case.entry
