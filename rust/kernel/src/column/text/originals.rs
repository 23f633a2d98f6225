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

    /// Adds a row above all others.
    pub(super) fn push(&mut self, row: u16, text: &[u8]) {
        self.rows.push(row);
        self.texts.push(text);
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
