//! Building a base anew from the old one and an overlay.

use super::{Arena, DictionaryText, Originals, Overlay, PlainText, TextBase};
use crate::bitmap::{RankedRows, RowSet, Runs, Words};
use crate::column::BLOCK_ROWS;

/// The texts of a block's first `len` rows as one base; absent rows leave nothing in it.
///
/// A dictionary stays one while its texts are few. A full block becomes one when they have become few.
pub(super) fn merged(
    base: &TextBase,
    overlay: &Overlay,
    presence: &RowSet,
    len: usize,
) -> TextBase {
    if presence.is_empty() {
        return TextBase::default();
    }
    let plain = match base {
        TextBase::Plain(plain) => merged_plain(plain, overlay, presence, len),
        TextBase::Dictionary(dictionary) => {
            let changes = overlay
                .iter_both()
                .filter(|(row, ..)| presence.contains(*row));
            if let Some(merged) = dictionary.changed(changes, presence, len) {
                return TextBase::Dictionary(merged);
            }
            merged_plain(&dictionary.to_plain(), overlay, presence, len)
        }
    };
    let is_settled = len == BLOCK_ROWS || matches!(base, TextBase::Dictionary(_));
    let dictionary = if is_settled {
        DictionaryText::from_plain(&plain, presence)
    } else {
        None
    };
    dictionary.map_or(TextBase::Plain(plain), TextBase::Dictionary)
}

fn merged_plain(base: &PlainText, overlay: &Overlay, presence: &RowSet, len: usize) -> PlainText {
    let mut kept = presence.to_words();
    for (row, _) in overlay.iter() {
        kept[usize::from(row >> 6)] &= !(1 << (row & 63));
    }
    let texts = merged_texts(base.texts(), overlay, presence, &kept, len);
    let originals = merged_originals(&base.originals, overlay, presence, &kept);
    PlainText { texts, originals }
}

/// Runs of kept rows from the base, with the overlay's texts between them.
fn merged_texts(
    base: &Arena,
    overlay: &Overlay,
    presence: &RowSet,
    kept: &Words,
    len: usize,
) -> Arena {
    let mut texts = Arena::default();
    texts.reserve(len, base.bytes().len() + overlay.size_bytes());
    let mut changed = overlay
        .iter()
        .filter(|(row, _)| presence.contains(*row))
        .peekable();
    let mut fill = |texts: &mut Arena, end: usize| {
        while let Some((row, text)) = changed.next_if(|(row, _)| usize::from(*row) < end) {
            texts.pad(usize::from(row));
            texts.push(text);
        }
        texts.pad(end);
    };
    for run in Runs::new(kept) {
        fill(&mut texts, run.start);
        texts.extend_from(base, run);
    }
    fill(&mut texts, len);
    texts.shrink();
    texts
}

/// Runs of kept rows from the base, whose texts follow each other there too, with the overlay's between them.
fn merged_originals(
    base: &Originals,
    overlay: &Overlay,
    presence: &RowSet,
    kept: &Words,
) -> Originals {
    let is_changed = |(row, folded, original): &(u16, &[u8], &[u8])| {
        presence.contains(*row) && folded != original
    };
    let mut rows = base.rows().rows().to_words();
    rows.iter_mut()
        .zip(kept)
        .for_each(|(word, kept)| *word &= kept);
    for (row, ..) in overlay.iter_both().filter(is_changed) {
        rows[usize::from(row >> 6)] |= 1 << (row & 63);
    }
    let mut texts = Arena::default();
    texts.reserve(
        base.texts().len() + overlay.len(),
        base.texts().bytes().len() + overlay.size_bytes(),
    );
    let mut changed = overlay.iter_both().filter(is_changed).peekable();
    for run in Runs::new(kept) {
        while let Some((_, _, text)) = changed.next_if(|(row, ..)| usize::from(*row) < run.start) {
            texts.push(text);
        }
        let ranks = base.rows().rank_below(run.start)..base.rows().rank_below(run.end);
        texts.extend_from(base.texts(), ranks);
    }
    changed.for_each(|(_, _, text)| texts.push(text));
    texts.shrink();
    Originals::from_parts(RankedRows::from_words(&rows), texts)
}
