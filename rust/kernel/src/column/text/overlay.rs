use std::ops::Range;

use super::arena::offset;
use super::push_folded;

/// Texts written after the base was built, by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlay {
    /// Ascending rows.
    entries: Vec<Entry>,
    /// Texts in order of writing, those that were replaced included.
    bytes: Vec<u8>,
}

/// A row's place: the folded text from `start` to `middle`, then the original to `end`; nothing there when it is the same.
#[derive(Debug, Clone, Copy)]
struct Entry {
    row: u16,
    differs: bool,
    start: u32,
    middle: u32,
    end: u32,
}

impl Overlay {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all texts written, those that were replaced included.
    pub(super) fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.bytes.capacity()
    }

    pub(super) fn last_row(&self) -> Option<u16> {
        self.entries.last().map(|entry| entry.row)
    }

    pub(super) fn folded(&self, row: u16) -> Option<&[u8]> {
        self.find(row).map(|entry| self.folded_of(entry))
    }

    pub(super) fn original(&self, row: u16) -> Option<&[u8]> {
        self.find(row).map(|entry| self.original_of(entry))
    }

    /// Its rows within a range, ascending.
    pub(super) fn rows_in(&self, rows: Range<usize>) -> impl Iterator<Item = u16> {
        let from = self
            .entries
            .partition_point(|entry| usize::from(entry.row) < rows.start);
        self.entries[from..]
            .iter()
            .map(|entry| entry.row)
            .take_while(move |&row| usize::from(row) < rows.end)
    }

    /// Ascending rows with their folded texts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.entries
            .iter()
            .map(|entry| (entry.row, self.folded_of(entry)))
    }

    /// Ascending rows with their folded and original texts.
    pub(super) fn iter_both(&self) -> impl Iterator<Item = (u16, &[u8], &[u8])> {
        self.entries
            .iter()
            .map(|entry| (entry.row, self.folded_of(entry), self.original_of(entry)))
    }

    /// Puts texts in, replacing those of the same rows. Rows ascend.
    ///
    /// # Cost
    /// The texts, and one pass over the entries behind the first of the rows.
    pub(super) fn write(&mut self, texts: &[(u16, &[u8])], folds: bool) {
        let Some(&(first, _)) = texts.first() else {
            return;
        };
        let from = self.entries.partition_point(|entry| entry.row < first);
        let behind = self.entries.split_off(from);
        let mut behind = behind.into_iter().peekable();
        for &(row, text) in texts {
            while let Some(before) = behind.next_if(|entry| entry.row < row) {
                self.entries.push(before);
            }
            behind.next_if(|entry| entry.row == row);
            let entry = self.push_text(row, text, folds);
            self.entries.push(entry);
        }
        self.entries.extend(behind);
    }

    fn push_text(&mut self, row: u16, text: &[u8], folds: bool) -> Entry {
        let start = offset(self.bytes.len());
        let differs = push_folded(text, folds, &mut self.bytes);
        let middle = offset(self.bytes.len());
        if differs {
            self.bytes.extend_from_slice(text);
        }
        Entry {
            row,
            differs,
            start,
            middle,
            end: offset(self.bytes.len()),
        }
    }

    fn find(&self, row: u16) -> Option<&Entry> {
        let position = self
            .entries
            .binary_search_by_key(&row, |entry| entry.row)
            .ok()?;
        Some(&self.entries[position])
    }

    fn folded_of(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.start as usize..entry.middle as usize]
    }

    fn original_of(&self, entry: &Entry) -> &[u8] {
        let start = if entry.differs {
            entry.middle
        } else {
            entry.start
        };
        &self.bytes[start as usize..entry.end as usize]
    }
}
