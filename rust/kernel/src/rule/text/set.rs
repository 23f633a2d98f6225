//! Texts that are one of many.

use std::collections::HashSet;

use foldhash::fast::FixedState;

use super::TextTest;
use super::probe::{PROBE_BYTES, first_bytes, last_bytes, retain_likely, unprobed_bits};
use crate::bitmap::Words;
use crate::column::Arena;
use crate::rule::selection::retain_by_row;
use crate::rule::sieve::Sieve;

/// Texts to be equal to, prepared once.
#[derive(Debug)]
pub(in crate::rule) struct TextSet {
    texts: HashSet<Vec<u8>, FixedState>,
    sieve: Sieve,
}

impl TextSet {
    /// Prepares texts, folded as the column's are; `None` when there is none.
    pub(in crate::rule) fn new(texts: impl Iterator<Item = Vec<u8>>) -> Option<Self> {
        let texts: HashSet<_, FixedState> = texts.collect();
        let sieve = Sieve::new(texts.iter().map(|text| fingerprint(text, 0, text.len())));
        (!texts.is_empty()).then_some(Self { texts, sieve })
    }
}

impl TextTest for TextSet {
    fn matches(&self, text: &[u8]) -> bool {
        self.texts.contains(text)
    }

    /// # Cost
    /// About two nanoseconds a row, plus one look-up for each row that passes the sieve.
    fn retain_in_arena(&self, texts: &Arena, words: &mut Words) {
        let bytes = texts.bytes();
        retain_likely(texts, words, |start, end| {
            self.sieve.passes(fingerprint(bytes, start, end))
        });
        retain_by_row(words, |row| self.matches(texts.get(row)));
    }
}

/// A number that equal texts have alike: made of the length and at most eight bytes at each end.
#[inline]
fn fingerprint(bytes: &[u8], start: usize, end: usize) -> u64 {
    let len = end.saturating_sub(start);
    let unread = unprobed_bits(len.min(PROBE_BYTES));
    let first = first_bytes(bytes, start) & u64::MAX.checked_shr(unread).unwrap_or(0);
    let last = last_bytes(bytes, end) & u64::MAX.checked_shl(unread).unwrap_or(0);
    (first ^ last.rotate_left(29)).wrapping_mul(0xFF51_AFD7_ED55_8CCD) ^ (len as u64) << 32
}
