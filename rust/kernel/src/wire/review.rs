//! What an import would do, as people are told.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::encode::cell_text;
use super::fields::{field_change_count, field_difference, import_review, profile_difference};
use super::paths::{NamedColumn, named_columns};
use super::protobuf::{put_bytes, put_int64, put_uint};
use crate::schema::{ColumnId, Schema, builtin};
use crate::table::review::Review;
use crate::table::{RowId, Version, block_and_row};

/// Columns that are counted.
const COUNTED_MAX: usize = 100;

/// Differences of one profile that are told.
const DIFFERENCES_MAX: usize = 50;

/// Characters of a value that are told.
const VALUE_CHARS_MAX: usize = 200;

/// Encodes a review of what lies between two versions as a serialized `segue.v1.ImportReview`.
pub(crate) fn encode_review(
    review: &Review,
    before: &Version,
    after: &Version,
    schema: &Schema,
) -> Vec<u8> {
    let columns = named_columns(schema);
    let mut out = Vec::new();
    for (field, count) in [
        (import_review::CREATE_COUNT, review.created),
        (import_review::UPDATE_COUNT, review.updated),
        (import_review::UNCHANGED_COUNT, review.unchanged),
        (import_review::ERASE_COUNT, review.erased),
    ] {
        put_count(&mut out, field, count);
    }
    for &row in &review.samples {
        let sample = encode_sample(&columns, before, after, row);
        put_bytes(&mut out, import_review::SAMPLES, &sample);
    }
    let counted = review.by_column.iter();
    let mut counts: Vec<(&NamedColumn, usize)> = counted
        .filter_map(|(column, &count)| Some((columns.get(column)?, count)))
        .collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    for (column, count) in counts.into_iter().take(COUNTED_MAX) {
        let mut change = Vec::new();
        put_bytes(
            &mut change,
            field_change_count::FIELD_PATH,
            column.path.as_bytes(),
        );
        put_count(&mut change, field_change_count::COUNT, count);
        put_bytes(&mut out, import_review::FIELD_COUNTS, &change);
    }
    out
}

fn encode_sample(
    columns: &BTreeMap<ColumnId, NamedColumn>,
    before: &Version,
    after: &Version,
    row: RowId,
) -> Vec<u8> {
    let mut out = Vec::new();
    let id = cell_text(after, builtin::PROFILE_ID, &[], row);
    put_bytes(&mut out, profile_difference::PROFILE_ID, id.as_bytes());
    if !before.is_live(row) {
        put_uint(&mut out, profile_difference::CREATED, 1);
    }
    let differences = columns
        .iter()
        .filter_map(|(&id, column)| encode_difference(id, column, before, after, row));
    for difference in differences.take(DIFFERENCES_MAX) {
        put_bytes(&mut out, profile_difference::FIELDS, &difference);
    }
    out
}

/// The difference in a column, when there is one.
fn encode_difference(
    id: ColumnId,
    column: &NamedColumn,
    before: &Version,
    after: &Version,
    row: RowId,
) -> Option<Vec<u8>> {
    let is_shared = match (before.column(id), after.column(id)) {
        (None, None) => true,
        (Some(one), Some(other)) => one.shares_block(other, block_and_row(row).0),
        _ => false,
    };
    if is_shared {
        return None;
    }
    let value_in = |version| cell_text(version, id, &column.options, row);
    let (old, new) = (value_in(before), value_in(after));
    if old == new {
        return None;
    }
    let mut out = Vec::new();
    let path = column.path.as_bytes();
    put_bytes(&mut out, field_difference::FIELD_PATH, path);
    for (field, value) in [
        (field_difference::OLD_VALUE, old),
        (field_difference::NEW_VALUE, new),
    ] {
        let value: String = value.chars().take(VALUE_CHARS_MAX).collect();
        put_bytes(&mut out, field, value.as_bytes());
    }
    Some(out)
}

fn put_count(out: &mut Vec<u8>, field: u32, count: usize) {
    put_int64(
        out,
        field,
        i64::try_from(count).expect("rows are numbered in 32 bits"),
    );
}
