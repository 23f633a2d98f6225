//! Laws of plans on random tables.
#![expect(clippy::unwrap_used)]

mod conditions;
mod explanations;
mod moments;
mod profiles;
mod refusals;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MatchValues, Plan, Selection};
use crate::table::{RowId, Version};
use conditions::{ADDRESSES, condition, has_identifier, holds, identifiers};
use profiles::{NUMBER, ONE, Profile, TEXT, profiles, schema, version};

fn plan(condition: &Value) -> Plan {
    plan_with(
        condition,
        &MatchValues::unchecked("email", &ADDRESSES.map(String::from)),
    )
}

fn plan_with(condition: &Value, values: &MatchValues) -> Plan {
    Plan::compile_with(&schema(), condition.to_string().as_bytes(), 0, Some(values)).unwrap()
}

fn rows(condition: &Value, version: &Version) -> Vec<RowId> {
    plan(condition).evaluate(version).iter().collect()
}

proptest! {
    #[test]
    fn a_plan_selects_the_rows_for_which_its_condition_holds(
        profiles in profiles(), condition in condition(),
    ) {
        let version = version(&profiles);
        let expected: Vec<RowId> = profiles
            .iter()
            .filter(|(_, profile)| !profile.is_erased && holds(&condition, profile, 0))
            .map(|(row, _)| *row)
            .collect();
        prop_assert_eq!(rows(&condition, &version), expected);
    }

    #[test]
    fn a_plan_finds_the_profiles_that_have_one_of_the_values(
        profiles in profiles(), (by, kind, values) in identifiers(),
    ) {
        let version = version(&profiles);
        let leaf = json!({"identified": {"by": by, "type": kind}});
        let set = MatchValues::unchecked(by, &values);
        let found = plan_with(&leaf, &set);
        let others = plan_with(&json!({"not": leaf}), &set).evaluate(&version);
        let selection = found.evaluate(&version);
        for (row, profile) in profiles.iter().filter(|(_, profile)| !profile.is_erased) {
            let expected = has_identifier(profile, by, kind.as_deref(), &values);
            prop_assert_eq!(selection.contains(*row), expected, "row {}", row);
            prop_assert_eq!(found.matches(&version, *row), expected, "row {}", row);
            prop_assert_eq!(others.contains(*row), !expected, "row {}", row);
        }
    }

    #[test]
    fn counting_and_matching_agree_with_evaluating(profiles in profiles(), condition in condition()) {
        let version = version(&profiles);
        let plan = plan(&condition);
        let selection = plan.evaluate(&version);
        prop_assert_eq!(plan.count(&version), selection.len());
        prop_assert_eq!(selection.is_empty(), selection.iter().next().is_none());
        prop_assert_eq!(selection.iter().count(), selection.len());
        for (row, _) in &profiles {
            for row in [row.saturating_sub(1), *row, row + 1] {
                prop_assert_eq!(plan.matches(&version, row), selection.contains(row), "row {}", row);
            }
        }
    }

    #[test]
    fn not_is_the_complement_over_live_rows(profiles in profiles(), condition in condition()) {
        let version = version(&profiles);
        let mut both = rows(&condition, &version);
        both.extend(rows(&json!({"not": condition}), &version));
        both.sort_unstable();
        prop_assert_eq!(both, rows(&json!({"and": []}), &version));
    }

    #[test]
    fn and_or_not_obey_de_morgan(profiles in profiles(), a in condition(), b in condition()) {
        let version = version(&profiles);
        let not_and = json!({"not": {"and": [a, b]}});
        let or_not = json!({"or": [{"not": a}, {"not": b}]});
        prop_assert_eq!(rows(&not_and, &version), rows(&or_not, &version));
    }

    #[test]
    fn and_is_the_intersection(profiles in profiles(), a in condition(), b in condition()) {
        let version = version(&profiles);
        let in_b = plan(&b).evaluate(&version);
        let expected: Vec<RowId> =
            rows(&a, &version).into_iter().filter(|row| in_b.contains(*row)).collect();
        prop_assert_eq!(rows(&json!({"and": [a, b]}), &version), expected.clone());
        prop_assert_eq!(rows(&json!({"and": [b, a]}), &version), expected);
    }
}

#[test]
fn the_empty_table_has_no_rows() {
    let empty = version(&[]);
    assert_eq!(
        plan(&json!({"and": []})).evaluate(&empty),
        Selection::default()
    );
    assert!(!plan(&json!({"and": []})).matches(&empty, 0));
}

#[test]
fn a_column_where_nothing_was_stored_is_absent_everywhere() {
    let version = version(&[(0, Profile::default()), (70_000, Profile::default())]);
    let predicate = json!({"predicate": {"column": 13, "op": "contains", "text": "@"}});
    assert_eq!(rows(&predicate, &version), [] as [RowId; 0]);
    assert_eq!(rows(&json!({"not": predicate}), &version), [0, 70_000]);
}

#[test]
fn every_edge_of_blocks_and_words_is_selected() {
    for last in [0, 62, 63, 64, 65_534, 65_535, 65_536] {
        let profile = Profile {
            number: Some(1.0),
            ..Profile::default()
        };
        let version = version(&[(last, profile)]);
        let condition = json!({"predicate": {"column": NUMBER, "op": "provided"}});
        assert_eq!(rows(&condition, &version), [last]);
    }
}

#[test]
fn constants_leave_nothing_to_evaluate() {
    let provided = json!({"predicate": {"column": TEXT, "op": "provided"}});
    let never = json!({"predicate": {"column": ONE, "op": "any_of", "codes": []}});
    let folded = |condition: Value| format!("{:?}", plan(&condition).tree.root);
    assert_eq!(
        folded(json!({"and": [{"and": []}, {"not": {"or": []}}]})),
        "And([])"
    );
    assert_eq!(folded(json!({"and": [provided, never]})), "Or([])");
    assert_eq!(folded(json!({"or": [provided, {"not": never}]})), "And([])");
    assert_eq!(
        folded(json!({"not": {"not": provided}})),
        folded(provided.clone())
    );
    assert_eq!(
        folded(json!({"and": [{"or": [provided]}]})),
        folded(provided.clone())
    );
    let flat = folded(json!({"or": [provided, {"or": [provided, provided]}]}));
    assert_eq!(flat.matches("Or").count(), 1);
}
