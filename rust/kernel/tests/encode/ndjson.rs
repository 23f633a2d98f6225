//! NDJSON: a general reader finds in each line what is stored.

use std::collections::BTreeSet;

use proptest::prelude::*;
use segue_kernel::schema::{
    CONSENT_STATES, CONSENTS_TO_TRACK, ColumnId, Field, MEMBERSHIP_STATES, MarkKind, Schema,
    TOPIC_STATES, builtin as b,
};
use segue_kernel::wire::{BlockFormat, calendar, value};
use serde_json::{Map, Value as Json, json};

use crate::account::{Row, Value, rows, schema};
use crate::history::{History, version};
use crate::{export, request, whole};

/// The line of a profile.
fn line(schema: &Schema, row: &Row) -> Json {
    let mut line = Map::new();
    plain(
        row,
        &mut line,
        &[
            ("profile_id", b::PROFILE_ID),
            ("customer_type", b::CUSTOMER_TYPE),
        ],
    );
    for (name, column) in [
        ("alternate_ids", b::ALTERNATE_ID),
        ("emails", b::EMAIL),
        ("phones", b::PHONE),
    ] {
        let identifiers = identifiers(row, column);
        if !identifiers.is_empty() {
            line.insert(name.to_owned(), Json::Array(identifiers));
        }
    }
    let mut name = Map::new();
    let parts = [
        "prefix",
        "given_name",
        "middle_name",
        "family_name",
        "suffix",
        "full_name",
    ];
    for (part, column) in parts.into_iter().zip(b::NAME_PREFIX..) {
        plain(row, &mut name, &[(part, column)]);
    }
    insert(&mut line, "name", name);
    plain(
        row,
        &mut line,
        &[
            ("locale", b::LOCALE),
            ("country", b::COUNTRY),
            ("region", b::REGION),
            ("latitude", b::LATITUDE),
            ("longitude", b::LONGITUDE),
            ("created_at", b::CREATED_AT),
            ("changed_at", b::CHANGED_AT),
        ],
    );
    insert(&mut line, "fields", fields(schema, None, row));
    insert(&mut line, "memberships", memberships(schema, row));
    for kind in MarkKind::ALL {
        let marks = marks(schema, kind, row);
        if !marks.is_empty() {
            line.insert(kind.collection().to_owned(), Json::Array(marks));
        }
    }
    Json::Object(line)
}

fn marks(schema: &Schema, kind: MarkKind, row: &Row) -> Vec<Json> {
    let of_kind = schema.marks().iter().filter(|mark| mark.kind == kind);
    of_kind
        .filter_map(|mark| {
            let Some(Value::Boolean(state)) = row.get(&mark.column) else {
                return None;
            };
            Some(match kind {
                MarkKind::Tag => json!(mark.id),
                MarkKind::Topic => {
                    json!({"topic": mark.id, "state": TOPIC_STATES[usize::from(!state)]})
                }
                MarkKind::Consent => {
                    json!({"consent_type": mark.id, "state": CONSENT_STATES[usize::from(!state)]})
                }
            })
        })
        .collect()
}

fn memberships(schema: &Schema, row: &Row) -> Map<String, Json> {
    let mut memberships = Map::new();
    for list in schema.lists() {
        let Some(state) = row.get(&list.state()) else {
            continue;
        };
        let mut member = Map::new();
        member.insert("state".to_owned(), name_of(state, &MEMBERSHIP_STATES));
        let times = [
            ("joined_at", list.joined_at()),
            ("active_at", list.active_at()),
        ];
        plain(row, &mut member, &times);
        if let Some(consent) = row.get(&list.consent_to_track()) {
            member.insert(
                "consent_to_track".to_owned(),
                name_of(consent, &CONSENTS_TO_TRACK),
            );
        }
        insert(&mut member, "fields", fields(schema, Some(&list.id), row));
        memberships.insert(list.id.clone(), Json::Object(member));
    }
    memberships
}

fn fields(schema: &Schema, list: Option<&str>, row: &Row) -> Map<String, Json> {
    let of_list = schema
        .fields()
        .iter()
        .filter(|field| field.list.as_deref() == list);
    of_list
        .filter_map(|field| {
            Some((
                field.key.clone(),
                json_of(row.get(&field.column)?, Some(field)),
            ))
        })
        .collect()
}

pub(crate) fn identifiers(row: &Row, column: ColumnId) -> Vec<Json> {
    let Some(Value::Text(first)) = row.get(&column) else {
        return Vec::new();
    };
    let mut all = vec![match row.get(&(column + 1)) {
        Some(Value::Text(kind)) => json!({"value": first, "type": kind}),
        _ => json!({"value": first}),
    }];
    if let Some(Value::Identifiers(more)) = row.get(&(column + 2)) {
        all.extend(
            more.iter()
                .map(|(kind, value)| json!({"value": value, "type": kind})),
        );
    }
    all
}

