//! The values of some rows side by side: a small version in which row `i` is the `i`-th of them.
//!
//! A plan that is asked of ten thousand rows scattered over a million then reads ten thousand values one behind the other instead of
//! sixteen whole blocks, with the same vectorised predicates. The values are copied once for all plans.

use std::sync::Arc;

use rayon::prelude::*;

use crate::bitmap::to_row;
use crate::column::{
    self, BLOCK_ROWS, Blocks, Column, OptionsBlock, PlainBlock, PlainValue, TextBlock,
};
use crate::event;
use crate::schema::{ColumnId, builtin};
use crate::table::{RowId, Version, block_and_row};

/// Gathers some columns, the profile ids, and events of some types, of ascending rows.
pub(super) fn gathered(
    version: &Version,
    rows: &[RowId],
    columns: impl Iterator<Item = ColumnId>,
    event_types: &[u16],
) -> Version {
    let mut ids: Vec<ColumnId> = columns.chain([builtin::PROFILE_ID]).collect();
    ids.sort_unstable();
    ids.dedup();
    let columns = ids.into_par_iter().with_max_len(1);
    let columns = columns.filter_map(|id| Some((id, gather(version.column(id)?, rows)?)));
    let is_live: Vec<bool> = rows.iter().map(|&row| version.is_live(row)).collect();
    let events = event::gathered(version.events(), event_types, rows);
    Version::of_columns(columns.collect(), events, &is_live)
}

/// The values of rows of a column; `None` for a kind that no predicate reads.
fn gather(column: &Column, rows: &[RowId]) -> Option<Column> {
    Some(match column {
        Column::Text(blocks) => Column::Text(texts(blocks, rows, TextBlock::folding)),
        Column::ExactText(blocks) => Column::ExactText(texts(blocks, rows, TextBlock::exact)),
        Column::Number(blocks) => Column::Number(plain(blocks, rows)),
        Column::Boolean(blocks) => Column::Boolean(options(blocks, rows)),
        Column::Date(blocks) => Column::Date(plain(blocks, rows)),
        Column::DateTime(blocks) => Column::DateTime(plain(blocks, rows)),
        Column::MultiSelectOne(blocks) => Column::MultiSelectOne(plain(blocks, rows)),
        Column::MultiSelectMany(blocks) => Column::MultiSelectMany(options(blocks, rows)),
        Column::Identifiers(_) => return None,
    })
}

/// Makes a block for each block's worth of rows; `of` is given positions in the new block and the rows there.
fn blocks<B>(
    rows: &[RowId],
    of: impl Fn(&mut dyn Iterator<Item = (u16, RowId)>) -> B,
) -> Blocks<B> {
    let block = |rows: &[RowId]| {
        let mut rows = rows.iter().enumerate().map(|(i, &row)| (to_row(i), row));
        Some(Arc::new(of(&mut rows)))
    };
    rows.chunks(BLOCK_ROWS).map(block).collect()
}

fn plain<T: PlainValue>(from: &Blocks<PlainBlock<T>>, rows: &[RowId]) -> Blocks<PlainBlock<T>> {
    blocks(rows, |rows| {
        let (mut positions, mut values) = (Vec::new(), Vec::new());
        for (position, row) in rows {
            let (block, row) = block_and_row(row);
            if let Some(value) = column::get(from, block).and_then(|block| block.get(row)) {
                positions.push(position);
                values.push(value);
            }
        }
        let mut gathered = PlainBlock::default();
        gathered.write(&positions, &values);
        gathered
    })
}

fn texts(from: &Blocks<TextBlock>, rows: &[RowId], new: fn() -> TextBlock) -> Blocks<TextBlock> {
    blocks(rows, |rows| {
        let (mut positions, mut texts) = (Vec::new(), Vec::new());
        for (position, row) in rows {
            let (block, row) = block_and_row(row);
            if let Some(text) = column::get(from, block).and_then(|block| block.original(row)) {
                positions.push(position);
                texts.push(text);
            }
        }
        let mut gathered = new();
        gathered.write(&positions, &texts);
        gathered
    })
}

fn options(from: &Blocks<OptionsBlock>, rows: &[RowId]) -> Blocks<OptionsBlock> {
    blocks(rows, |rows| {
        let (mut positions, mut codes, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for (position, row) in rows {
            let (block, row) = block_and_row(row);
            let Some(block) = column::get(from, block) else {
                continue;
            };
            block.codes_into(row, &mut codes);
            positions.push(position);
            ends.push(u32::try_from(codes.len()).expect("blocks have fewer options than 2^32"));
        }
        let mut gathered = OptionsBlock::default();
        gathered.write(&positions, &codes, &ends);
        gathered
    })
}
