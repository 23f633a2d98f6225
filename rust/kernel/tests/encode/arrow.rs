//! Arrow IPC: a general reader finds in the columns what is stored.

use std::collections::BTreeSet;
use std::io::Cursor;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, TimestampMillisecondType, UInt16Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::DataType;
use segue_kernel::schema::{ColumnId, Field, Schema, builtin as b};
use segue_kernel::wire::{BlockFormat, ExportRequest};

use crate::account::{Row, Value, rows, schema};
use crate::history::{History, version};
use crate::{export, request, whole};

/// Names of a profile's own columns.
const PROFILE_COLUMNS: [(&str, ColumnId); 18] = [
    ("profile_id", b::PROFILE_ID),
    ("email", b::EMAIL),
    ("phone", b::PHONE),
    ("alternate_id", b::ALTERNATE_ID),
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
    ("created_at", b::CREATED_AT),
    ("changed_at", b::CHANGED_AT),
];

/// Names of a list's own columns.
const MEMBER_COLUMNS: [&str; 4] = ["state", "joined_at", "active_at", "consent_to_track"];

pub(crate) fn batches(stream: Vec<u8>) -> Vec<RecordBatch> {
    let reader = StreamReader::try_new(Cursor::new(stream), None).expect("a stream");
    reader.map(|batch| batch.expect("a record batch")).collect()
}

/// The column that a name stands for when no list is named, with its field.
pub(crate) fn column_of<'a>(schema: &'a Schema, name: &str) -> (ColumnId, Option<&'a Field>) {
    if let Some((_, id)) = PROFILE_COLUMNS.iter().find(|column| column.0 == name) {
        return (*id, None);
    }
    for list in schema.lists() {
        let Some(key) = name.strip_prefix(&format!("{}/", list.id)) else {
            continue;
        };
        if let Some(position) = MEMBER_COLUMNS.iter().position(|member| *member == key) {
            return (
                list.column + u32::try_from(position).expect("one of four"),
                None,
            );
        }
        let field = schema
            .field(Some(&list.id), key)
            .expect("a field of the list");
        return (field.column, Some(field));
    }
    if let Some(mark) = schema.marks().iter().find(|mark| mark.flat_name() == name) {
        return (mark.column, None);
    }
    let key = name.strip_prefix('/').unwrap_or(name);
    let field = schema.field(None, key).expect("a field of the account");
    (field.column, Some(field))
}

/// The value of a cell, codes as options have them in a field or in the dictionary.
fn value_of(array: &ArrayRef, at: usize, field: Option<&Field>) -> Value {
    match array.data_type() {
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(at).to_owned()),
        DataType::Float64 => Value::Number(array.as_primitive::<Float64Type>().value(at)),
        DataType::Boolean => Value::Boolean(array.as_boolean().value(at)),
        DataType::Date32 => Value::Date(array.as_primitive::<Date32Type>().value(at)),
        DataType::Timestamp(_, zone) => {
            assert_eq!(zone.as_deref(), Some("UTC"));
            Value::DateTime(array.as_primitive::<TimestampMillisecondType>().value(at))
        }
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_dictionary::<UInt16Type>();
            Value::One(dictionary.keys().value(at))
        }
        DataType::List(_) => {
            let names = array.as_list::<i32>().value(at);
            let options = &field.expect("lists are of fields").options;
            let code = |name| {
                options
                    .iter()
                    .position(|option| Some(option.as_str()) == name)
            };
            let codes = names
                .as_string::<i32>()
                .iter()
                .map(|name| code(name).expect("an option"));
            Value::Many(
                codes
                    .map(|code| u16::try_from(code).expect("few options"))
                    .collect(),
            )
        }
        other => panic!("{other} is not written"),
    }
}

/// Types and values of a row's identifiers.
fn identifiers_of(array: &ArrayRef, at: usize) -> Vec<(String, String)> {
    let items = array.as_list::<i32>().value(at);
    let (kinds, values) = (items.as_struct().column(0), items.as_struct().column(1));
    (0..items.len())
        .map(|i| {
            let kind = if kinds.is_null(i) {
                ""
            } else {
                kinds.as_string::<i32>().value(i)
            };
            (
                kind.to_owned(),
                values.as_string::<i32>().value(i).to_owned(),
            )
        })
        .collect()
}

