//! An account with a list and some fields, records for it, and conditions on them.

#![expect(
    clippy::option_option,
    reason = "a record says nothing, an end, or a value"
)]

use proptest::prelude::*;
use segue_kernel::batch::{Batch, BatchColumn, BatchMembers, BatchValues, Texts};
use segue_kernel::event::EventBatch;
use segue_kernel::rule::Plan;
use segue_kernel::schema::{ColumnId, List, Schema};
use segue_kernel::wire::decode_events;
use segue_kernel::wire::protobuf::{put_bytes, put_int64};

pub(crate) const NUMBER: ColumnId = 80;
pub(crate) const TEXT: ColumnId = 81;
pub(crate) const BOOLEAN: ColumnId = 82;
pub(crate) const TIME: ColumnId = 83;

/// Half an hour: two of them are what members look ahead.
pub(crate) const HALF_HOUR: i64 = 1_800_000;

const SCHEMA: &str = r#"{"lists": [{"id": "news", "column": 64}], "fields": [
    {"column": 80, "key": "Number", "type": "number"}, {"column": 81, "key": "Text", "type": "text"},
    {"column": 82, "key": "Flag", "type": "boolean"}, {"column": 83, "key": "Time", "type": "date_time"}],
    "event_types": [{"id": "seen", "code": 20, "properties": []}]}"#;

/// Conditions of every dependency: values, places on lists, life itself, events, and the moment on several scales.
pub(crate) const CONDITIONS: [&str; 16] = [
    r#"{"and": []}"#,
    r#"{"or": []}"#,
    r#"{"predicate": {"column": 80, "op": "in_range", "low": 3, "low_inclusive": true, "high": null, "high_inclusive": false}}"#,
    r#"{"predicate": {"column": 81, "op": "contains", "text": "A"}}"#,
    r#"{"not": {"predicate": {"column": 82, "op": "any_of", "codes": [1]}}}"#,
    r#"{"predicate": {"column": 64, "op": "any_of", "codes": [0]}}"#,
    r#"{"sample": {"percent": 50, "salt": "s"}}"#,
    r#"{"predicate": {"column": 83, "op": "within", "window": {"from_offset": -10, "until_offset": 0}}}"#,
    r#"{"and": [{"predicate": {"column": 64, "op": "provided"}},
        {"not": {"predicate": {"column": 83, "op": "within", "window": {"from_offset": 0, "until_offset": 5400000}}}}]}"#,
    r#"{"predicate": {"column": 83, "op": "within", "window": {"from_offset": -7200000, "until_offset": null}}}"#,
    r#"{"predicate": {"column": 22, "op": "within", "window": {"from_offset": -20, "until_offset": null}}}"#,
    r#"{"predicate": {"column": 23, "op": "within", "window": {"from_offset": null, "until_offset": -15}}}"#,
    r#"{"not": {"did": {"event_type": 20, "where": [], "window": null, "sum_of": null,
        "low": 1, "low_inclusive": true, "high": null, "high_inclusive": false}}}"#,
    r#"{"did": {"event_type": 20, "where": [], "window": {"from_offset": -10, "until_offset": 0}, "sum_of": null,
        "low": 2, "low_inclusive": true, "high": null, "high_inclusive": false}}"#,
    r#"{"and": [{"predicate": {"column": 64, "op": "any_of", "codes": [0]}},
        {"first_did": {"event_type": 20, "where": [], "window": {"from_offset": null, "until_offset": -15}}}]}"#,
    r#"{"did_then": {"first": {"event_type": 20, "where": []}, "second": {"event_type": 20, "where": []},
        "within_millis": 10, "window": {"from_offset": -20, "until_offset": null}}}"#,
];

/// Ends of the windows above.
pub(crate) const OFFSETS: [i64; 6] = [-10, 0, 5_400_000, -7_200_000, -20, -15];

pub(crate) fn schema() -> Schema {
    Schema::from_json(SCHEMA.as_bytes()).expect("a valid schema")
}

pub(crate) fn plan(condition: usize) -> Plan {
    Plan::compile(&schema(), CONDITIONS[condition].as_bytes(), 0).expect("a valid condition")
}

