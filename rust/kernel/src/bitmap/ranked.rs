use super::{Form, RowSet, place, to_row};
use crate::buffer::Buffer;

/// A set of rows that grows at its end and knows the position of each row among its rows.
#[derive(Debug, Clone, Default)]
pub struct RankedRows {
    rows: RowSet,
    /// Rows before each word, up to the word of the last row.
    ranks: Buffer<u16>,
}

impl RankedRows {
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

    /// Adds a row above all others.
    pub fn push(&mut self, row: u16) {
        let (word, _) = place(row);
        if self.ranks.len() <= word {
            let before = to_row(self.rows.len());
            self.ranks.make_mut().resize(word + 1, before);
        }
        self.rows.insert_sorted(&[row]);
    }

    /// Number of rows below a row of the set; `None` when the row is not in it.
    pub fn rank(&self, row: u16) -> Option<usize> {
        match self.rows.form() {
            Form::Prefix(len) => (u32::from(row) < *len).then_some(usize::from(row)),
            Form::Sparse(rows) => rows.binary_search(&row).ok(),
            Form::Dense { words, .. } => {
                let (word, bit) = place(row);
                let before = usize::from(*self.ranks.get(word)?);
                let below = (words[word] & (bit - 1)).count_ones() as usize;
                (words[word] & bit != 0).then_some(before + below)
            }
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
