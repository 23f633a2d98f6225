//! Building a base anew from the old one and an overlay.

use super::dictionary::Distinct;
use super::{Arena, DictionaryText, Originals, Overlay, PlainText, TextBase};
use crate::bitmap::{RowSet, Runs, Words};
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
            if let Some(merged) = merged_dictionary(dictionary, overlay, presence, len) {
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

/// `None` when there are too many distinct texts.
fn merged_dictionary(
    dictionary: &DictionaryText,
    overlay: &Overlay,
    presence: &RowSet,
    len: usize,
) -> Option<DictionaryText> {
    let mut distinct = Distinct::of(dictionary);
    let mut codes = vec![0; len];
    for run in Runs::new(&presence.to_words()) {
        let stored = dictionary.codes().get(run.start..).unwrap_or(&[]);
        let stored = &stored[..run.len().min(stored.len())];
        codes[run.start..run.start + stored.len()].copy_from_slice(stored);
    }
    for (row, folded, original) in overlay.iter_both() {
        if presence.contains(row) {
            codes[usize::from(row)] = distinct.code(original, || folded)?;
        }
    }
    let Distinct {
        values, originals, ..
    } = distinct;
    Some(DictionaryText {
        codes: codes.into(),
        values,
        originals,
    })
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

fn merged_originals(
    base: &Originals,
    overlay: &Overlay,
    presence: &RowSet,
    kept: &Words,
) -> Originals {
    let mut originals = Originals::default();
    let mut changed = overlay
        .iter_both()
        .filter(|(row, folded, original)| presence.contains(*row) && folded != original)
        .map(|(row, _, original)| (row, original))
        .peekable();
    for (row, text) in base.iter() {
        while let Some((row, text)) = changed.next_if(|other| other.0 < row) {
            originals.push(row, text);
        }
        if kept[usize::from(row >> 6)] & (1 << (row & 63)) != 0 {
            originals.push(row, text);
        }
    }
    for (row, text) in changed {
        originals.push(row, text);
    }
    originals.shrink();
    originals
}
