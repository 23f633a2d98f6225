//! The document of profiles and their sections: a general reader finds in it what is stored.

use std::collections::BTreeSet;

use proptest::prelude::*;
use segue_kernel::schema::{
    CONSENT_STATES, CONSENTS_TO_TRACK, ColumnId, MEMBERSHIP_STATES, MarkKind, Schema, TOPIC_STATES,
    builtin as b,
};
use segue_kernel::wire::{BlockFormat, EventSelection, ExportRequest};
use serde_json::{Map, Value as Json, json};

use crate::account::{Dice, Row, Value, rows, schema};
use crate::happened::{FIRST, RECORDED_AT, events, with_events};
use crate::history::{History, version};
use crate::mirror::{self, Event};
use crate::ndjson::{json_of, name_of, normal};
use crate::readers::json;
use crate::{export, request, whole};

const OWN: [(&str, ColumnId); 17] = [
    ("customer_type", b::CUSTOMER_TYPE),
    ("name_prefix", b::NAME_PREFIX),
    ("given_name", b::GIVEN_NAME),
    ("middle_name", b::MIDDLE_NAME),
    ("family_name", b::FAMILY_NAME),
    ("name_suffix", b::NAME_SUFFIX),
    ("full_name", b::FULL_NAME),
    ("locale", b::LOCALE),
    ("country", b::COUNTRY),
    ("region", b::REGION),
    ("latitude", b::LATITUDE),
    ("longitude", b::LONGITUDE),
    ("email", b::EMAIL),
    ("phone", b::PHONE),
    ("alternate_id", b::ALTERNATE_ID),
    ("created_at", b::CREATED_AT),
    ("changed_at", b::CHANGED_AT),
];

fn fields(schema: &Schema, list: Option<&str>, row: &Row, attributes: &mut Map<String, Json>) {
    let of_list = schema
        .fields()
        .iter()
        .filter(|field| field.list.as_deref() == list);
    for field in of_list {
        if let Some(value) = row.get(&field.column) {
            let value = json!({"value": json_of(value, Some(field))});
            attributes.insert(field.key.clone(), value);
        }
    }
}

fn states(schema: &Schema, row: &Row, kind: MarkKind, names: [&str; 2]) -> Json {
    let marks = schema.marks().iter().filter(|mark| mark.kind == kind);
    let members = marks.filter_map(|mark| match row.get(&mark.column) {
        Some(Value::Boolean(state)) => Some((
            mark.id.clone(),
            json!({"state": names[usize::from(!state)]}),
        )),
        _ => None,
    });
    Json::Object(members.collect())
}

/// A profile of the document, without events.
fn profile(schema: &Schema, row: &Row) -> Json {
    let mut own = Map::new();
    for (name, column) in OWN {
        if let Some(value) = row.get(&column) {
            own.insert(name.to_owned(), json!({"value": json_of(value, None)}));
        }
    }
    fields(schema, None, row, &mut own);
    for (id, column) in [("/vip", 100), ("early-bird", 102)] {
        if row.contains_key(&column) {
            own.insert(id.to_owned(), json!({"value": null}));
        }
    }
    let account = json!({
        "attributes": own,
        "topics": states(schema, row, MarkKind::Topic, TOPIC_STATES),
        "consents": states(schema, row, MarkKind::Consent, CONSENT_STATES),
    });
    let mut sections = Map::from_iter([("_account".to_owned(), account)]);
    for list in schema.lists() {
        let Some(state) = row.get(&list.state()) else {
            continue;
        };
        let mut attributes = Map::new();
        attributes.insert(
            "state".to_owned(),
            json!({"value": name_of(state, &MEMBERSHIP_STATES)}),
        );
        for (name, column) in [
            ("joined_at", list.joined_at()),
            ("active_at", list.active_at()),
        ] {
            if let Some(time) = row.get(&column) {
                attributes.insert(name.to_owned(), json!({"value": json_of(time, None)}));
            }
        }
        if let Some(consent) = row.get(&list.consent_to_track()) {
            let name = name_of(consent, &CONSENTS_TO_TRACK);
            attributes.insert("consent_to_track".to_owned(), json!({"value": name}));
        }
        fields(schema, Some(&list.id), row, &mut attributes);
        sections.insert(list.id.clone(), json!({"attributes": attributes}));
    }
    json!({"sections": sections})
}

