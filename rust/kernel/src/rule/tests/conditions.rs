//! Random conditions, and what they mean, as slowly and plainly as it can be said.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use serde_json::{Value, json};

use super::profiles::{BOOLEAN, DATE, DATE_TIME, MANY, NUMBER, ONE, Profile, TEXT};
use crate::fold::fold;
use crate::schema::{ColumnId, builtin};
use crate::wire::calendar::date_of;

fn text() -> impl Strategy<Value = Value> {
    let column = || prop::sample::select(&[TEXT, builtin::PHONE]);
    let operand = || {
        prop_oneof![
            "[aAb]{0,3}",
            "[ßẞkÉé]{1,2}",
            "\\+46[aA0]",
            Just("abracadabra OF many letters".to_owned()),
        ]
    };
    let op = prop::sample::select(&["equals", "contains", "starts_with", "ends_with"]);
    let searched = (column(), op, operand())
        .prop_map(|(column, op, text)| json!({"column": column, "op": op, "text": text}));
    let listed = (column(), vec(operand(), 0..6))
        .prop_map(|(column, texts)| json!({"column": column, "op": "text_in", "texts": texts}));
    let matched = (column(), expression()).prop_map(
        |(column, pattern)| json!({"column": column, "op": "matches", "pattern": pattern}),
    );
    prop_oneof![searched, listed, matched]
}

fn expression() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(&[
        "a",
        "B",
        "[ab]",
        "(?:ab|BA)",
        "a+",
        "b*",
        ".",
        "^",
        "$",
        "\\w",
        "[^a]",
        "A{2}",
        "ß",
        "k",
        "[A-Z]",
        "\\b",
        "cadabra of",
        "(?-i:A)",
        "(É|ẞ)?",
        "\\+46",
        "\\d",
    ]);
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn numeric() -> impl Strategy<Value = Value> {
    let range = (
        prop_oneof![
            (
                Just(NUMBER),
                weighted(0.7, value(prop_oneof![Just(0.0), Just(1.5), -3.0..3.0])),
                weighted(0.7, value(prop_oneof![Just(-0.0), -3.0..3.0]))
            ),
            (
                prop::sample::select(&[DATE, DATE_TIME]),
                weighted(0.7, value(-4..4)),
                weighted(0.7, value(-4..4))
            ),
        ],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|((column, low, high), low_inclusive, high_inclusive)| {
            json!({"column": column, "op": "in_range", "low": low, "low_inclusive": low_inclusive,
                "high": high, "high_inclusive": high_inclusive})
        });
    let listed = prop_oneof![
        (
            Just(NUMBER),
            vec(value(prop_oneof![Just(-0.0), Just(1.5), Just(2.0)]), 0..4)
        ),
        (
            prop::sample::select(&[DATE, DATE_TIME]),
            vec(value(-4_i64..4), 0..20)
        ),
    ]
    .prop_map(|(column, numbers)| json!({"column": column, "op": "number_in", "numbers": numbers}));
    let day = || (1_u16..=12, 1_u16..=31).prop_map(|(month, day)| month * 32 + day);
    let months = vec((day(), day()), 0..3).prop_map(|ranges| {
        let ranges: Vec<_> = ranges
            .into_iter()
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect();
        json!({"column": DATE, "op": "month_day_in", "ranges": ranges})
    });
    prop_oneof![range, listed, months, window()]
}

fn window() -> impl Strategy<Value = Value> {
    let end = || weighted(0.8, -6_i64..6);
    let absolute = (end(), end())
        .prop_map(|(from, until)| json!({"from_millis": from, "until_millis": until}));
    let relative = (end(), end())
        .prop_map(|(from, until)| json!({"from_offset": from, "until_offset": until}));
    prop_oneof![1 => Just(Value::Null), 3 => absolute, 6 => relative]
        .prop_map(|window| json!({"column": DATE_TIME, "op": "within", "window": window}))
}

fn predicate() -> impl Strategy<Value = Value> {
    let any_of = prop_oneof![
        (Just(BOOLEAN), vec(0_u16..2, 0..3)),
        (Just(ONE), vec(0_u16..12, 0..12)),
        (Just(MANY), vec(0_u16..5, 0..4)),
    ]
    .prop_map(|(column, codes)| json!({"column": column, "op": "any_of", "codes": codes}));
    let provided = (TEXT..=MANY).prop_map(|column| json!({"column": column, "op": "provided"}));
    prop_oneof![2 => text(), 3 => numeric(), 1 => any_of, 1 => provided]
        .prop_map(|predicate| json!({"predicate": predicate}))
}