fn rows_of(schema: &Schema, batch: &RecordBatch) -> Vec<Row> {
    let mut rows = vec![Row::new(); batch.num_rows()];
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let collections = [
            ("emails", b::EMAIL),
            ("phones", b::PHONE),
            ("alternate_ids", b::ALTERNATE_ID),
        ];
        let collection = collections
            .iter()
            .find(|collection| collection.0 == field.name());
        for (at, row) in rows
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| array.is_valid(*at))
        {
            if let Some((_, column)) = collection {
                let mut all = identifiers_of(array, at).into_iter();
                let (kind, value) = all.next().expect("a list has at least one");
                assert_eq!(
                    row.get(column),
                    Some(&Value::Text(value)),
                    "the first has its own column"
                );
                row.extend((!kind.is_empty()).then(|| (column + 1, Value::Text(kind))));
                let more: Vec<_> = all.collect();
                row.extend((!more.is_empty()).then(|| (column + 2, Value::Identifiers(more))));
            } else {
                let (column, field) = column_of(schema, field.name());
                row.insert(column, value_of(array, at, field));
            }
        }
    }
    rows
}

#[test]
fn streams_read_by_a_general_reader_are_what_is_stored() {
    let schema = schema();
    for n_rows in [0, 1, 63, 64, 65, 8_191, 8_192, 8_193] {
        let rows = rows(n_rows, n_rows as u64);
        let version = version(&rows, &BTreeSet::new(), History::Sealed);
        let stream = whole(&export(&version, &schema, request(BlockFormat::ArrowIpc)));
        let batches = batches(stream);
        let read: Vec<Row> = batches
            .iter()
            .flat_map(|batch| rows_of(&schema, batch))
            .collect();
        assert_eq!(read, rows);
    }
}

#[test]
fn columns_without_values_are_left_out_except_id_and_email() {
    let schema = schema();
    let row = Row::from([
        (b::PROFILE_ID, Value::Text("p1".to_owned())),
        (81, Value::Number(1.0)),
    ]);
    let version = version(&[row], &BTreeSet::new(), History::Sealed);
    let batches = batches(whole(&export(
        &version,
        &schema,
        request(BlockFormat::ArrowIpc),
    )));
    let fields = batches[0].schema();
    let names: Vec<&str> = fields
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names, ["profile_id", "email", "Score"]);
}

#[test]
fn the_columns_of_the_named_list_go_by_their_bare_names_where_these_are_free() {
    let schema = schema();
    let rows = rows(300, 5);
    let version = version(&rows, &BTreeSet::new(), History::Sealed);
    let request = ExportRequest {
        list: Some("news".to_owned()),
        ..request(BlockFormat::ArrowIpc)
    };
    let batches = batches(whole(&export(&version, &schema, request)));
    let fields = batches[0].schema();
    let names: Vec<&str> = fields
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    for name in [
        "state",
        "joined_at",
        "Motto",
        "Frequency",
        "news/country",
        "/Motto",
        "the \"shop\"/Motto",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(names.contains(&"tag:vip") && names.contains(&"/tag:vip"));
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn dictionaries_hold_every_option_and_are_sent_once() {
    let schema = schema();
    let rows = rows(20_000, 9);
    let version = version(&rows, &BTreeSet::new(), History::Sealed);
    let stream = whole(&export(&version, &schema, request(BlockFormat::ArrowIpc)));
    let needle = b"A \"quoted\" one";
    assert_eq!(
        stream
            .windows(needle.len())
            .filter(|bytes| bytes == needle)
            .count(),
        1
    );
    for batch in batches(stream) {
        let plan = batch
            .column_by_name("Plan")
            .expect("a column")
            .as_dictionary::<UInt16Type>();
        let names: Vec<_> = plan.values().as_string::<i32>().iter().flatten().collect();
        assert_eq!(names, ["Free", "Pro", "A \"quoted\" one"]);
    }
}
