//! An account with a field of every type, for itself and on each of two lists, and with marks of every kind.

#![allow(dead_code, reason = "each test file uses a part of it")]

use segue_kernel::batch::{Batch, BatchColumn, BatchValues, RecordReason};
use segue_kernel::schema::{ColumnId, Schema};
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode};

/// First column of list `newsletter`.
pub(crate) const NEWSLETTER: ColumnId = 64;
/// First column of list `club`.
pub(crate) const CLUB: ColumnId = 68;
/// First field column of the account; one follows for each key.
pub(crate) const ACCOUNT_FIELDS: ColumnId = 72;
/// First field column of `newsletter`.
pub(crate) const NEWSLETTER_FIELDS: ColumnId = 80;
/// First field column of `club`.
pub(crate) const CLUB_FIELDS: ColumnId = 88;

/// First column of marks; one follows for each.
pub(crate) const MARK_COLUMNS: ColumnId = 96;

/// Keys of the fields and their types, in the order of their columns.
pub(crate) const FIELDS: [(&str, &str); 8] = [
    ("City", "text"),
    ("Age", "number"),
    ("Vip", "boolean"),
    ("Born", "date"),
    ("Seen", "date_time"),
    ("Level", "multi_select_one"),
    ("Likes", "multi_select_many"),
    ("tag:vip", "boolean"),
];

/// Tags, topics and consent types.
pub(crate) const MARKS: [(&str, &str); 6] = [
    ("tag", "vip"),
    ("topic", "sport"),
    ("consent", "sms"),
    ("tag", "new"),
    ("topic", "vip"),
    ("consent", "mail"),
];

/// Options of `Level` and `Likes`.
pub(crate) const OPTIONS: [&str; 4] = ["Red", "Green", "Blå", "Off white"];

/// The account's schema.
pub(crate) fn schema() -> Schema {
    let owners = [
        (None, ACCOUNT_FIELDS),
        (Some("newsletter"), NEWSLETTER_FIELDS),
        (Some("club"), CLUB_FIELDS),
    ];
    let fields: Vec<_> = owners
        .iter()
        .flat_map(|&(list, first)| {
            FIELDS.iter().zip(first..).map(move |(&(key, kind), column)| {
                let options = if kind.starts_with("multi") { &OPTIONS[..] } else { &[] };
                serde_json::json!({"column": column, "list": list, "key": key, "type": kind, "options": options})
            })
        })
        .collect();
    let lists = serde_json::json!([{"id": "newsletter", "column": NEWSLETTER}, {"id": "club", "column": CLUB}]);
    let marks: Vec<_> = MARKS
        .iter()
        .zip(MARK_COLUMNS..)
        .map(|((kind, id), column)| serde_json::json!({"kind": kind, "id": id, "column": column}))
        .collect();
    let json = serde_json::json!({"lists": lists, "fields": fields, "marks": marks}).to_string();
    Schema::from_json(json.as_bytes()).expect("the schema is valid")
}

/// Decodes a block of profiles that is whole.
pub(crate) fn decoded(block: &impl prost::Message) -> Batch {
    decode(
        &schema(),
        BlockFormat::ProfileBatch,
        &block.encode_to_vec(),
        &DecodeOptions::default(),
    )
    .expect("the block is whole")
}

/// Number, place and reason of every exception.
pub(crate) fn problems(batch: &Batch) -> Vec<(u32, &str, RecordReason)> {
    batch
        .exceptions
        .iter()
        .map(|exception| {
            (
                exception.record_number,
                exception.field_path.as_str(),
                exception.reason,
            )
        })
        .collect()
}

/// The values of a column.
pub(crate) fn column(batch: &Batch, column: ColumnId) -> Option<&BatchColumn> {
    batch
        .columns
        .iter()
        .find(|candidate| candidate.column == column)
}

/// The texts of a column.
pub(crate) fn texts(batch: &Batch, id: ColumnId) -> Vec<String> {
    match column(batch, id).map(|column| &column.values) {
        Some(BatchValues::Text(texts)) => (0..texts.len())
            .map(|i| String::from_utf8_lossy(texts.get(i)).into_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// The ids of the valid records.
pub(crate) fn ids(batch: &Batch) -> Vec<String> {
    (0..batch.n_rows())
        .map(|row| String::from_utf8_lossy(batch.profile_ids.get(row)).into_owned())
        .collect()
}
