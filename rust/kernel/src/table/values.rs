//! Writing the values of a batch into columns.

use std::sync::Arc;

use super::placement::{Placement, Run};
use super::version::open;
use crate::batch::{BatchColumn, BatchValues, Texts};
use crate::column::{self, Blocks, Column, OptionsBlock, PlainBlock, PlainValue, TextBlock};
use crate::schema::{ColumnId, ColumnKind, builtin};

/// Writes and clears what a batch says of a column; makes the column when it is missing and gets a value.
///
/// # Panics
/// When the column holds another kind of values, which the schema rules out: a number belongs to one field for ever.
pub(super) fn write(place: &mut Option<Arc<Column>>, given: &BatchColumn, placement: &Placement) {
    if !given.rows.is_empty() {
        let column = open(place, kind_of(given));
        match (&given.values, column) {
            (BatchValues::Text(texts), column) => {
                write_texts(column, &given.rows, texts, placement);
            }
            (BatchValues::Number(values), Column::Number(blocks)) => {
                write_plain(blocks, &given.rows, values, placement);
            }
            (BatchValues::Date(values), Column::Date(blocks)) => {
                write_plain(blocks, &given.rows, values, placement);
            }
            (BatchValues::DateTime(values), Column::DateTime(blocks)) => {
                write_plain(blocks, &given.rows, values, placement);
            }
            (BatchValues::MultiSelectOne(codes), Column::MultiSelectOne(blocks)) => {
                write_plain(blocks, &given.rows, codes, placement);
            }
            (BatchValues::Boolean(values), Column::Boolean(blocks)) => {
                let codes: Vec<u16> = values.iter().map(|&value| value.into()).collect();
                write_one_option(blocks, &given.rows, &codes, placement);
            }
            (BatchValues::MultiSelectMany { codes, ends }, Column::MultiSelectMany(blocks)) => {
                write_options(blocks, &given.rows, codes, ends, placement);
            }
            (_, column) => panic!("column {} holds {:?}", given.column, column.kind()),
        }
    }
    if let Some(column) = place.as_mut().filter(|_| !given.cleared.is_empty()) {
        let column = Arc::make_mut(column);
        placement.for_each_run(&given.cleared, |run| column.clear_rows(run.block, run.rows));
    }
}

/// Writes texts, one for each batch row.
///
/// # Panics
/// When the column does not hold text.
pub(super) fn write_texts(column: &mut Column, rows: &[u32], texts: &Texts, placement: &Placement) {
    let kind = column.kind();
    let (blocks, new): (_, fn() -> TextBlock) = match column {
        Column::Text(blocks) => (blocks, TextBlock::folding),
        Column::ExactText(blocks) => (blocks, TextBlock::exact),
        _ => panic!("text for a column of {kind:?}"),
    };
    placement.for_each_run(rows, |run| {
        let of_run: Vec<&[u8]> = run
            .positions
            .iter()
            .map(|&i| texts.get(i as usize))
            .collect();
        column::get_mut(blocks, run.block, new).write(run.rows, &of_run);
    });
}

/// The kind of a text column that every account or a field has.
pub(super) fn text_kind(column: ColumnId) -> ColumnKind {
    match column {
        builtin::PROFILE_ID | builtin::PHONE | builtin::ALTERNATE_ID => ColumnKind::ExactText,
        _ => ColumnKind::Text,
    }
}

fn kind_of(given: &BatchColumn) -> ColumnKind {
    match given.values {
        BatchValues::Text(_) => text_kind(given.column),
        BatchValues::Number(_) => ColumnKind::Number,
        BatchValues::Boolean(_) => ColumnKind::Boolean,
        BatchValues::Date(_) => ColumnKind::Date,
        BatchValues::DateTime(_) => ColumnKind::DateTime,
        BatchValues::MultiSelectOne(_) => ColumnKind::MultiSelectOne,
        BatchValues::MultiSelectMany { .. } => ColumnKind::MultiSelectMany,
    }
}

fn write_plain<T: PlainValue>(
    blocks: &mut Blocks<PlainBlock<T>>,
    rows: &[u32],
    values: &[T],
    placement: &Placement,
) {
    let mut scratch = Vec::new();
    placement.for_each_run(rows, |run| {
        let block = column::get_mut(blocks, run.block, PlainBlock::default);
        block.write(run.rows, run.pick(values, &mut scratch));
    });
}

fn write_one_option(
    blocks: &mut Blocks<OptionsBlock>,
    rows: &[u32],
    codes: &[u16],
    placement: &Placement,
) {
    let mut scratch = Vec::new();
    placement.for_each_run(rows, |run| {
        let block = column::get_mut(blocks, run.block, OptionsBlock::default);
        block.write_one(run.rows, run.pick(codes, &mut scratch));
    });
}

fn write_options(
    blocks: &mut Blocks<OptionsBlock>,
    rows: &[u32],
    codes: &[u16],
    ends: &[u32],
    placement: &Placement,
) {
    placement.for_each_run(rows, |run| {
        let (of_run, ends) = options_of(&run, codes, ends);
        column::get_mut(blocks, run.block, OptionsBlock::default).write(run.rows, &of_run, &ends);
    });
}

/// The codes of a run's rows one behind the other, and the end of each row's.
fn options_of(run: &Run<'_>, codes: &[u16], ends: &[u32]) -> (Vec<u16>, Vec<u32>) {
    let mut of_run = Vec::with_capacity(codes.len());
    let mut new_ends = Vec::with_capacity(run.rows.len());
    let mut end = 0;
    for &position in run.positions {
        let position = position as usize;
        let start = if position == 0 { 0 } else { ends[position - 1] };
        of_run.extend_from_slice(&codes[start as usize..ends[position] as usize]);
        end += ends[position] - start;
        new_ends.push(end);
    }
    (of_run, new_ends)
}