fn leaf() -> impl Strategy<Value = Value> {
    let near = (
        prop_oneof![-90.0..=90.0, Just(59.33), Just(-90.0)],
        prop_oneof![-180.0..=180.0, Just(18.07), Just(-179.9)],
        prop_oneof![Just(0.0), 0.0..3e7, 0.0..1e4],
    )
        .prop_map(|(latitude, longitude, radius)| {
            json!({"near": {"latitude": latitude, "longitude": longitude, "radius_metres": radius}})
        });
    let sample = (
        prop_oneof![Just(0.0), Just(100.0), 0.0..100.0],
        "[a-zå]{0,4}",
    )
        .prop_map(|(percent, salt)| json!({"sample": {"percent": percent, "salt": salt}}));
    prop_oneof![6 => predicate(), 1 => near, 1 => sample, 2 => identified()]
}

/// The addresses that conditions look for.
pub(super) const ADDRESSES: [&str; 3] = ["a@a", "A@b", "b@B"];

fn identified() -> impl Strategy<Value = Value> {
    weighted(0.5, "|HOME|work|other")
        .prop_map(|kind| json!({"identified": {"by": "email", "type": kind}}))
}

/// Identifiers to look for: their kind, their type and their values.
pub(super) fn identifiers() -> impl Strategy<Value = (&'static str, Option<String>, Vec<String>)> {
    let by_email = (
        Just("email"),
        weighted(0.5, "|HOME|work|other"),
        vec("[abB]@[abB]", 0..6),
    );
    let by_phone = (
        Just("phone"),
        weighted(0.2, "|home"),
        vec("\\+46[ABab0-2]{1,2}", 0..20),
    );
    let by_id = (
        Just("profile_id"),
        weighted(0.5, "|vip|STAFF"),
        vec("[a-z0-9-]{1,2}", 0..90),
    );
    let by_alternate_id = (
        Just("alternate_id"),
        weighted(0.5, "crm"),
        vec("[a-z]", 0..3),
    );
    prop_oneof![by_email, by_phone, by_id, by_alternate_id]
}

fn value<T: Into<Value> + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Value> {
    value.prop_map(Into::into)
}

/// A tree of leaves of every kind.
pub(super) fn condition() -> impl Strategy<Value = Value> {
    tree(leaf())
}

/// A tree in which windows are frequent.
pub(super) fn timed_condition() -> impl Strategy<Value = Value> {
    let moving = window().prop_map(|window| json!({"predicate": window}));
    tree(prop_oneof![3 => moving, 1 => leaf()])
}

fn tree(leaf: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|children| json!({"and": children})),
            vec(inner.clone(), 0..4).prop_map(|children| json!({"or": children})),
            inner.prop_map(|child| json!({"not": child})),
        ]
    })
}

/// Whether a condition holds for a profile at a moment.
pub(super) fn holds(condition: &Value, profile: &Profile, now: i64) -> bool {
    let all = |key: &str| condition[key].as_array().unwrap().iter();
    if condition.get("and").is_some() {
        all("and").all(|child| holds(child, profile, now))
    } else if condition.get("or").is_some() {
        all("or").any(|child| holds(child, profile, now))
    } else if let Some(child) = condition.get("not") {
        !holds(child, profile, now)
    } else if let Some(near) = condition.get("near") {
        is_near(near, profile)
    } else if let Some(sample) = condition.get("sample") {
        is_sampled(sample, profile)
    } else if let Some(identified) = condition.get("identified") {
        let addresses = ADDRESSES.map(String::from);
        has_identifier(profile, "email", identified["type"].as_str(), &addresses)
    } else {
        passes(&condition["predicate"], profile, now)
    }
}

fn is_near(near: &Value, profile: &Profile) -> bool {
    let (Some(latitude), Some(longitude)) = profile.place else {
        return false;
    };
    let degrees = |key: &str| near[key].as_f64().unwrap();
    let (north, own_north) = (latitude.to_radians(), degrees("latitude").to_radians());
    let east_half = (longitude - degrees("longitude")).to_radians() / 2.0;
    let haversine = ((north - own_north) / 2.0).sin().powi(2)
        + own_north.cos() * north.cos() * east_half.sin().powi(2);
    let angle = degrees("radius_metres") / 6_371_008.8;
    angle >= std::f64::consts::PI || haversine <= (angle / 2.0).sin().powi(2)
}

/// Whether a profile has one of some identifiers of a kind, and of a type if one is wanted.
pub(super) fn has_identifier(
    profile: &Profile,
    by: &str,
    wanted: Option<&str>,
    values: &[String],
) -> bool {
    let untyped = |value: &String| (String::new(), value.clone());
    let own: Vec<(String, String)> = match by {
        "email" => profile.emails.clone(),
        "phone" => profile.phone.iter().map(untyped).collect(),
        "profile_id" => {
            let kind = profile.customer_type.clone().unwrap_or_default();
            vec![(kind, profile.id.clone())]
        }
        _ => Vec::new(),
    };
    let compared = |value: &str| {
        if by == "email" {
            fold(value)
        } else {
            value.to_owned()
        }
    };
    own.iter().any(|(kind, value)| {
        wanted.is_none_or(|wanted| fold(wanted) == fold(kind))
            && values
                .iter()
                .any(|other| compared(other) == compared(value))
    })
}

