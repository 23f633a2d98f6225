//! Conditions that are not compiled.

use serde_json::{Value, json};

use super::profiles::{BOOLEAN, DATE, DATE_TIME, MANY, NUMBER, TEXT, schema};
use super::{MatchValues, Plan};
use crate::error::KernelError;

fn error(json: &str) -> KernelError {
    Plan::compile(&schema(), json.as_bytes(), 0).unwrap_err()
}

fn problem(predicate: &Value) -> String {
    error(&json!({"predicate": predicate}).to_string()).to_string()
}

/// What is wrong with a regular expression.
fn fault(pattern: &str) -> String {
    let condition = json!({"predicate": {"column": TEXT, "op": "matches", "pattern": pattern}});
    match error(&condition.to_string()) {
        KernelError::PatternTooCostly { problem } => problem,
        other => panic!("{other}"),
    }
}

#[test]
fn ops_must_fit_their_columns() {
    let misfits = [
        (
            json!({"column": NUMBER, "op": "contains", "text": "1"}),
            "contains",
            "65, Number",
        ),
        (
            json!({"column": NUMBER, "op": "matches", "pattern": "1"}),
            "matches",
            "65, Number",
        ),
        (
            json!({"column": TEXT, "op": "any_of", "codes": [1]}),
            "any_of",
            "64, Text",
        ),
        (
            json!({"column": TEXT, "op": "number_in", "numbers": [1]}),
            "number_in",
            "64, Text",
        ),
        (
            json!({"column": 16, "op": "number_in", "numbers": [1]}),
            "number_in",
            "16, ExactText",
        ),
        (
            json!({"column": DATE, "op": "text_in", "texts": ["1"]}),
            "text_in",
            "67, Date",
        ),
        (
            json!({"column": DATE, "op": "within", "window": null}),
            "within",
            "67, Date",
        ),
        (
            json!({"column": DATE_TIME, "op": "month_day_in", "ranges": []}),
            "month_day_in",
            "68, DateTime",
        ),
        (
            json!({"column": BOOLEAN, "op": "number_in", "numbers": [1]}),
            "number_in",
            "66, Boolean",
        ),
        (
            json!({"column": MANY, "op": "equals", "text": "1"}),
            "equals",
            "70, MultiSelectMany",
        ),
        (
            json!({"column": 15, "op": "provided"}),
            "provided",
            "15, Identifiers",
        ),
    ];
    for (predicate, op, column) in misfits {
        let expected = format!("condition is not valid: {op} does not fit column {column}");
        assert_eq!(problem(&predicate), expected);
    }
    assert_eq!(
        problem(&json!({"column": 999, "op": "provided"})),
        "condition is not valid: column 999 is not in the schema"
    );
}

#[test]
fn days_and_times_are_whole_numbers() {
    let half = json!({"column": DATE, "op": "in_range", "low": 0.5, "low_inclusive": true,
        "high": null, "high_inclusive": true});
    assert_eq!(
        problem(&half),
        "condition is not valid: a bound of column 67 is not a whole number"
    );
    assert_eq!(
        problem(&json!({"column": DATE_TIME, "op": "number_in", "numbers": [1, 0.5]})),
        "condition is not valid: a number for column 68 is not a whole one"
    );
    let window = json!({"from_offset": 0.5, "until_offset": null});
    assert!(!problem(&json!({"column": DATE_TIME, "op": "within", "window": window})).is_empty());
}

