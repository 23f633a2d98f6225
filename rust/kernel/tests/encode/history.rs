//! Versions of the same content that were written in different ways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use segue_kernel::batch::Identifier;
use segue_kernel::bitmap::RowSet;
use segue_kernel::column::{
    self, BLOCK_ROWS, Column, IdentifiersBlock, OptionsBlock, PlainBlock, TextBlock,
};
use segue_kernel::event::Events;
use segue_kernel::schema::{ColumnId, ColumnKind, Schema, builtin};
use segue_kernel::snapshot::VersionParts;
use segue_kernel::table::Version;

use crate::account::{Row, Value};

/// How content came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// Written once in order, then sealed: dictionaries where they pay.
    Sealed,
    /// Other values first, then these over them a few rows at a time: overlays, wide sets.
    Overwritten,
}

/// A version of rows, some of them erased.
pub(crate) fn version(rows: &[Row], erased: &BTreeSet<usize>, history: History) -> Version {
    let schema = crate::account::schema();
    let mut columns = BTreeMap::new();
    if history == History::Overwritten {
        let mut others: Vec<&Row> = rows.iter().collect();
        others.reverse();
        write(&schema, &others, 0, &mut columns);
        let step = rows.len() / 7 + 1;
        for (chunk, part) in rows.chunks(step).enumerate() {
            write(
                &schema,
                &part.iter().collect::<Vec<_>>(),
                chunk * step,
                &mut columns,
            );
        }
        clear_absent(rows, &mut columns);
    } else {
        write(&schema, &rows.iter().collect::<Vec<_>>(), 0, &mut columns);
        for column in columns.values_mut() {
            (0..column.n_blocks()).for_each(|block| column.seal(block));
        }
    }
    erase(erased, &mut columns);
    Version::from_parts(VersionParts {
        events: Events::default(),
        revision: 1,
        tick_millis: 1_700_000_001_000,
        n_rows: rows.len(),
        live: live(rows.len(), erased),
        columns: columns.into_iter().collect(),
    })
}

fn live(n_rows: usize, erased: &BTreeSet<usize>) -> Vec<Arc<RowSet>> {
    (0..n_rows.div_ceil(BLOCK_ROWS))
        .map(|block| {
            let first = block * BLOCK_ROWS;
            let mut live = RowSet::full((n_rows - first).min(BLOCK_ROWS));
            live.remove_sorted(&in_block(erased.range(first..first + BLOCK_ROWS).copied()));
            Arc::new(live)
        })
        .collect()
}

fn in_block(rows: impl Iterator<Item = usize>) -> Vec<u16> {
    rows.map(|row| u16::try_from(row % BLOCK_ROWS).expect("a row of a block"))
        .collect()
}

fn erase(erased: &BTreeSet<usize>, columns: &mut BTreeMap<ColumnId, Column>) {
    for (id, column) in columns {
        if ![builtin::PROFILE_ID, builtin::CHANGED_AT].contains(id) {
            for &row in erased {
                column.erase_rows(row / BLOCK_ROWS, &in_block(std::iter::once(row)));
            }
        }
    }
}

fn clear_absent(rows: &[Row], columns: &mut BTreeMap<ColumnId, Column>) {
    for (id, column) in columns {
        for block in 0..rows.len().div_ceil(BLOCK_ROWS) {
            let end = rows.len().min((block + 1) * BLOCK_ROWS);
            let absent = (block * BLOCK_ROWS..end).filter(|&row| !rows[row].contains_key(id));
            column.clear_rows(block, &in_block(absent));
        }
    }
}

/// Writes the values of rows that follow each other, column by column and block by block.
fn write(
    schema: &Schema,
    rows: &[&Row],
    first_row: usize,
    columns: &mut BTreeMap<ColumnId, Column>,
) {
    let ids: BTreeSet<ColumnId> = rows.iter().flat_map(|row| row.keys().copied()).collect();
    for id in ids {
        let kind = schema.kind(id).expect("a column of the schema");
        let column = columns.entry(id).or_insert_with(|| Column::new(kind));
        let values: Vec<(usize, &Value)> = rows
            .iter()
            .enumerate()
            .filter_map(|(i, row)| row.get(&id).map(|value| (first_row + i, value)))
            .collect();
        for part in values.chunk_by(|a, b| a.0 / BLOCK_ROWS == b.0 / BLOCK_ROWS) {
            let rows = in_block(part.iter().map(|(row, _)| *row));
            let values: Vec<&Value> = part.iter().map(|(_, value)| *value).collect();
            write_block(column, kind, part[0].0 / BLOCK_ROWS, &rows, &values);
        }
    }
}

/// The values of one kind.
macro_rules! values_of {
    ($values:expr, $kind:ident) => {
        $values
            .iter()
            .filter_map(|value| {
                if let Value::$kind(value) = value {
                    Some(value.clone())
                } else {
                    None
                }
            })
            .collect::<Vec<_>>()
    };
}

fn write_block(
    column: &mut Column,
    kind: ColumnKind,
    block: usize,
    rows: &[u16],
    values: &[&Value],
) {
    match column {
        Column::Text(blocks) | Column::ExactText(blocks) => {
            let new = if kind == ColumnKind::Text {
                TextBlock::folding
            } else {
                TextBlock::exact
            };
            let texts = values_of!(values, Text);
            let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
            column::get_mut(blocks, block, new).write(rows, &texts);
        }
        Column::Number(blocks) => {
            column::get_mut(blocks, block, PlainBlock::default)
                .write(rows, &values_of!(values, Number));
        }
        Column::Date(blocks) => {
            column::get_mut(blocks, block, PlainBlock::default)
                .write(rows, &values_of!(values, Date));
        }
        Column::DateTime(blocks) => {
            column::get_mut(blocks, block, PlainBlock::default)
                .write(rows, &values_of!(values, DateTime));
        }
        Column::MultiSelectOne(blocks) => {
            column::get_mut(blocks, block, PlainBlock::default)
                .write(rows, &values_of!(values, One));
        }
        Column::Boolean(blocks) => {
            let codes: Vec<u16> = values_of!(values, Boolean)
                .into_iter()
                .map(u16::from)
                .collect();
            column::get_mut(blocks, block, OptionsBlock::default).write_one(rows, &codes);
        }
        Column::MultiSelectMany(blocks) => {
            let lists = values_of!(values, Many);
            let mut ends = Vec::new();
            for list in &lists {
                let end =
                    ends.last().copied().unwrap_or(0) + u32::try_from(list.len()).expect("few");
                ends.push(end);
            }
            column::get_mut(blocks, block, OptionsBlock::default).write(
                rows,
                &lists.concat(),
                &ends,
            );
        }
        Column::Identifiers(blocks) => {
            let lists = values_of!(values, Identifiers).into_iter().map(|list| {
                let identifier = |(kind, value): (String, String)| Identifier::new(&kind, &value);
                list.into_iter().map(identifier).collect()
            });
            column::get_mut(blocks, block, IdentifiersBlock::default).write(rows, lists.collect());
        }
    }
}