fn is_sampled(sample: &Value, profile: &Profile) -> bool {
    let salt = sample["salt"].as_str().unwrap();
    let mut hash: u64 = 14_695_981_039_346_656_037;
    for byte in salt.bytes().chain([0]).chain(profile.id.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    let upper = (hash ^ hash >> 33) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    let fraction = upper as f64 / 9_007_199_254_740_992.0;
    fraction < sample["percent"].as_f64().unwrap() / 100.0
}

fn passes(predicate: &Value, profile: &Profile, now: i64) -> bool {
    let column = ColumnId::try_from(predicate["column"].as_u64().unwrap()).unwrap();
    match column {
        TEXT => passes_text(predicate, profile.text.as_deref(), true),
        builtin::PHONE => passes_text(predicate, profile.phone.as_deref(), false),
        NUMBER => passes_number(predicate, profile.number, now),
        DATE => passes_number(predicate, profile.date.map(f64::from), now),
        DATE_TIME => {
            let millis = profile
                .date_time
                .map(|millis| i32::try_from(millis).unwrap());
            passes_number(predicate, millis.map(f64::from), now)
        }
        _ => passes_options(predicate, &options(profile, column)),
    }
}

fn options(profile: &Profile, column: ColumnId) -> Vec<u16> {
    match column {
        BOOLEAN => profile.boolean.map(u16::from).into_iter().collect(),
        ONE => profile.one.into_iter().collect(),
        _ => profile.many.clone(),
    }
}

fn passes_options(predicate: &Value, options: &[u16]) -> bool {
    match predicate["codes"].as_array() {
        None => !options.is_empty(),
        Some(codes) => codes
            .iter()
            .any(|code| options.iter().any(|&own| *code == json!(own))),
    }
}

fn passes_text(predicate: &Value, text: Option<&str>, folds: bool) -> bool {
    let Some(given) = text else {
        return false;
    };
    let as_compared = |text: &str| if folds { fold(text) } else { text.to_owned() };
    let text = as_compared(given);
    let operand = as_compared(predicate["text"].as_str().unwrap_or_default());
    match predicate["op"].as_str().unwrap() {
        "provided" => true,
        "equals" => text == operand,
        "contains" => text.contains(&operand),
        "starts_with" => text.starts_with(&operand),
        "ends_with" => text.ends_with(&operand),
        "text_in" => {
            let texts = predicate["texts"].as_array().unwrap();
            texts
                .iter()
                .any(|other| as_compared(other.as_str().unwrap()) == text)
        }
        _ => {
            // A switch to regard for case has no effect on text that is compared without.
            let pattern = predicate["pattern"].as_str().unwrap();
            let pattern = if folds {
                pattern.replace("(?-i:", "(?:")
            } else {
                pattern.to_owned()
            };
            let regex = Regex::builder()
                .syntax(syntax::Config::new().case_insensitive(folds))
                .build(&pattern);
            regex.unwrap().is_match(given)
        }
    }
}

fn passes_number(predicate: &Value, number: Option<f64>, now: i64) -> bool {
    let Some(number) = number else {
        return false;
    };
    #[expect(clippy::cast_possible_truncation, reason = "days are whole")]
    let month_day = || {
        let (_, month, day) = date_of(number as i32);
        month * 32 + day
    };
    let of_list = |key: &str| predicate[key].as_array().unwrap().iter();
    match predicate["op"].as_str().unwrap() {
        "provided" => true,
        "in_range" => lies_in(predicate, number),
        "number_in" => of_list("numbers").any(|other| other.as_f64() == Some(number)),
        "month_day_in" => of_list("ranges").any(|range| {
            let end = |i: usize| i32::try_from(range[i].as_i64().unwrap()).unwrap();
            end(0) <= month_day() && month_day() <= end(1)
        }),
        _ => lies_in_window(&predicate["window"], number, now),
    }
}

fn lies_in(predicate: &Value, value: f64) -> bool {
    let low = predicate["low"].as_f64().is_none_or(|low| {
        low < value || (low <= value && predicate["low_inclusive"].as_bool().unwrap())
    });
    let high = predicate["high"].as_f64().is_none_or(|high| {
        value < high || (value <= high && predicate["high_inclusive"].as_bool().unwrap())
    });
    low && high
}

fn lies_in_window(window: &Value, value: f64, now: i64) -> bool {
    let now = f64::from(i32::try_from(now).unwrap());
    let end = |absolute: &str, relative: &str| {
        let relative = window[relative].as_f64().map(|offset| now + offset);
        window[absolute].as_f64().or(relative)
    };
    end("from_millis", "from_offset").is_none_or(|from| from <= value)
        && end("until_millis", "until_offset").is_none_or(|until| value < until)
}
