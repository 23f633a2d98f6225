use super::Arena;
use crate::bitmap::RankedRows;

/// Texts as they were given, where they differ from the folded ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Originals {
    rows: RankedRows,
    texts: Arena,
}

impl Originals {
    /// Takes stored parts as they are.
    pub(crate) fn from_parts(rows: RankedRows, texts: Arena) -> Self {
        Self { rows, texts }
    }

    /// The rows that differ.
    pub(crate) fn rows(&self) -> &RankedRows {
        &self.rows
    }

    /// Their texts in order of rows.
    pub(crate) fn texts(&self) -> &Arena {
        &self.texts
    }

    #[inline]
    pub(super) fn get(&self, row: u16) -> Option<&[u8]> {
        Some(self.texts.get(self.rows.rank(row)?))
    }

    /// Adds ascending rows without repeats, above all others, with their texts.
    pub(super) fn extend(&mut self, rows: &[u16], texts: &[&[u8]]) {
        self.rows.extend(rows);
        self.texts.extend(texts);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes() + self.texts.memory_bytes()
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.rows.memory_bytes() + self.texts.size_bytes()
    }

    pub(super) fn shrink(&mut self) {
        self.rows.shrink();
        self.texts.shrink();
    }
}
