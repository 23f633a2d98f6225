//! One bit per row of a block.
//!
//! [`Words`] is the working form: 1,024 words, bit `row % 64` of word `row / 64`. [`RowSet`] is the stored form: the rows from 0 to some
//! row, a sorted array below [`SPARSE_MAX`] rows, or words.

mod iter;
mod ranked;
mod row_set;
#[cfg(test)]
mod tests;

pub use iter::{Rows, Runs};
pub use ranked::RankedRows;
pub(crate) use row_set::Form;
pub use row_set::RowSet;

use crate::column::BLOCK_ROWS;

/// Words of a block.
pub const BLOCK_WORDS: usize = BLOCK_ROWS / 64;

/// Rows from which a set of a block is stored as words. Words take at most twice the memory of an array there, are read 4 times as fast, and
/// take single rows in and out without moving others (`benches/columns.rs`).
pub const SPARSE_MAX: usize = BLOCK_ROWS / 32;

/// Rows below which words become an array again: half of [`SPARSE_MAX`], so that a set at the border does not go back and forth.
const DENSE_MIN: usize = SPARSE_MAX / 2;

/// One bit for each row of a block.
pub type Words = [u64; BLOCK_WORDS];

/// Number of rows set.
pub fn count(words: &Words) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// Place of a row: its word, and the word with only its bit.
fn place(row: u16) -> (usize, u64) {
    (usize::from(row >> 6), 1 << (row & 63))
}

/// A position below [`BLOCK_ROWS`] as a row.
#[expect(clippy::cast_possible_truncation, reason = "rows of a block fit")]
pub(crate) fn to_row(position: usize) -> u16 {
    debug_assert!(position < BLOCK_ROWS);
    position as u16
}
