use super::{Form, RowSet, Words, place, to_row};
use crate::buffer::Buffer;

/// A set of rows that grows at its end and knows the position of each row among its rows.
#[derive(Debug, Clone, Default)]
pub struct RankedRows {
    rows: RowSet,
    /// Rows before each word, up to the word of the last row.
    ranks: Buffer<u16>,
}

impl RankedRows {
    /// The rows whose bit is set.
    pub fn from_words(words: &Words) -> Self {
        let last = words.iter().rposition(|&word| word != 0);
        let mut before = 0;
        let ranks = words[..last.map_or(0, |last| last + 1)].iter().map(|word| {
            let rank = to_row(before);
            before += word.count_ones() as usize;
            rank
        });
        let ranks: Vec<u16> = ranks.collect();
        Self {
            rows: RowSet::from_words(words),
            ranks: ranks.into(),
        }
    }

    /// Takes stored parts as they are.
    pub(crate) fn from_parts(rows: RowSet, ranks: Buffer<u16>) -> Self {
        Self { rows, ranks }
    }

    /// The rows.
    pub fn rows(&self) -> &RowSet {
        &self.rows
    }

    /// Rows before each word, up to the word of the last row.
    pub(crate) fn ranks(&self) -> &[u16] {
        &self.ranks
    }

    /// Adds ascending rows without repeats, above all others.
    pub fn extend(&mut self, rows: &[u16]) {
        let ranks = self.ranks.make_mut();
        for (before, &row) in (self.rows.len()..).zip(rows) {
            let (word, _) = place(row);
            if ranks.len() <= word {
                ranks.resize(word + 1, to_row(before));
            }
        }
        self.rows.insert_sorted(rows);
    }

    /// Position of a row among the rows; `None` when it is not one of them.
    #[inline]
    pub fn rank(&self, row: u16) -> Option<usize> {
        match self.rows.form() {
            Form::Sparse(rows) => rows.binary_search(&row).ok(),
            _ => self
                .rows
                .contains(row)
                .then(|| self.rank_below(usize::from(row))),
        }
    }

    /// Number of rows below a row.
    pub fn rank_below(&self, row: usize) -> usize {
        match self.rows.form() {
            Form::Prefix(len) => row.min(*len as usize),
            Form::Sparse(rows) => rows.partition_point(|&other| usize::from(other) < row),
            Form::Dense { words, .. } => match self.ranks.get(row / 64) {
                Some(&before) => {
                    let below = words[row / 64] & ((1 << (row % 64)) - 1);
                    usize::from(before) + below.count_ones() as usize
                }
                None => self.rows.len(),
            },
        }
    }

    /// Heap bytes.
    pub fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes() + self.ranks.memory_bytes()
    }

    /// Gives spare heap memory back.
    pub fn shrink(&mut self) {
        self.rows.shrink();
        self.ranks.shrink();
    }
}