#[test]
fn days_of_the_year_are_days() {
    for range in [
        json!([0, 40]),
        json!([33, 416]),
        json!([50, 40]),
        json!([33]),
        json!([-1, 40]),
    ] {
        let predicate = json!({"column": DATE, "op": "month_day_in", "ranges": [range]});
        assert!(
            problem(&predicate).starts_with("condition is not valid"),
            "{range}"
        );
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_refused() {
    for number in ["NaN", "Infinity", "1e999", "-1e999", "0x10"] {
        let predicate = format!(
            r#"{{"predicate": {{"column": 65, "op": "number_in", "numbers": [{number}]}}}}"#
        );
        error(&predicate);
        error(&format!(
            r#"{{"sample": {{"percent": {number}, "salt": ""}}}}"#
        ));
        error(&format!(
            r#"{{"near": {{"latitude": {number}, "longitude": 0, "radius_metres": 1}}}}"#
        ));
    }
}

#[test]
fn places_and_shares_lie_within_their_limits() {
    for (latitude, longitude, radius) in [(90.1, 0.0, 1.0), (0.0, -180.1, 1.0), (0.0, 0.0, -1.0)] {
        let near = json!({"near": {"latitude": latitude, "longitude": longitude, "radius_metres": radius}});
        assert!(error(&near.to_string()).to_string().contains("near needs"));
    }
    for percent in [-0.1, 100.1] {
        let sample = json!({"sample": {"percent": percent, "salt": ""}});
        assert!(
            error(&sample.to_string())
                .to_string()
                .contains("percent of a sample")
        );
    }
    error(r#"{"sample": {"percent": 5, "salt": "", "seed": 1}}"#);
    error(r#"{"near": {"latitude": 5, "longitude": 5}}"#);
}

#[test]
fn lists_are_bounded() {
    let texts = |n: usize| {
        let texts: Vec<String> = (0..n).map(|i| i.to_string()).collect();
        json!({"predicate": {"column": TEXT, "op": "text_in", "texts": texts}}).to_string()
    };
    assert!(Plan::compile(&schema(), texts(100_000).as_bytes(), 0).is_ok());
    assert!(
        error(&texts(100_001))
            .to_string()
            .contains("text_in lists more than 100000 values")
    );
    let numbers = json!({"column": NUMBER, "op": "number_in", "numbers": vec![1; 100_001]});
    assert!(problem(&numbers).contains("number_in lists more than 100000 values"));
}

#[test]
fn identifiers_are_looked_for_among_values_of_their_kind() {
    let identified = |by: &str| json!({"identified": {"by": by, "type": null}}).to_string();
    let values = MatchValues::unchecked("email", &["a@b".to_owned()]);
    let compile = |by: &str, values| {
        Plan::compile_with(&schema(), identified(by).as_bytes(), 0, values)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(compile("email", Some(&values)), Ok(()));
    for (by, values) in [("phone", Some(&values)), ("email", None)] {
        let refusal = compile(by, values).unwrap_err();
        assert!(
            refusal.contains("identified comes without values"),
            "{refusal}"
        );
    }
    error(&identified("name"));
    error(r#"{"identified": {"by": "email", "type": null, "values": []}}"#);
}

#[test]
fn malformed_expressions_are_refused_with_their_fault() {
    assert_eq!(fault("a(b"), "unclosed group at byte 1");
    assert_eq!(
        fault("[z-a]"),
        "invalid character class range, the start must be <= the end at byte 1"
    );
    assert!(fault(r"\p{Nothing}").ends_with("at byte 0"));
    assert!(fault(r"(a)\1").starts_with("backreferences are not supported"));
    assert!(!fault(r"(?-u:\xFF)").is_empty());
}

#[test]
fn an_expression_that_is_a_text_is_searched_for_as_one() {
    let folded = |pattern: &str| {
        let condition = json!({"predicate": {"column": TEXT, "op": "matches", "pattern": pattern}});
        let plan = Plan::compile(&schema(), condition.to_string().as_bytes(), 0).unwrap();
        format!("{:?}", plan.tree.root)
    };
    for pattern in ["Ab", "^aB", r"a\.b$", "^(a)b$"] {
        assert!(folded(pattern).contains("Pattern { place"), "{pattern}");
    }
    assert!(folded("a.b").contains("Expression"));
}

#[test]
fn expensive_expressions_are_refused() {
    assert_eq!(fault(r"\w{1000}"), "compiles to more than 1048576 bytes");
    assert!(!fault(r"((((a{99}){99}){99}){99}){99}").is_empty());
    assert_eq!(fault(&"ä".repeat(1_001)), "more than 1000 characters");
    let deep = format!("{}a{}", "(".repeat(200), ")".repeat(200));
    assert!(fault(&deep).contains("nest"));
    let longest =
        json!({"predicate": {"column": TEXT, "op": "matches", "pattern": "ä".repeat(1_000)}});
    assert!(Plan::compile(&schema(), longest.to_string().as_bytes(), 0).is_ok());
}