/// The array of a profile's events.
fn array(events: &[Event], profile: &str, wanted: &EventSelection) -> Json {
    let times = wanted.from_millis..wanted.until_millis;
    let mut own: Vec<&Event> = events
        .iter()
        .filter(|event| event.profile_id == profile && wanted.types.contains(&event.event_type))
        .filter(|event| times.contains(&event.source_time_millis))
        .collect();
    own.sort_by_key(|event| (event.source_time_millis, event.event_id.clone()));
    let object = |event: &&Event| {
        let data: Map<String, Json> = event
            .data
            .iter()
            .map(|property| {
                let value = match property.value.as_ref().expect("a value") {
                    mirror::Value::Text(text) => json!(text),
                    mirror::Value::Number(number) => json!({"number": number}),
                    mirror::Value::Boolean(boolean) => json!(boolean),
                    mirror::Value::DateTimeMillis(millis) => json!({"time": millis}),
                };
                (property.key.clone(), value)
            })
            .collect();
        json!({
            "correlationId": event.event_id,
            "sourceEventTime": event.source_time_millis,
            "typeId": event.event_type,
            "createdAt": RECORDED_AT,
            "data": data,
        })
    };
    Json::Array(own.iter().map(object).collect())
}

/// The arrays of events taken out of a document, whose other parts are made comparable.
fn without_events(document: Json) -> (Json, Vec<Json>) {
    let mut document = document;
    let profiles = document["profiles"].as_object_mut().expect("an object");
    let mut arrays = Vec::new();
    for profile in profiles.values_mut() {
        let account = profile["sections"]["_account"].as_object_mut();
        let mut events = account
            .and_then(|account| account.remove("events"))
            .expect("events");
        for event in events.as_array_mut().expect("an array") {
            event["data"] = normal(event["data"].take());
        }
        arrays.push(events);
    }
    (normal(document), arrays)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_document_read_by_a_general_reader_is_what_is_stored(
        seed: u64, n_rows in 0..200_usize, count in 0..600_usize, block_bytes in 1..20_000_usize, from in 0..50_i64,
    ) {
        let schema = schema();
        let rows = rows(n_rows, seed);
        let happened = if n_rows == 0 { Vec::new() } else { events(n_rows, count, &mut Dice(seed)) };
        let version = version(&rows, &BTreeSet::new(), History::Sealed);
        let version = with_events(&version, &schema, &happened);
        let wanted = EventSelection {
            types: vec!["bought".to_owned(), "opened".to_owned()],
            from_millis: FIRST + from * 86_400_000,
            until_millis: FIRST + (from + 30) * 86_400_000,
        };
        let form = ExportRequest { block_bytes, events: Some(wanted.clone()), ..request(BlockFormat::Json) };
        let (read, arrays) = without_events(json(&whole(&export(&version, &schema, form))));
        let ids: Vec<String> = (0..n_rows).map(|row| format!("p{row:07}")).collect();
        let expected: Map<String, Json> = ids.iter().cloned().zip(rows.iter().map(|row| profile(&schema, row))).collect();
        prop_assert_eq!(read, json!({"profiles": expected}));
        let expected: Vec<Json> = ids.iter().map(|id| array(&happened, id, &wanted)).collect();
        prop_assert_eq!(arrays, expected);
    }
}

