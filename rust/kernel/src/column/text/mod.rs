//! Text of a block: an immutable base in row order that is fast to search, and a small overlay of later writes.

mod arena;
mod base;
mod dictionary;
mod originals;
mod overlay;
mod rebuild;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

pub use arena::Arena;
pub use base::{PlainText, TextBase};
pub use dictionary::DictionaryText;
pub(crate) use originals::Originals;
use overlay::Overlay;

use super::{BLOCK_ROWS, Block};
use crate::bitmap::RowSet;
use crate::fold;

/// Rows an overlay holds before the base is built anew: 3 % of a block. At 1 % a search is not slower than without an overlay, and a
/// rebuild of 0.2 ms is spread over 2,048 writes (measured, see `benches/columns.rs`).
const OVERLAY_MAX_ROWS: usize = BLOCK_ROWS / 32;

/// Bytes an overlay holds, replaced texts included, before the base is built anew: bounds what a copy of a block costs.
const OVERLAY_MAX_BYTES: usize = 1 << 20;

/// Text of a block.
///
/// Reading goes to [`base`](Self::base) except for the rows of [`overlay`](Self::overlay); rows outside of
/// [`presence`](Self::presence) are absent whatever base and overlay hold there.
///
/// # Cost
/// A clone copies the overlay and shares the base. Rows behind the last go straight into the base.
#[derive(Debug, Clone)]
pub struct TextBlock {
    base: Arc<TextBase>,
    overlay: Overlay,
    presence: RowSet,
    /// Rows that became absent since the base was built, whose texts it may still hold.
    n_stale: usize,
    folds: bool,
}

impl TextBlock {
    /// A block of text that is compared without regard to case.
    pub fn folding() -> Self {
        Self::from_parts(TextBase::default(), RowSet::new(), true)
    }

    /// A block of text that is compared as it is.
    pub fn exact() -> Self {
        Self::from_parts(TextBase::default(), RowSet::new(), false)
    }

    /// Takes stored parts as they are.
    pub(crate) fn from_parts(base: TextBase, presence: RowSet, folds: bool) -> Self {
        Self {
            base: Arc::new(base),
            overlay: Overlay::default(),
            presence,
            n_stale: 0,
            folds,
        }
    }

    /// Rows up to the last that has or had a text.
    pub fn len(&self) -> usize {
        self.base.len().max(
            self.overlay
                .last_row()
                .map_or(0, |row| usize::from(row) + 1),
        )
    }

    /// Whether no row has or had a text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a row as it was given.
    pub fn get(&self, row: u16) -> Option<&str> {
        std::str::from_utf8(self.original(row)?).ok()
    }

    /// The bytes of [`get`](Self::get), unchecked.
    pub fn original(&self, row: u16) -> Option<&[u8]> {
        if !self.presence.contains(row) {
            return None;
        }
        Some(
            self.overlay
                .original(row)
                .unwrap_or_else(|| self.base.original(row)),
        )
    }

    /// The text of a row as it is compared: folded, or as it was given when the column is exact.
    pub fn folded(&self, row: u16) -> Option<&[u8]> {
        if !self.presence.contains(row) {
            return None;
        }
        Some(
            self.overlay
                .folded(row)
                .unwrap_or_else(|| self.base.folded(row)),
        )
    }

    /// What a search reads. Out of date for rows of the overlay and for rows outside of the presence.
    pub fn base(&self) -> &TextBase {
        &self.base
    }

    /// Ascending rows that replace those of the base: the text as it is compared, `None` when the row is absent.
    pub fn overlay(&self) -> impl Iterator<Item = (u16, Option<&[u8]>)> {
        self.overlay
            .iter()
            .map(|(row, text)| (row, self.presence.contains(row).then_some(text)))
    }

    /// Rows within a range for which the base is out of date, ascending.
    pub(crate) fn overlaid(&self, rows: Range<usize>) -> impl Iterator<Item = u16> {
        self.overlay.rows_in(rows)
    }

    /// Ascending rows for which the base is out of date in this block or another, when both have the same base; else `None`.
    pub(crate) fn overlaid_in_either(&self, other: &Self) -> Option<Vec<u16>> {
        if !Arc::ptr_eq(&self.base, &other.base) {
            return None;
        }
        let overlays = [self, other].into_iter();
        let mut rows: Vec<u16> = overlays.flat_map(|it| it.overlaid(0..BLOCK_ROWS)).collect();
        rows.sort_unstable();
        rows.dedup();
        Some(rows)
    }

