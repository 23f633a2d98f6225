//! What plans tell of a row, and of their cost.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::conditions::condition;
use super::profiles::{
    BOOLEAN, DATE, DATE_TIME, MANY, NUMBER, ONE, Profile, TEXT, profiles, version,
};
use super::{MatchValues, Plan, plan, plan_with};
use crate::table::Version;

fn provided(column: u32) -> Value {
    json!({"predicate": {"column": column, "op": "provided"}})
}

fn values(plan: &Plan, version: &Version) -> Value {
    serde_json::from_str(&plan.explain(version, 0).values_json()).unwrap()
}

fn leaves(condition: &Value) -> usize {
    match condition
        .as_object()
        .and_then(|object| object.iter().next())
    {
        Some((key, children)) if key == "and" || key == "or" => {
            children.as_array().unwrap().iter().map(leaves).sum()
        }
        Some((key, child)) if key == "not" => leaves(child),
        _ => 1,
    }
}

fn known() -> Profile {
    Profile {
        id: "p1".to_owned(),
        text: Some("Ünder".to_owned()),
        place: (Some(0.0), Some(1.0)),
        number: Some(1.5),
        boolean: Some(false),
        date: Some(-3),
        date_time: Some(7),
        one: Some(4),
        many: vec![1, 3],
        ..Profile::default()
    }
}

proptest! {
    #[test]
    fn every_leaf_is_explained_whatever_is_folded(
        profiles in profiles(), condition in condition(),
    ) {
        let version = version(&profiles);
        let plan = plan(&condition);
        for (row, _) in profiles.iter().take(10) {
            let explanation = plan.explain(&version, *row);
            prop_assert_eq!(explanation.values.len(), leaves(&condition));
            prop_assert_eq!(explanation.holds, plan.matches(&version, *row));
        }
    }

    #[test]
    fn a_plan_that_costs_nothing_is_known_without_reading(
        profiles in profiles(), condition in condition(),
    ) {
        let version = version(&profiles);
        let plan = plan(&condition);
        if plan.cost(&version) == 0 {
            let count = plan.count(&version);
            prop_assert!(count == 0 || count == version.live_count() || version.n_blocks() > 1);
        }
    }
}

#[test]
fn values_are_shown_in_the_order_of_the_condition() {
    let version = version(&[(0, known())]);
    let columns = [TEXT, NUMBER, BOOLEAN, DATE, DATE_TIME, ONE, MANY];
    let condition = json!({"or": [{"not": {"and": columns.map(provided)}}, provided(NUMBER)]});
    let expected = json!(["Ünder", 1.5, false, -3, 7, [4], [1, 3], 1.5]);
    assert_eq!(values(&plan(&condition), &version), expected);
}

#[test]
fn absent_values_are_null() {
    let version = version(&[(0, Profile::default())]);
    let near = json!({"near": {"latitude": 0, "longitude": 0, "radius_metres": 5}});
    let columns = [TEXT, NUMBER, BOOLEAN, DATE, DATE_TIME, ONE, MANY, 13].map(provided);
    let condition = json!({"and": [{"or": columns}, near]});
    assert_eq!(
        values(&plan(&condition), &version),
        json!(vec![Value::Null; 9])
    );
}

#[test]
fn a_comparison_that_nothing_passes_still_shows_the_value() {
    let version = version(&[(0, known())]);
    let never = json!({"predicate": {"column": TEXT, "op": "text_in", "texts": []}});
    let explanation = plan(&never).explain(&version, 0);
    assert!(!explanation.holds);
    assert_eq!(explanation.values, [json!("Ünder")]);
    assert_eq!(explanation.next_change_millis, None);
}

#[test]
fn a_place_is_shown_by_its_distance() {
    let version = version(&[(0, known())]);
    let degree = 6_371_008.8 * std::f64::consts::PI / 180.0;
    let near = |radius: f64| {
        plan(&json!({"near": {"latitude": 0, "longitude": 0, "radius_metres": radius}}))
    };
    let distance = values(&near(1.0), &version)[0].as_f64().unwrap();
    assert!((distance - degree).abs() < 1e-6, "{distance}");
    assert!(near(degree + 0.001).matches(&version, 0));
    assert!(!near(degree - 0.001).matches(&version, 0));
}

#[test]
fn a_sample_is_shown_by_the_percentile() {
    let version = version(&[(0, known())]);
    let sample = |percent: f64| plan(&json!({"sample": {"percent": percent, "salt": "s"}}));
    let percentile = values(&sample(50.0), &version)[0].as_f64().unwrap();
    assert!((0.0..100.0).contains(&percentile));
    assert!(sample(percentile + 1e-9).matches(&version, 0));
    assert!(!sample(percentile - 1e-9).matches(&version, 0));
}

#[test]
fn identifiers_are_shown_with_all_of_their_kind_and_type() {
    let emails = [("", "A@b"), ("Home", "c@d"), ("work", "e@f")];
    let profile = Profile {
        emails: emails
            .map(|(kind, value)| (kind.to_owned(), value.to_owned()))
            .to_vec(),
        ..known()
    };
    let version = version(&[(0, profile)]);
    let seen = |by: &str, kind: Option<&str>| {
        let identified = json!({"identified": {"by": by, "type": kind}});
        let looked_for = MatchValues::unchecked(by, &["x".to_owned()]);
        values(&plan_with(&identified, &looked_for), &version)[0].clone()
    };
    assert_eq!(seen("email", None), json!(["A@b", "c@d", "e@f"]));
    assert_eq!(seen("email", Some("hOME")), json!(["c@d"]));
    assert_eq!(seen("email", Some("")), json!(["A@b"]));
    assert_eq!(seen("email", Some("other")), Value::Null);
    assert_eq!(seen("profile_id", None), json!(["p1"]));
    assert_eq!(seen("phone", None), Value::Null);
}

#[test]
fn cost_grows_with_what_is_read() {
    let version = version(&[(0, known()), (70_000, known())]);
    let cost = |condition: &Value| plan(condition).cost(&version);
    let of_text = cost(&json!({"predicate": {"column": TEXT, "op": "contains", "text": "n"}}));
    let matched = cost(&json!({"predicate": {"column": TEXT, "op": "matches", "pattern": "n+"}}));
    assert!(0 < of_text && of_text < matched);
    assert_eq!(
        cost(&json!({"and": [provided(NUMBER), {"not": provided(NUMBER)}]})),
        2 * cost(&provided(NUMBER))
    );
    assert_eq!(cost(&json!({"and": []})), 0);
    assert_eq!(cost(&provided(13)), 0);
}
