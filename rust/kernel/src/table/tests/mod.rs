//! A table does what an obvious model of it does, whatever is applied, erased, committed, rolled back or held.

#![expect(clippy::unwrap_used)]

mod blocks;
mod commits;
mod laws;
mod model;
mod records;
mod restores;
mod reviews;
mod ruled;
mod rules;

use crate::batch::Identifier;
use crate::column::Column;
use crate::schema::{ColumnId, List};
use crate::table::placement::block_and_row;
use crate::table::{RowId, Version};

const NO_ROWS: Vec<RowId> = Vec::new();

/// The column of a consent as the tests have it.
const CONSENT: ColumnId = 66;

/// A list as the tests have it.
fn list() -> List {
    List {
        id: "newsletter".into(),
        column: 80,
    }
}

/// One stored value, of whatever kind.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Number(f64),
    Boolean(bool),
    Date(i32),
    DateTime(i64),
    One(u16),
    Many(Vec<u16>),
    Identifiers(Vec<Identifier>),
}

/// The stored value of a row.
fn value(version: &Version, column: ColumnId, row: RowId) -> Option<Value> {
    let (block, row) = block_and_row(row);
    match version.column(column)? {
        Column::Text(blocks) | Column::ExactText(blocks) => blocks
            .get(block)?
            .as_ref()?
            .get(row)
            .map(|text| Value::Text(text.into())),
        Column::Number(blocks) => blocks.get(block)?.as_ref()?.get(row).map(Value::Number),
        Column::Date(blocks) => blocks.get(block)?.as_ref()?.get(row).map(Value::Date),
        Column::DateTime(blocks) => blocks.get(block)?.as_ref()?.get(row).map(Value::DateTime),
        Column::MultiSelectOne(blocks) => blocks.get(block)?.as_ref()?.get(row).map(Value::One),
        Column::Boolean(blocks) => {
            let mut codes = Vec::new();
            blocks.get(block)?.as_ref()?.codes_into(row, &mut codes);
            codes.first().map(|&code| Value::Boolean(code == 1))
        }
        Column::MultiSelectMany(blocks) => {
            let mut codes = Vec::new();
            blocks.get(block)?.as_ref()?.codes_into(row, &mut codes);
            (!codes.is_empty()).then_some(Value::Many(codes))
        }
        Column::Identifiers(blocks) => {
            let stored = blocks.get(block)?.as_ref()?.get(row);
            (!stored.is_empty()).then(|| Value::Identifiers(stored.to_vec()))
        }
    }
}
