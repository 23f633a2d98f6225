//! A stretch of a block's rows: what encoders work through at a time.

use std::ops::Range;

use crate::bitmap::{Form, RowSet};

/// Rows of a window: the bits of a column's window stay in the nearest cache, and opening one costs little beside its rows.
pub(super) const WINDOW_ROWS: usize = 4_096;

/// Words of a window.
const WINDOW_WORDS: usize = WINDOW_ROWS / 64;

/// Windows of a block.
pub(super) const BLOCK_WINDOWS: usize = crate::column::BLOCK_ROWS / WINDOW_ROWS;

/// One bit for each row of a window.
#[derive(Clone)]
pub(super) struct Bits([u64; WINDOW_WORDS]);

impl Bits {
    /// No row.
    pub(super) const EMPTY: Self = Self([0; WINDOW_WORDS]);

    /// The rows of a set that lie in a window of its block.
    pub(super) fn of(set: &RowSet, window: usize) -> Self {
        Self::of_part(set, window, &(0..WINDOW_ROWS))
    }

    /// At least those rows of a set that lie in a part of a window of its block, in positions of the window.
    pub(super) fn of_part(set: &RowSet, window: usize, part: &Range<usize>) -> Self {
        let start = window * WINDOW_ROWS;
        let mut bits = Self::EMPTY;
        match set.form() {
            Form::Prefix(len) => bits.fill((*len as usize).saturating_sub(start)),
            Form::Sparse(rows) => {
                let first = rows.partition_point(|&row| usize::from(row) < start + part.start);
                let in_part = rows[first..]
                    .iter()
                    .take_while(|&&row| usize::from(row) < start + part.end);
                bits = Self::of_rows(in_part.copied());
            }
            Form::Dense { words, .. } => {
                let first = window * WINDOW_WORDS;
                bits.0.copy_from_slice(&words[first..first + WINDOW_WORDS]);
            }
        }
        bits
    }

    /// Rows that all lie in one window.
    pub(super) fn of_rows(rows: impl Iterator<Item = u16>) -> Self {
        let mut bits = Self::EMPTY;
        for row in rows {
            let (word, bit) = place(row);
            bits.0[word] |= bit;
        }
        bits
    }

    fn fill(&mut self, n_rows: usize) {
        let n_rows = n_rows.min(WINDOW_ROWS);
        self.0[..n_rows / 64].fill(u64::MAX);
        if !n_rows.is_multiple_of(64) {
            self.0[n_rows / 64] = (1 << (n_rows % 64)) - 1;
        }
    }

    /// Drops the rows below one of this window.
    pub(super) fn drop_below(&mut self, row: u16) {
        let (word, bit) = place(row);
        self.0[..word].fill(0);
        self.0[word] &= !(bit - 1);
    }

    /// Drops a row of this window and those above it.
    pub(super) fn drop_from(&mut self, row: u16) {
        let (word, bit) = place(row);
        self.0[word] &= bit - 1;
        self.0[word + 1..].fill(0);
    }

    /// Drops the rows of others.
    pub(super) fn drop_all(&mut self, others: &Self) {
        let words = self.0.iter_mut().zip(&others.0);
        words.for_each(|(word, other)| *word &= !other);
    }

    /// The rows that others have too.
    pub(super) fn common(&self, others: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & others.0[word]))
    }

    /// Adds the rows of others.
    pub(super) fn add_all(&mut self, others: &Self) {
        let words = self.0.iter_mut().zip(&others.0);
        words.for_each(|(word, other)| *word |= other);
    }

    /// Number of rows that others have too.
    pub(super) fn count_common(&self, others: &Self) -> usize {
        let common = |(word, other): (&u64, &u64)| (word & other).count_ones() as usize;
        self.0.iter().zip(&others.0).map(common).sum()
    }

    /// Positions from the first row to the last; none when there is no row.
    pub(super) fn span(&self) -> Range<usize> {
        let is_used = |word: &u64| *word != 0;
        let words = self
            .0
            .iter()
            .position(is_used)
            .zip(self.0.iter().rposition(is_used));
        words.map_or(0..0, |(first, last)| {
            let (before, behind) = (self.0[first].trailing_zeros(), self.0[last].leading_zeros());
            64 * first + before as usize..64 * (last + 1) - behind as usize
        })
    }

    /// Whether there is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// Whether a row of this window is set.
    #[inline]
    pub(super) fn has(&self, row: u16) -> bool {
        let (word, bit) = place(row);
        self.0[word] & bit != 0
    }

    /// Rows in a window, ascending, as rows of the block.
    pub(super) fn rows(&self, window: usize) -> impl Iterator<Item = u16> + '_ {
        let start = window * WINDOW_ROWS;
        self.0.iter().enumerate().flat_map(move |(word, &bits)| {
            let mut rest = bits;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                u16::try_from(start + word * 64 + bit).ok()
            })
        })
    }
}

/// Place of a row in its window: its word, and the word with only its bit.
#[inline]
fn place(row: u16) -> (usize, u64) {
    (usize::from(row >> 6) % WINDOW_WORDS, 1 << (row & 63))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn windows_hold_the_rows_of_every_form_of_set(
            rows in proptest::collection::btree_set(any::<u16>(), 0..6_000),
            prefix in 0..=65_536_usize,
        ) {
            let rows: Vec<u16> = rows.into_iter().collect();
            for set in [RowSet::from_sorted(&rows), RowSet::full(prefix)] {
                let all: Vec<u16> = set.iter().collect();
                let by_window: Vec<u16> = (0..BLOCK_WINDOWS)
                    .flat_map(|window| Bits::of(&set, window).rows(window).collect::<Vec<_>>())
                    .collect();
                prop_assert_eq!(by_window, all);
            }
        }

        #[test]
        fn rows_below_a_row_are_dropped(prefix in 0..=WINDOW_ROWS, row in 0..4_096_u16) {
            let mut bits = Bits::of(&RowSet::full(prefix), 0);
            bits.drop_below(row);
            prop_assert_eq!(bits.rows(0).count(), prefix.saturating_sub(usize::from(row)));
            prop_assert_eq!(bits.is_empty(), prefix <= usize::from(row));
            prop_assert!(row == 0 || !bits.has(row - 1));
            prop_assert_eq!(bits.span(), if bits.is_empty() { 0..0 } else { usize::from(row)..prefix });
        }

        #[test]
        fn rows_from_a_row_on_are_dropped(prefix in 0..=WINDOW_ROWS, row in 0..4_096_u16) {
            let mut bits = Bits::of(&RowSet::full(prefix), 0);
            bits.drop_from(row);
            prop_assert_eq!(bits.rows(0).count(), prefix.min(usize::from(row)));
            prop_assert!(!bits.has(row));
        }
    }
}
