//! One bit per row of a block.
//!
//! [`Words`] is the working form: 1,024 words, bit `row % 64` of word `row / 64`. [`RowSet`] is the stored form, of three kinds: nothing,
//! a sorted array below [`SPARSE_MAX`] rows, words above.

use crate::column::BLOCK_ROWS;

/// Words of a block.
pub const BLOCK_WORDS: usize = BLOCK_ROWS / 64;

/// Rows from which a set of a block is stored as words: half the size at which both forms take the same memory.
pub const SPARSE_MAX: usize = 4_096;

/// One bit for each row of a block.
pub type Words = [u64; BLOCK_WORDS];

// CONTRACT of RowSet (the author fills it in and may add to it):
//   fn len(&self) -> usize; fn is_empty; fn contains(row: u16) -> bool; fn insert(row) -> bool; fn remove(row) -> bool
//   fn iter(&self) -> impl Iterator<Item = u16>            ascending
//   fn or_into(&self, words: &mut Words); fn and_into(&self, words: &mut Words); fn and_not_into(&self, words: &mut Words)
//   fn from_words(&Words) -> Self; fn full(n_rows: usize) -> Self
