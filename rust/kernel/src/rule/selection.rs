//! The rows that satisfy a plan.

use crate::bitmap::Words;
use crate::column::BLOCK_ROWS;
use crate::table::RowId;

/// Rows of a version: one bit a row, block by block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Bits of each block; `None` is a block without a row.
    pub blocks: Vec<Option<Box<Words>>>,
}

impl Selection {
    /// Number of rows. One pass over the words.
    pub fn len(&self) -> usize {
        self.blocks.iter().flatten().map(|words| count(words)).sum()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.blocks
            .iter()
            .flatten()
            .all(|words| words.iter().all(|&word| word == 0))
    }

    /// Whether a row is among them.
    pub fn contains(&self, row: RowId) -> bool {
        let row = row as usize;
        self.blocks
            .get(row / BLOCK_ROWS)
            .and_then(Option::as_ref)
            .is_some_and(|words| {
                let in_block = row % BLOCK_ROWS;
                words[in_block / 64] >> (in_block % 64) & 1 == 1
            })
    }

    /// Rows, ascending.
    ///
    /// # Panics
    /// When there are more blocks than rows can be numbered.
    pub fn iter(&self) -> impl Iterator<Item = RowId> + '_ {
        self.blocks.iter().enumerate().flat_map(|(block, words)| {
            let first = RowId::try_from(block * BLOCK_ROWS).expect("rows are numbered by a u32");
            words
                .iter()
                .flat_map(|words| rows(words.as_slice()))
                .map(move |row| first + row)
        })
    }
}

/// Number of rows in a block's words.
pub(super) fn count(words: &Words) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// Rows of a block's words, ascending.
pub(super) fn rows(words: &[u64]) -> impl Iterator<Item = u32> + '_ {
    words
        .iter()
        .zip((0..).step_by(64))
        .flat_map(|(&word, first)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(first + bit)
            })
        })
}

/// Keeps the bits of rows for which a question is answered with yes, asking only those that are set.
pub(super) fn retain_by_row(words: &mut [u64], holds: impl Fn(usize) -> bool) {
    for (word, first) in words.iter_mut().zip((0..).step_by(64)) {
        let mut left = *word;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            *word &= !(u64::from(!holds(first + bit)) << bit);
        }
    }
}

/// Keeps the bits of rows whose value passes; rows behind the last value lose theirs, words that are empty already are not looked at.
///
/// What stands where a value is absent may be asked about: the caller has taken those rows out.
#[inline]
pub(super) fn retain_values<T: Copy>(values: &[T], words: &mut [u64], passes: impl Fn(T) -> bool) {
    let mut chunks = values.chunks(64);
    for word in words {
        let chunk = chunks.next().unwrap_or_default();
        if *word != 0 {
            *word &= chunk.iter().zip(0..).fold(0, |mask, (&value, bit)| {
                mask | u64::from(passes(value)) << bit
            });
        }
    }
}
