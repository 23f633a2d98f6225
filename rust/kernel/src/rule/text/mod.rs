//! Values that hold a text.
//!
//! Stored texts and operands are folded alike, so that comparing bytes is comparing without regard to case.

mod anywhere;
mod probe;
#[cfg(test)]
mod tests;

use memchr::memmem::Finder;

use crate::bitmap::{Words, count};
use crate::column::{Arena, DictionaryText, TextBase, TextBlock};

use super::codes::CodeSet;

/// How much dearer a byte of text is than a byte of numbers, about: for the order of comparisons only.
const TEXT_COST: usize = 4;

/// Where in a text another one is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The texts are equal.
    Whole,
    /// The text begins with it.
    Start,
    /// The text ends with it.
    End,
    /// It is somewhere in the text.
    Anywhere,
}

/// A text to look for, prepared once.
#[derive(Debug)]
pub(super) struct Pattern {
    place: Place,
    finder: Finder<'static>,
}

impl Pattern {
    /// Prepares a text, folded as the column's are. Only [`Place::Whole`] takes the empty one.
    pub(super) fn new(place: Place, needle: &[u8]) -> Self {
        Self {
            place,
            finder: Finder::new(needle).into_owned(),
        }
    }

    fn needle(&self) -> &[u8] {
        self.finder.needle()
    }

    /// Whether a text holds it.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        match self.place {
            Place::Whole => text == self.needle(),
            Place::Start => text.starts_with(self.needle()),
            Place::End => text.ends_with(self.needle()),
            Place::Anywhere => self.finder.find(text).is_some(),
        }
    }

    /// About the bytes of numbers that could be read in the time a block takes.
    pub(super) fn cost(block: &TextBlock) -> usize {
        match block.base() {
            TextBase::Plain(plain) => TEXT_COST * plain.texts().bytes().len(),
            TextBase::Dictionary(dictionary) => {
                size_of_val(dictionary.codes()) + TEXT_COST * dictionary.values().bytes().len()
            }
        }
    }

    /// Keeps the bits of rows whose text holds it.
    pub(super) fn retain(&self, block: &TextBlock, words: &mut Words) {
        block.presence().and_into(words);
        let overlaid: Vec<(u16, bool)> = block
            .overlay()
            .filter(|&(row, _)| words[usize::from(row / 64)] >> (row % 64) & 1 == 1)
            .map(|(row, text)| (row, text.is_some_and(|text| self.matches(text))))
            .collect();
        match block.base() {
            TextBase::Plain(plain) => self.retain_in_arena(plain.texts(), words),
            TextBase::Dictionary(dictionary) => self.retain_in_dictionary(dictionary, words),
        }
        for (row, holds) in overlaid {
            let (word, bit) = (usize::from(row / 64), row % 64);
            words[word] = words[word] & !(1 << bit) | u64::from(holds) << bit;
        }
    }

    fn retain_in_arena(&self, texts: &Arena, words: &mut Words) {
        if self.place == Place::Anywhere {
            anywhere::retain(self, texts, words);
        } else {
            probe::retain(self, texts, words);
        }
    }

    fn retain_in_dictionary(&self, dictionary: &DictionaryText, words: &mut Words) {
        let (codes, values) = (dictionary.codes(), dictionary.values());
        if count(words) < values.len() {
            return retain_by_row(words, |row| {
                codes
                    .get(row)
                    .is_some_and(|&code| self.matches(dictionary.value(code)))
            });
        }
        let holding: Vec<u16> = (0..=u16::MAX)
            .take(values.len())
            .filter(|&code| self.matches(dictionary.value(code)))
            .collect();
        match CodeSet::new(&holding) {
            Some(set) => set.retain(codes, words),
            None => words.fill(0),
        }
    }
}

/// Keeps the bits of rows for which a question is answered with yes, asking only those that are set.
fn retain_by_row(words: &mut [u64], holds: impl Fn(usize) -> bool) {
    for (word, first) in words.iter_mut().zip((0..).step_by(64)) {
        let mut left = *word;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            *word &= !(u64::from(!holds(first + bit)) << bit);
        }
    }
}
