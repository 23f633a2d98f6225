//! CSV: a general reader finds in the cells what is stored, and a spreadsheet no formula.

use std::collections::BTreeSet;

use proptest::prelude::*;
use segue_kernel::schema::{
    CONSENTS_TO_TRACK, ColumnId, Field, MEMBERSHIP_STATES, Schema, builtin as b,
};
use segue_kernel::wire::{BlockFormat, ExportRequest, value};
use serde_json::{Value as Json, json};

use crate::account::{Row, Value, rows, schema};
use crate::arrow::{batches, column_of};
use crate::history::{History, version};
use crate::ndjson::identifiers;
use crate::readers::csv;
use crate::{export, request, whole};

const COLLECTIONS: [(&str, ColumnId); 3] = [
    ("emails", b::EMAIL),
    ("phones", b::PHONE),
    ("alternate_ids", b::ALTERNATE_ID),
];

/// A text as a spreadsheet may safely see it, and an import read it back.
fn defused(text: &str) -> String {
    let bare = text.trim_start_matches('\'');
    let is_digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let signed = bare.strip_prefix(['+', '-']);
    if bare.starts_with(['=', '@', '\t', '\r']) || signed.is_some_and(|rest| !is_digits(rest)) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// The name of a code: an option of a field, a state or a consent.
fn name_of(schema: &Schema, column: ColumnId, field: Option<&Field>, code: u16) -> String {
    let code = usize::from(code);
    match field {
        Some(field) => field.options[code].clone(),
        None if schema.lists().iter().any(|list| list.state() == column) => {
            MEMBERSHIP_STATES[code].to_owned()
        }
        None => CONSENTS_TO_TRACK[code].to_owned(),
    }
}

/// Checks a cell against what is stored.
fn check(schema: &Schema, row: &Row, name: &str, cell: &str) {
    if let Some((_, column)) = COLLECTIONS.iter().find(|collection| collection.0 == name) {
        let stored = identifiers(row, *column);
        let read = if cell.is_empty() {
            json!([])
        } else {
            serde_json::from_str(cell).expect("an array")
        };
        assert_eq!(read, Json::Array(stored));
        return;
    }
    let (column, field) = column_of(schema, name);
    let name = |code: &u16| name_of(schema, column, field, *code);
    match row.get(&column) {
        None => assert_eq!(cell, ""),
        Some(Value::Text(text)) => assert_eq!(cell, defused(text)),
        Some(Value::Number(number)) => {
            let read: f64 = cell.parse().expect("a number");
            assert_eq!(read.to_bits(), number.to_bits());
        }
        Some(Value::Boolean(boolean)) => assert_eq!(cell, boolean.to_string()),
        Some(Value::Date(days)) => assert_eq!(value::date(cell.as_bytes()), Some(*days)),
        Some(Value::DateTime(millis)) => {
            assert_eq!(value::date_time(cell.as_bytes()), Some(*millis));
        }
        Some(Value::One(code)) => assert_eq!(cell, defused(&name(code))),
        Some(Value::Many(codes)) => {
            let names: Vec<String> = codes.iter().map(name).collect();
            let is_lost = |name: &String| {
                name.contains(';') || name.starts_with('[') || name.trim_ascii() != name
            };
            if names.iter().any(is_lost) {
                let read: Vec<String> = serde_json::from_str(cell).expect("an array");
                assert_eq!(read, names);
            } else {
                assert_eq!(cell, defused(&names.join(";")));
            }
        }
        Some(Value::Identifiers(_)) => panic!("identifiers stand in collections"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn cells_read_by_a_general_reader_are_what_is_stored(seed: u64, n_rows in 0..200_usize, block_bytes in 1..20_000_usize) {
        let schema = schema();
        let rows = rows(n_rows, seed);
        let version = version(&rows, &BTreeSet::new(), History::Sealed);
        let of = |format| ExportRequest { block_bytes, ..request(format) };
        let table = csv(&whole(&export(&version, &schema, of(BlockFormat::Csv))));
        prop_assert_eq!(table.len(), n_rows + 1);
        for (cells, row) in table[1..].iter().zip(&rows) {
            prop_assert_eq!(cells.len(), table[0].len());
            for (name, cell) in table[0].iter().zip(cells) {
                check(&schema, row, name, cell);
            }
        }
        let stream = whole(&export(&version, &schema, of(BlockFormat::ArrowIpc)));
        if let Some(batch) = batches(stream).first() {
            let fields = batch.schema();
            let names: Vec<&str> = fields.fields().iter().map(|field| field.name().as_str()).collect();
            prop_assert_eq!(&table[0], &names);
        }
    }
}

#[test]
fn lines_look_as_the_documentation_says() {
    let schema = schema();
    let list = schema.list("news").expect("a list of the schema");
    let text = |text: &str| Value::Text(text.to_owned());
    let rows = [
        Row::from([
            (b::PROFILE_ID, text("p1")),
            (b::EMAIL, text("=cmd|' /C calc'!A0")),
            (b::PHONE, text("+46701234567")),
            (b::GIVEN_NAME, text("Åsa \"A\", jr")),
            (b::LATITUDE, Value::Number(-59.5)),
            (82, Value::Boolean(true)),
            (83, Value::Date(11_016)),
            (86, Value::Many(vec![0, 2])),
            (list.state(), Value::One(2)),
            (list.joined_at(), Value::DateTime(1_709_251_200_123)),
        ]),
        Row::from([
            (b::PROFILE_ID, text("-")),
            (b::PHONE, text("-0")),
            (b::GIVEN_NAME, text("two\nlines")),
        ]),
    ];
    let version = version(&rows, &BTreeSet::new(), History::Sealed);
    let with_list = ExportRequest {
        list: Some("news".to_owned()),
        ..request(BlockFormat::Csv)
    };
    let lines = whole(&export(&version, &schema, with_list));
    let expected = concat!(
        "profile_id,email,phone,given_name,latitude,state,joined_at,Vip,Born,Tags\r\n",
        "p1,'=cmd|' /C calc'!A0,+46701234567,\"Åsa \"\"A\"\", jr\",-59.5,Unsubscribed,",
        "2024-03-01T00:00:00.123Z,true,2000-02-29,a;c\r\n",
        "'-,,-0,\"two\nlines\",,,,,,\r\n",
    );
    assert_eq!(String::from_utf8(lines).expect("UTF-8"), expected);
}

#[test]
fn an_export_without_rows_has_its_header() {
    let schema = schema();
    let version = version(&[], &BTreeSet::new(), History::Sealed);
    let lines = whole(&export(&version, &schema, request(BlockFormat::Csv)));
    assert_eq!(lines, b"profile_id,email\r\n");
}

#[test]
fn removals_have_an_id_and_their_mark() {
    let schema = schema();
    let version = version(&rows(3, 7), &BTreeSet::from([1]), History::Sealed);
    let changed = ExportRequest {
        changed_from_millis: Some(0),
        include_removed: true,
        ..request(BlockFormat::Csv)
    };
    let table = csv(&whole(&export(&version, &schema, changed)));
    assert_eq!(table[0].last().map(String::as_str), Some("removed"));
    let marks: Vec<&str> = table[1..]
        .iter()
        .filter_map(|cells| cells.last().map(String::as_str))
        .collect();
    assert_eq!(marks, ["false", "true", "false"]);
    assert!(table[2][1..table[2].len() - 1].iter().all(String::is_empty));
}