#[test]
fn events_of_every_row_of_a_block_are_found_wherever_reading_begins() {
    let schema = schema();
    let happened = events(70_000, 20_000, &mut Dice(3));
    let erased = (0..70_000).filter(|row| row % 1_000 == 1).collect();
    let version = version(&rows(70_000, 4), &erased, History::Sealed);
    let version = with_events(&version, &schema, &happened);
    let wanted = EventSelection {
        types: vec!["seen".to_owned()],
        from_millis: i64::MIN,
        until_millis: i64::MAX,
    };
    let form = ExportRequest {
        columns: Some(Vec::new()),
        events: Some(wanted.clone()),
        block_bytes: 100_000,
        ..request(BlockFormat::Json)
    };
    let document = json(&whole(&export(&version, &schema, form)));
    let profiles = document["profiles"].as_object().expect("an object");
    let written = profiles.values().map(|profile| {
        let events = profile["sections"]["_account"]["events"].as_array();
        events.expect("an array").len()
    });
    let is_kept = |event: &&Event| {
        let row: usize = event.profile_id[1..].parse().expect("a number");
        event.event_type == "seen" && row % 1_000 != 1
    };
    assert_eq!(
        written.sum::<usize>(),
        happened.iter().filter(is_kept).count()
    );
}

#[test]
fn the_document_looks_as_the_documentation_says() {
    let schema = schema();
    let list = schema.list("news").expect("a list of the schema");
    let text = |text: &str| Value::Text(text.to_owned());
    let rows = [
        Row::from([
            (b::PROFILE_ID, text("p0000000")),
            (b::CHANGED_AT, Value::DateTime(RECORDED_AT)),
            (b::EMAIL, text("asa@example.com")),
            (b::EMAIL + 1, text("work")),
            (82, Value::Boolean(true)),
            (list.state(), Value::One(0)),
            (91, Value::Number(46.0)),
            (100, Value::Boolean(true)),
            (104, Value::Boolean(true)),
        ]),
        Row::from([
            (b::PROFILE_ID, text("p0000001")),
            (b::CHANGED_AT, Value::DateTime(RECORDED_AT)),
        ]),
    ];
    let version = version(&rows, &BTreeSet::from([1]), History::Sealed);
    let happened = [mirror::event("e1", "p0000000", "seen", FIRST, &[])];
    let version = with_events(&version, &schema, &happened);
    let wanted = EventSelection {
        types: vec!["seen".to_owned()],
        from_millis: FIRST,
        until_millis: FIRST + 1,
    };
    let of = |columns, events| {
        let form = ExportRequest {
            columns,
            events,
            changed_from_millis: Some(0),
            include_removed: true,
            ..request(BlockFormat::Json)
        };
        String::from_utf8(whole(&export(&version, &schema, form))).expect("UTF-8")
    };
    assert_eq!(
        of(
            Some(vec![b::EMAIL, 82, list.state(), 91, 100, 104]),
            Some(wanted.clone())
        ),
        concat!(
            r#"{"profiles":{"p0000000":{"sections":{"_account":{"attributes":{"email":{"value":"asa@example.com"},"#,
            r#""Vip":{"value":true},"/vip":{"value":null}},"topics":{"sport":{"state":"Subscribed"}},"#,
            r#""events":[{"correlationId":"e1","sourceEventTime":1690000000000,"typeId":"seen","createdAt":1700000000503,"data":{}}]},"#,
            r#""news":{"attributes":{"state":{"value":"Active"},"country":{"value":46}}}}},"#,
            r#""p0000001":{"removed":true}}}"#,
        )
    );
    assert_eq!(
        of(Some(vec![91]), None),
        concat!(
            r#"{"profiles":{"p0000000":{"sections":{"news":{"attributes":{"country":{"value":46}}}}},"#,
            r#""p0000001":{"removed":true}}}"#,
        )
    );
    assert_eq!(
        of(Some(vec![81]), None),
        r#"{"profiles":{"p0000000":{"sections":{"_account":{"attributes":{}}}},"p0000001":{"removed":true}}}"#
    );
    assert_eq!(
        of(Some(Vec::new()), None),
        r#"{"profiles":{"p0000000":{"sections":{}},"p0000001":{"removed":true}}}"#
    );
}

#[test]
fn without_rows_there_are_no_profiles() {
    let schema = schema();
    let version = version(&[], &BTreeSet::new(), History::Sealed);
    let document = whole(&export(&version, &schema, request(BlockFormat::Json)));
    assert_eq!(document, br#"{"profiles":{}}"#);
}
