//! Texts that are one of many.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::TextTest;
use super::probe::{PROBE_BYTES, first_bytes, last_bytes, retain_likely, unprobed_bits};
use crate::bitmap::Words;
use crate::column::Arena;
use crate::rule::selection::retain_by_row;
use crate::rule::sieve::Sieve;

/// Texts to be equal to, prepared once. A million of them are three allocations, so that letting go of them takes no time.
#[derive(Debug)]
pub(in crate::rule) struct TextSet {
    /// The texts one behind the other, each once.
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
    /// Numbers of texts by their hash.
    numbers: HashTable<u32>,
    hasher: FixedState,
    sieve: Sieve,
}

impl TextSet {
    /// Prepares texts, folded as the column's are; `None` when there is none.
    ///
    /// # Panics
    /// When there are more than a `u32` can number.
    pub(in crate::rule) fn new<T: AsRef<[u8]>>(texts: impl Iterator<Item = T>) -> Option<Self> {
        let mut set = Self {
            bytes: Vec::new(),
            ends: Vec::new(),
            numbers: HashTable::with_capacity(texts.size_hint().0),
            hasher: FixedState::default(),
            sieve: Sieve::new(std::iter::empty()),
        };
        for text in texts {
            set.insert(text.as_ref());
        }
        let all = 0..set.ends.len();
        set.sieve = Sieve::new(all.map(|number| {
            let text = text_at(&set.bytes, &set.ends, number);
            fingerprint(text, 0, text.len())
        }));
        (!set.ends.is_empty()).then_some(set)
    }

    fn insert(&mut self, text: &[u8]) {
        if self.matches(text) {
            return;
        }
        let number = u32::try_from(self.ends.len()).expect("texts are numbered by a u32");
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        let Self {
            bytes,
            ends,
            numbers,
            hasher,
            ..
        } = self;
        numbers.insert_unique(hasher.hash_one(text), number, |&number| {
            hasher.hash_one(text_at(bytes, ends, number as usize))
        });
    }
}

fn text_at<'a>(bytes: &'a [u8], ends: &[usize], number: usize) -> &'a [u8] {
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

impl TextTest for TextSet {
    fn matches(&self, text: &[u8]) -> bool {
        let is_it = |&number: &u32| text_at(&self.bytes, &self.ends, number as usize) == text;
        self.numbers
            .find(self.hasher.hash_one(text), is_it)
            .is_some()
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
