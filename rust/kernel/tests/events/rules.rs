//! Questions about events against a plain reading of the list of all events.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use segue_kernel::rule::Plan;
use segue_kernel::table::{RowId, Table, Version};
use serde_json::{Value as Json, json};

use super::mirror::{Event, Value};
use super::model::TYPES;
use super::record::{any_event, decoded, profiles, reopened};
use super::{DAY, NOW, schema};

/// A window with the ends it has as of a moment.
type Ends = (Option<i64>, Option<i64>);

fn any_window() -> impl Strategy<Value = Json> {
    let end =
        || prop::option::of((-45..5_i64, -3..3_i64).prop_map(|(days, more)| days * DAY + more));
    (end(), end(), 0..3_u8).prop_map(|(from, until, form)| match form {
        0 => Json::Null,
        1 => json!({"from_millis": from.map(|it| it + NOW), "until_millis": until.map(|it| it + NOW)}),
        _ => json!({"from_offset": from, "until_offset": until}),
    })
}

fn ends_of(window: &Json, now: i64) -> Ends {
    let end = |name: &str, shift: i64| Some(window.get(name)?.as_i64()? + shift);
    (
        end("from_millis", 0).or(end("from_offset", now)),
        end("until_millis", 0).or(end("until_offset", now)),
    )
}

fn lies_in((from, until): Ends, time: i64) -> bool {
    from.is_none_or(|from| from <= time) && until.is_none_or(|until| time < until)
}

/// A test of a property of `bought`, negative or not.
fn any_test() -> impl Strategy<Value = Json> {
    let item = || (0..6_u8).prop_map(|item| format!("ITEM {item}"));
    let text = prop_oneof![
        item().prop_map(|text| json!({"property": 0, "op": "equals", "text": text})),
        Just(json!({"property": 0, "op": "contains", "text": "m 1"})),
        Just(json!({"property": 0, "op": "starts_with", "text": ""})),
        Just(json!({"property": 0, "op": "ends_with", "text": "2"})),
        Just(json!({"property": 0, "op": "matches", "pattern": "item [23]"})),
        vec(item(), 0..4).prop_map(|texts| json!({"property": 0, "op": "text_in", "texts": texts})),
    ];
    let bounds = |property: u8, low: Json, high: Json| {
        json!({"property": property, "op": "in_range", "low": low, "low_inclusive": true,
            "high": high, "high_inclusive": false})
    };
    let other = prop_oneof![
        (0..4_u8).prop_map(|property| json!({"property": property, "op": "provided"})),
        Just(bounds(1, json!(0.25), Json::Null)),
        Just(bounds(3, json!(NOW + 1), json!(NOW + 3))),
        Just(json!({"property": 1, "op": "number_in", "numbers": [0, 0.5]})),
        Just(json!({"property": 3, "op": "number_in", "numbers": [NOW + 2]})),
        vec(0..3_u8, 0..3).prop_map(|codes| json!({"property": 2, "op": "any_of", "codes": codes})),
    ];
    (prop_oneof![text, other], any::<bool>()).prop_map(|(mut test, negative)| {
        test["negative"] = json!(negative);
        test
    })
}

fn any_matched() -> impl Strategy<Value = (u16, Vec<Json>)> {
    let bought = vec(any_test(), 0..3).prop_map(|tests| (16, tests));
    let others = prop_oneof![Just(0), Just(2), Just(20), Just(1)];
    prop_oneof![2 => bought, 1 => others.prop_map(|code| (code, Vec::new()))]
}

fn any_leaf() -> impl Strategy<Value = Json> {
    let bound = || prop::option::of((0..8_u8).prop_map(|quarter| f64::from(quarter) / 4.0));
    let did = (any_matched(), any_window(), bound(), bound(), any::<[bool; 3]>()).prop_map(
        |((code, tests), window, low, high, [low_inclusive, high_inclusive, sums])| {
            json!({"did": {"event_type": code, "where": tests, "window": window,
                "sum_of": (sums && code == 16).then_some(1), "low": low, "low_inclusive": low_inclusive,
                "high": high, "high_inclusive": high_inclusive}})
        },
    );
    let first = (any_matched(), any_window()).prop_map(
        |((code, tests), window)| json!({"first_did": {"event_type": code, "where": tests, "window": window}}),
    );
    let then = (any_matched(), any_matched(), any_window(), -1..12_i64).prop_map(
        |((first, tests), (second, others), window, days)| {
            json!({"did_then": {"first": {"event_type": first, "where": tests},
                "second": {"event_type": second, "where": others}, "within_millis": days * DAY, "window": window}})
        },
    );
    prop_oneof![2 => did, 1 => first, 1 => then]
}