/// What is said of one profile: of each value nothing, its end, or another; times are measured from the commit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) id: u32,
    pub(crate) joins: bool,
    pub(crate) number: Option<Option<f64>>,
    pub(crate) text: Option<Option<&'static str>>,
    pub(crate) flag: Option<Option<bool>>,
    pub(crate) time: Option<Option<i64>>,
}

fn given<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<Option<T>>> {
    prop::option::of(prop::option::weighted(0.8, value))
}

/// Records of distinct profiles.
pub(crate) fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let time = prop_oneof![-30..30_i64, (-5..5_i64).prop_map(|n| n * HALF_HOUR)];
    let texts = prop::sample::select(vec!["a", "bAr", "x", ""]);
    let record = (
        0..60_u32,
        any::<bool>(),
        given((0..6_u8).prop_map(f64::from)),
        given(texts),
        given(any::<bool>()),
        given(time),
    );
    let record = record.prop_map(|(id, joins, number, text, flag, time)| Record {
        id,
        joins,
        number,
        text,
        flag,
        time,
    });
    prop::collection::vec(record, 0..50).prop_map(|mut records| {
        records.sort_by_key(|record| record.id);
        records.dedup_by_key(|record| record.id);
        records
    })
}

pub(crate) fn id(number: u32) -> String {
    format!("p{number}")
}

/// The records as a decoder would hand them over.
pub(crate) fn batch_of(records: &[Record], tick: i64) -> Batch {
    let mut profile_ids = Texts::default();
    for record in records {
        profile_ids.push(id(record.id).as_bytes());
    }
    let texts = |values: Vec<&str>| {
        let mut texts = Texts::default();
        for text in values {
            texts.push(text.as_bytes());
        }
        BatchValues::Text(texts)
    };
    let time = |record: &Record| record.time.map(|given| given.map(|millis| tick + millis));
    let joining = (0..).zip(records).filter(|(_, record)| record.joins);
    let rows: Vec<u32> = joining.map(|(row, _)| row).collect();
    let list = List {
        id: "news".into(),
        column: 64,
    };
    Batch {
        record_count: u32::try_from(records.len()).expect("few records"),
        profile_ids,
        columns: vec![
            column(NUMBER, records, |record| record.number, BatchValues::Number),
            column(TEXT, records, |record| record.text, texts),
            column(BOOLEAN, records, |record| record.flag, BatchValues::Boolean),
            column(TIME, records, time, BatchValues::DateTime),
        ],
        members: if rows.is_empty() {
            vec![]
        } else {
            vec![BatchMembers { list, rows }]
        },
        ..Batch::default()
    }
}

fn column<T>(
    column: ColumnId,
    records: &[Record],
    of: impl Fn(&Record) -> Option<Option<T>>,
    values: impl Fn(Vec<T>) -> BatchValues,
) -> BatchColumn {
    let (mut rows, mut given, mut cleared) = (Vec::new(), Vec::new(), Vec::new());
    for (row, record) in (0..).zip(records) {
        match of(record) {
            Some(Some(value)) => {
                rows.push(row);
                given.push(value);
            }
            Some(None) => cleared.push(row),
            None => {}
        }
    }
    BatchColumn {
        column,
        rows,
        values: values(given),
        cleared,
    }
}

/// An event: its id, its profile, and its time measured from the commit.
pub(crate) type Happened = (u32, u32, i64);

pub(crate) fn any_events() -> impl Strategy<Value = Vec<Happened>> {
    prop::collection::vec((0..500_u32, 0..70_u32, -30..30_i64), 0..40)
}

/// The events as a decoder would hand them over.
pub(crate) fn events_of(events: &[Happened], tick: i64) -> EventBatch {
    let mut block = Vec::new();
    for &(event, profile, millis) in events {
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, 1, event.to_string().as_bytes());
        put_bytes(&mut bytes, 2, id(profile).as_bytes());
        put_bytes(&mut bytes, 3, b"seen");
        put_int64(&mut bytes, 4, tick + millis);
        put_bytes(&mut block, 1, &bytes);
    }
    decode_events(&schema(), &block).expect("a whole block")
}