    /// Rows with a text, overlay included.
    pub fn presence(&self) -> &RowSet {
        &self.presence
    }

    /// Whether the text is compared without regard to case.
    pub(crate) fn folds(&self) -> bool {
        self.folds
    }

    /// The same block without an overlay and without anything left of absent rows.
    pub(crate) fn merged(&self) -> Cow<'_, Self> {
        if self.is_merged() {
            return Cow::Borrowed(self);
        }
        let mut merged = self.clone();
        merged.rebuild();
        Cow::Owned(merged)
    }

    /// Gives texts to ascending rows without repeats, one each. Rows that have that very text already cost nothing more.
    ///
    /// # Panics
    /// When the texts of the block together pass 4 GiB.
    pub fn write(&mut self, rows: &[u16], texts: &[&[u8]]) {
        let appended_from = match &*self.base {
            TextBase::Plain(base) => rows.partition_point(|&row| usize::from(row) < base.len()),
            TextBase::Dictionary(_) => rows.len(),
        };
        let changed: Vec<(u16, &[u8])> = rows[..appended_from]
            .iter()
            .zip(texts)
            .map(|(&row, &text)| (row, text))
            .filter(|&(row, text)| self.original(row) != Some(text))
            .collect();
        self.overlay.write(&changed, self.folds);
        self.append(&rows[appended_from..], &texts[appended_from..]);
        self.presence.insert_sorted(rows);
        self.rebuild_when_large();
        if appended_from < rows.len() && self.base.len() == BLOCK_ROWS {
            self.seal();
        }
    }

    fn append(&mut self, rows: &[u16], texts: &[&[u8]]) {
        if rows.is_empty() {
            return;
        }
        if let TextBase::Plain(base) = Arc::make_mut(&mut self.base) {
            let (mut rows, mut texts) = (rows, texts);
            while let Some(&first) = rows.first() {
                let first = usize::from(first);
                let follows = |(row, expected): &(&u16, usize)| usize::from(**row) == *expected;
                let gapless = rows.iter().zip(first..).take_while(follows).count();
                base.pad(first);
                base.extend(&texts[..gapless], self.folds);
                (rows, texts) = (&rows[gapless..], &texts[gapless..]);
            }
        }
    }

    fn rebuild(&mut self) {
        self.base = Arc::new(rebuild::merged(
            &self.base,
            &self.overlay,
            &self.presence,
            self.len(),
        ));
        self.overlay = Overlay::default();
        self.n_stale = 0;
    }

    fn is_merged(&self) -> bool {
        self.overlay.is_empty() && self.n_stale == 0
    }

    fn rebuild_when_large(&mut self) {
        let n_changed = self.overlay.len() + self.n_stale;
        if n_changed > OVERLAY_MAX_ROWS || self.overlay.size_bytes() > OVERLAY_MAX_BYTES {
            self.rebuild();
        }
    }
}

impl Block for TextBlock {
    fn presence(&self) -> &RowSet {
        &self.presence
    }

    fn clear(&mut self, rows: &[u16]) {
        let before = self.presence.len();
        self.presence.remove_sorted(rows);
        self.n_stale += before - self.presence.len();
        self.rebuild_when_large();
    }

    fn erase(&mut self, rows: &[u16]) {
        self.clear(rows);
        self.rebuild();
    }

    fn seal(&mut self) {
        if !self.is_merged() {
            self.rebuild();
        }
        if let TextBase::Plain(plain) = &*self.base {
            let dictionary = DictionaryText::from_plain(plain, &self.presence);
            match dictionary {
                Some(dictionary) => self.base = Arc::new(TextBase::Dictionary(dictionary)),
                None => Arc::make_mut(&mut self.base).shrink(),
            }
        }
        self.presence.shrink();
    }

    fn memory_bytes(&self) -> usize {
        size_of::<TextBase>()
            + self.base.memory_bytes()
            + self.overlay.memory_bytes()
            + self.presence.memory_bytes()
    }
}

/// Appends a text as it is compared; answers whether that differs from the text given.
fn push_folded(text: &[u8], folds: bool, bytes: &mut Vec<u8>) -> bool {
    let start = bytes.len();
    if !folds {
        bytes.extend_from_slice(text);
        return false;
    }
    let other = if text.is_ascii() {
        None
    } else {
        std::str::from_utf8(text).ok()
    };
    match other {
        Some(text) => fold::fold_into(text, bytes),
        None => bytes.extend(text.iter().map(u8::to_ascii_lowercase)),
    }
    bytes[start..] != *text
}
