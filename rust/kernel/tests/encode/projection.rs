//! Chosen columns: what is not chosen is written as if it were not stored.

use std::collections::BTreeSet;

use proptest::prelude::*;
use segue_kernel::schema::{ColumnId, Schema, builtin as b};
use segue_kernel::wire::{BlockFormat, ExportRequest};
use serde_json::Value as Json;

use crate::account::{Dice, Row, rows, schema};
use crate::history::{History, version};
use crate::{FORMATS, export, request, whole};

/// About half of the columns that there are.
fn some_columns(schema: &Schema, dice: &mut Dice) -> BTreeSet<ColumnId> {
    let lists = schema
        .lists()
        .iter()
        .flat_map(|list| list.column..list.column + 4);
    let fields = schema.fields().iter().map(|field| field.column);
    let marks = schema.marks().iter().map(|mark| mark.column);
    let all = (b::PROFILE_ID..=b::CHANGED_AT)
        .chain(lists)
        .chain(fields)
        .chain(marks);
    all.filter(|_| dice.below(2) == 0).collect()
}

/// The columns with the states of all lists of which they have something.
fn with_states(schema: &Schema, columns: &BTreeSet<ColumnId>) -> BTreeSet<ColumnId> {
    let mut all = columns.clone();
    for list in schema.lists() {
        let fields = schema
            .fields()
            .iter()
            .filter(|field| field.list.as_ref() == Some(&list.id));
        let mut own = (list.column..list.column + 4).chain(fields.map(|field| field.column));
        all.extend(
            own.any(|column| columns.contains(&column))
                .then_some(list.state()),
        );
    }
    all
}

/// What a profile would be if only these columns were stored; identifiers go with the first of them.
fn cut(row: &Row, columns: &BTreeSet<ColumnId>) -> Row {
    let first = |column| match column {
        b::EMAIL..=b::EMAIL_MORE => b::EMAIL,
        b::PHONE..=b::PHONE_MORE => b::PHONE,
        b::ALTERNATE_ID..=b::ALTERNATE_ID_MORE => b::ALTERNATE_ID,
        other => other,
    };
    let is_chosen = |column| column == b::PROFILE_ID || columns.contains(&first(column));
    let chosen = row.iter().filter(|(column, _)| is_chosen(**column));
    chosen
        .map(|(column, value)| (*column, value.clone()))
        .collect()
}

fn of_columns(format: BlockFormat, columns: &BTreeSet<ColumnId>) -> ExportRequest {
    ExportRequest {
        columns: Some(columns.iter().copied().collect()),
        ..request(format)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_not_chosen_is_written_as_if_it_were_not_stored(seed: u64, n_rows in 0..120_usize) {
        let schema = schema();
        let profiles = rows(n_rows, seed);
        let mut columns = with_states(&schema, &some_columns(&schema, &mut Dice(seed)));
        let all = version(&profiles, &BTreeSet::new(), History::Sealed);
        for format in FORMATS {
            // Subscribers are listed by their addresses, chosen or not.
            columns.extend((format == BlockFormat::SubscribersJson).then_some(b::EMAIL));
            let few: Vec<Row> = profiles.iter().map(|row| cut(row, &columns)).collect();
            let few = version(&few, &BTreeSet::new(), History::Sealed);
            let chosen = whole(&export(&all, &schema, of_columns(format, &columns)));
            prop_assert!(chosen == whole(&export(&few, &schema, of_columns(format, &columns))), "{:?}", format);
            // Flat formats have a column of addresses, and documents sections, unless they are not chosen.
            if format != BlockFormat::Json && columns.contains(&b::EMAIL) {
                prop_assert!(chosen == whole(&export(&few, &schema, request(format))), "{:?}", format);
            }
        }
    }

    #[test]
    fn a_state_that_is_not_chosen_still_says_who_is_on_the_list(seed: u64, n_rows in 0..120_usize) {
        let schema = schema();
        let version = version(&rows(n_rows, seed), &BTreeSet::new(), History::Sealed);
        let mut columns = with_states(&schema, &some_columns(&schema, &mut Dice(seed)));
        let lines = |columns: &BTreeSet<ColumnId>| -> Vec<Json> {
            let data = whole(&export(&version, &schema, of_columns(BlockFormat::Ndjson, columns)));
            let lines = data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(|line| serde_json::from_slice(line).expect("an object")).collect()
        };
        let mut expected = lines(&columns);
        for list in schema.lists() {
            columns.remove(&list.state());
        }
        for line in expected.iter_mut().filter_map(Json::as_object_mut) {
            let Some(Json::Object(memberships)) = line.get_mut("memberships") else { continue };
            for membership in memberships.values_mut().filter_map(Json::as_object_mut) {
                membership.remove("state");
            }
            memberships.retain(|_, membership| membership != &serde_json::json!({}));
            if memberships.is_empty() {
                line.remove("memberships");
            }
        }
        prop_assert_eq!(lines(&columns), expected);
    }
}

#[test]
fn every_column_chosen_is_as_none_chosen() {
    let schema = schema();
    let version = version(&rows(300, 8), &BTreeSet::new(), History::Sealed);
    let all: BTreeSet<ColumnId> = (0..200).collect();
    for format in FORMATS {
        let chosen = whole(&export(&version, &schema, of_columns(format, &all)));
        assert!(
            chosen == whole(&export(&version, &schema, request(format))),
            "{format:?}"
        );
    }
}

#[test]
fn without_a_chosen_column_only_ids_are_written() {
    let schema = schema();
    let version = version(&rows(2, 9), &BTreeSet::new(), History::Sealed);
    let lines = whole(&export(
        &version,
        &schema,
        of_columns(BlockFormat::Ndjson, &BTreeSet::new()),
    ));
    let expected = "{\"profile_id\":\"p0000000\"}\n{\"profile_id\":\"p0000001\"}\n";
    assert_eq!(String::from_utf8(lines).expect("UTF-8"), expected);
}