fn plain(row: &Row, object: &mut Map<String, Json>, columns: &[(&str, ColumnId)]) {
    for (name, column) in columns {
        if let Some(value) = row.get(column) {
            object.insert((*name).to_owned(), json_of(value, None));
        }
    }
}

fn insert(object: &mut Map<String, Json>, name: &str, inner: Map<String, Json>) {
    if !inner.is_empty() {
        object.insert(name.to_owned(), Json::Object(inner));
    }
}

pub(crate) fn name_of(code: &Value, names: &[&str]) -> Json {
    let Value::One(code) = code else {
        panic!("a code")
    };
    json!(names[usize::from(*code)])
}

pub(crate) fn json_of(value: &Value, field: Option<&Field>) -> Json {
    let option = |code: &u16| &field.expect("options belong to fields").options[usize::from(*code)];
    match value {
        Value::Text(text) => json!(text),
        Value::Boolean(boolean) => json!(boolean),
        Value::One(code) => json!(option(code)),
        Value::Many(codes) => json!(codes.iter().map(option).collect::<Vec<_>>()),
        // The reader tells whole numbers and times from others; `normal` makes its answer one of these.
        Value::Number(number) => json!({"number": number}),
        Value::Date(days) => json!({"time": i64::from(*days) * calendar::DAY_MILLIS}),
        Value::DateTime(millis) => json!({"time": millis}),
        Value::Identifiers(_) => panic!("identifiers stand in collections"),
    }
}

/// A line as read, with numbers as doubles and times as milliseconds.
pub(crate) fn normal(json: Json) -> Json {
    match json {
        Json::Number(number) => {
            json!({"number": number.to_string().parse::<f64>().expect("a number")})
        }
        Json::String(text) => match value::date_time(text.as_bytes()) {
            Some(millis) => json!({"time": millis}),
            None => Json::String(text),
        },
        Json::Array(items) => Json::Array(items.into_iter().map(normal).collect()),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(name, member)| (name, normal(member)))
                .collect(),
        ),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn lines_read_by_a_general_reader_are_what_is_stored(seed: u64, n_rows in 0..200_usize) {
        let schema = schema();
        let rows = rows(n_rows, seed);
        let version = version(&rows, &BTreeSet::new(), History::Sealed);
        let text = String::from_utf8(whole(&export(&version, &schema, request(BlockFormat::Ndjson))));
        let text = text.expect("UTF-8");
        prop_assert_eq!(text.lines().count(), n_rows);
        prop_assert!(n_rows == 0 || text.ends_with('\n'));
        for (read, row) in text.lines().zip(&rows) {
            let read: Json = serde_json::from_str(read).expect("an object a line");
            prop_assert_eq!(normal(read), line(&schema, row));
        }
    }
}

#[test]
fn a_line_looks_as_the_documentation_says() {
    let schema = schema();
    let list = schema.list("news").expect("a list of the schema");
    let row = Row::from([
        (b::PROFILE_ID, Value::Text("p1".to_owned())),
        (b::EMAIL, Value::Text("Asa@example.com".to_owned())),
        (b::EMAIL + 1, Value::Text("work".to_owned())),
        (b::LATITUDE, Value::Number(59.0)),
        (b::LONGITUDE, Value::Number(18.25)),
        (82, Value::Boolean(true)),
        (83, Value::Date(11_016)),
        (list.state(), Value::One(0)),
        (list.joined_at(), Value::DateTime(1_709_251_200_123)),
        (list.consent_to_track(), Value::One(1)),
        (93, Value::Many(vec![0, 2])),
        (100, Value::Boolean(true)),
        (102, Value::Boolean(true)),
        (103, Value::Boolean(false)),
        (104, Value::Boolean(true)),
    ]);
    let version = version(&[row], &BTreeSet::new(), History::Sealed);
    let line = whole(&export(&version, &schema, request(BlockFormat::Ndjson)));
    let expected = concat!(
        r#"{"profile_id":"p1","emails":[{"value":"Asa@example.com","type":"work"}],"#,
        r#""latitude":59,"longitude":18.25,"fields":{"Vip":true,"Born":"2000-02-29"},"#,
        r#""memberships":{"news":{"state":"Active","joined_at":"2024-03-01T00:00:00.123Z","#,
        r#""consent_to_track":"No","fields":{"Topics":["x","z"]}}},"#,
        r#""tags":["vip","early-bird"],"topics":[{"topic":"sport","state":"Subscribed"}],"#,
        r#""consents":[{"consent_type":"sms","state":"Withdrawn"}]}"#,
        "\n",
    );
    assert_eq!(String::from_utf8(line).expect("UTF-8"), expected);
}
