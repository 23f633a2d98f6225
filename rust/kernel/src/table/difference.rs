//! Two versions of one table compared, column by column and block by block.

use std::collections::BTreeSet;

use super::RowId;
use super::placement::block_and_row;
use super::version::Version;
use crate::bitmap::{BLOCK_WORDS, RowSet, Words};
use crate::column::Column;
use crate::schema::ColumnId;

/// Ascending rows as sets, one for each block that has some of them.
pub(super) fn by_block(rows: &[RowId]) -> Vec<(usize, RowSet)> {
    let block_of = |row: RowId| block_and_row(row).0;
    let blocks = rows.chunk_by(|a, b| block_of(*a) == block_of(*b));
    let set_of = |rows: &[RowId]| {
        let of_block: Vec<u16> = rows.iter().map(|&row| block_and_row(row).1).collect();
        (block_of(rows[0]), RowSet::from_sorted(&of_block))
    };
    blocks.map(set_of).collect()
}

/// Columns that one of some versions has, ascending.
pub(super) fn columns_of_any(versions: &[&Version]) -> Vec<ColumnId> {
    let ids = versions
        .iter()
        .flat_map(|version| version.columns.iter().map(|(id, _)| id));
    ids.collect::<BTreeSet<ColumnId>>().into_iter().collect()
}

/// The rows among `within` of a block that differ in a column.
///
/// # Cost
/// Nothing where both versions share the block, which is the rule; else the values of the rows.
pub(super) fn differing(
    one: &Version,
    other: &Version,
    column: ColumnId,
    block: usize,
    within: &Words,
) -> RowSet {
    let nothing = |like: &Column| Column::new(like.kind());
    match (one.columns.get(column), other.columns.get(column)) {
        (None, None) => RowSet::new(),
        (Some(one), None) => one.differing(&nothing(one), block, within),
        (None, Some(other)) => nothing(other).differing(other, block, within),
        (Some(one), Some(other)) => one.differing(other, block, within),
    }
}

/// The rows of a block that are live in a version.
pub(super) fn live_words(version: &Version, block: usize) -> Words {
    let live = version.live.get(block);
    live.map_or([0; BLOCK_WORDS], |live| live.to_words())
}

/// The words that a function makes of the words of several sets.
pub(super) fn combined<const N: usize>(sets: [&Words; N], one: impl Fn([u64; N]) -> u64) -> Words {
    std::array::from_fn(|word| one(sets.map(|set| set[word])))
}