/// The times and values of a profile's matching events, by time.
fn matching(matched: &Json, events: &[&Event]) -> Vec<(i64, BTreeMap<usize, Value>)> {
    let code = matched["event_type"].as_u64().unwrap();
    let Some((kind, _, keys)) = TYPES
        .into_iter()
        .find(|(_, of_type, _)| u64::from(*of_type) == code)
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for event in events.iter().filter(|event| event.event_type == kind) {
        let number = |key: &str| keys.iter().position(|other| *other == key).unwrap();
        let data: BTreeMap<usize, Value> = event
            .data
            .iter()
            .map(|it| (number(&it.key), it.value.clone().unwrap()))
            .collect();
        let passes = |test: &Json| {
            let property = usize::try_from(test["property"].as_u64().unwrap()).unwrap();
            data.get(&property).is_some_and(|value| passes(test, value))
                != test["negative"].as_bool().unwrap()
        };
        if matched["where"].as_array().unwrap().iter().all(passes) {
            found.push((event.source_time_millis, data.clone()));
        }
    }
    found.sort_by_key(|(time, _)| *time);
    found
}

fn passes(test: &Json, value: &Value) -> bool {
    let number = match value {
        Value::Number(number) => *number,
        #[expect(clippy::cast_precision_loss, reason = "times are small")]
        Value::DateTimeMillis(millis) => *millis as f64,
        _ => 0.0,
    };
    let given = match value {
        Value::Text(given) => given.to_lowercase(),
        _ => String::new(),
    };
    let operand = || test["text"].as_str().unwrap().to_lowercase();
    match test["op"].as_str().unwrap() {
        "provided" => true,
        "equals" => given == operand(),
        "contains" => given.contains(&operand()),
        "starts_with" => given.starts_with(&operand()),
        "ends_with" => given.ends_with(&operand()),
        "matches" => given.contains("item 2") || given.contains("item 3"),
        "text_in" => test["texts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it.as_str().unwrap().to_lowercase() == given),
        "in_range" => {
            test["low"].as_f64().is_none_or(|low| low <= number)
                && test["high"].as_f64().is_none_or(|high| number < high)
        }
        "number_in" => test["numbers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it.as_f64() == Some(number)),
        "any_of" => test["codes"]
            .as_array()
            .unwrap()
            .contains(&json!(u8::from(*value == Value::Boolean(true)))),
        op => unreachable!("{op}"),
    }
}

/// Whether a leaf holds for a profile with some events.
fn holds(leaf: &Json, events: &[&Event], now: i64) -> bool {
    if let Some(did) = leaf.get("did") {
        let window = ends_of(&did["window"], now);
        let inside = matching(did, events)
            .into_iter()
            .filter(|(time, _)| lies_in(window, *time));
        let total: f64 = inside
            .map(|(_, data)| match (did["sum_of"].as_u64(), data.get(&1)) {
                (None, _) => 1.0,
                (Some(_), Some(Value::Number(number))) => *number,
                _ => 0.0,
            })
            .sum();
        let above = |low: f64| {
            low < total || (low - total).abs() < 1e-9 && did["low_inclusive"] == json!(true)
        };
        let below = |high: f64| {
            total < high || (high - total).abs() < 1e-9 && did["high_inclusive"] == json!(true)
        };
        did["low"].as_f64().is_none_or(above) && did["high"].as_f64().is_none_or(below)
    } else if let Some(first) = leaf.get("first_did") {
        let found = matching(first, events);
        found
            .first()
            .is_some_and(|(time, _)| lies_in(ends_of(&first["window"], now), *time))
    } else {
        let then = &leaf["did_then"];
        let window = ends_of(&then["window"], now);
        let within = then["within_millis"].as_i64().unwrap();
        let seconds = matching(&then["second"], events);
        let is_followed = |time: i64| {
            seconds
                .iter()
                .any(|(other, _)| time < *other && *other <= time + within)
        };
        matching(&then["first"], events)
            .iter()
            .any(|(time, _)| lies_in(window, *time) && is_followed(*time))
    }
}

/// A table of twelve profiles of which some are not there, and its events by profile.
fn table(batches: &[Vec<Event>]) -> (Version, BTreeMap<RowId, Vec<Event>>) {
    let table = Table::new();
    let ids: Vec<String> = (0..10).map(|id| format!("p{id}")).collect();
    table.apply(&[&profiles(&ids)], 1, NOW).unwrap();
    let mut seen = BTreeMap::new();
    for (revision, events) in (2..).zip(batches) {
        let events: Vec<Event> = events
            .iter()
            .filter(|event| !seen.contains_key(&event.event_id))
            .cloned()
            .collect();
        let recorded = table
            .record(&decoded(&events), false, revision, NOW + 3 * DAY)
            .unwrap();
        let refused: Vec<u32> = recorded
            .exceptions
            .iter()
            .map(|it| it.record_number)
            .collect();
        for (number, event) in (1..).zip(events) {
            if !refused.contains(&number) {
                seen.entry(event.event_id.clone()).or_insert(event);
            }
        }
    }
    let mut by_row: BTreeMap<RowId, Vec<Event>> = (0..10).map(|row| (row, Vec::new())).collect();
    for event in seen.into_values() {
        if let Some(row) = table.find(&event.profile_id) {
            by_row.entry(row).or_default().push(event);
        }
    }
    (table.version(), by_row)
}

fn plan(leaf: &Json, now: i64) -> Plan {
    Plan::compile(&schema(), leaf.to_string().as_bytes(), now).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_leaf_holds_as_the_list_of_all_events_says(
        batches in vec(vec(any_event(), 0..40), 1..4), leaf in any_leaf(), days in -3..50_i64,
    ) {
        let (version, by_row) = table(&batches);
        let now = NOW + days * DAY;
        let plan = plan(&leaf, now);
        let expected: Vec<RowId> = by_row
            .iter()
            .filter(|(_, events)| holds(&leaf, &events.iter().collect::<Vec<_>>(), now))
            .map(|(row, _)| *row)
            .collect();
        let found = |version: &Version| plan.evaluate(version).iter().collect::<Vec<_>>();
        prop_assert_eq!(found(&version), expected.clone());
        prop_assert_eq!(found(&reopened(&version)), expected.clone());
        for row in 0..12 {
            prop_assert_eq!(plan.matches(&version, row), expected.contains(&row), "row {}", row);
        }
    }

    #[test]
    fn an_answer_changes_at_the_moments_named_only(
        batches in vec(vec(any_event(), 0..40), 1..4), leaf in any_leaf(), days in -3..50_i64,
    ) {
        let (version, by_row) = table(&batches);
        let now = NOW + days * DAY;
        let plan = plan(&leaf, now);
        let mut flips = vec![i64::MAX; 12];
        plan.next_flips(&version, 0, now, &mut flips);
        for &row in by_row.keys() {
            let flip = plan.next_flip(&version, row, now);
            prop_assert_eq!(flip.unwrap_or(i64::MAX), flips[row as usize]);
            prop_assert!(flip.is_none_or(|flip| flip > now && plan.is_timed()));
            let last = flip.unwrap_or(now + 100 * DAY).min(now + 100 * DAY) - 1;
            let moments = (0..20).map(|step| now + (last - now) / 20 * step).chain([last]);
            let answer = plan.matches(&version, row);
            for moment in moments {
                prop_assert_eq!(plan.at(moment).matches(&version, row), answer);
            }
        }
    }
}

#[test]
fn leaves_must_fit_the_schema() {
    let refused = |leaf: Json| {
        Plan::compile(&schema(), leaf.to_string().as_bytes(), 0)
            .unwrap_err()
            .to_string()
    };
    let did = |code: u16, tests: Json, sum_of: Json| {
        json!({"did": {"event_type": code, "where": tests, "window": null, "sum_of": sum_of, "low": 1,
            "low_inclusive": true, "high": null, "high_inclusive": true}})
    };
    assert!(refused(did(17, json!([]), Json::Null)).contains("event type 17 is not in the schema"));
    assert!(refused(did(16, json!([]), json!(0))).contains("property 0, Text, has no sum"));
    assert!(refused(did(16, json!([]), json!(4))).contains("event type 16 has no property 4"));
    let within = json!([{"property": 3, "op": "within", "window": null, "negative": false}]);
    assert!(refused(did(16, within, Json::Null)).contains("within does not fit property 3"));
    let number = json!([{"property": 1, "op": "equals", "text": "1", "negative": false}]);
    assert!(refused(did(16, number, Json::Null)).contains("equals does not fit property 1"));
    let column = json!([{"property": 1, "column": 1, "op": "provided"}]);
    assert!(refused(did(16, column, Json::Null)).contains("has no column"));
}

#[test]
fn what_a_leaf_saw_is_a_count_a_sum_or_a_moment() {
    let item = |id: &str, time: i64, price: f64| {
        let price = super::mirror::property("price", Value::Number(price));
        super::mirror::event(id, "p0", "bought", time, &[price])
    };
    let (version, _) = table(&[vec![item("a", NOW - DAY, 1.5), item("b", NOW, 2.0)]]);
    let seen = |leaf: Json| plan(&leaf, NOW).explain(&version, 0).values_json();
    let did = |sum_of: Json| {
        json!({"did": {"event_type": 16, "where": [], "window": null, "sum_of": sum_of, "low": 1,
            "low_inclusive": true, "high": null, "high_inclusive": true}})
    };
    assert_eq!(seen(did(Json::Null)), "[2]");
    assert_eq!(seen(did(json!(1))), "[3.5]");
    let bought = json!({"event_type": 16, "where": []});
    assert_eq!(
        seen(json!({"first_did": {"event_type": 16, "where": [], "window": null}})),
        format!("[{}]", NOW - DAY)
    );
    let then = |within: i64| json!({"did_then": {"first": bought, "second": bought, "within_millis": within, "window": null}});
    assert_eq!(seen(then(DAY)), format!("[{}]", NOW - DAY));
    assert_eq!(seen(then(DAY - 1)), "[null]");
}
