//! Values that hold a text.
//!
//! Stored texts and operands are folded alike, so that comparing bytes is comparing without regard to case.

mod anywhere;
pub(super) mod expression;
mod probe;
mod set;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

use memchr::memmem::Finder;

pub(super) use set::TextSet;

use crate::bitmap::{Words, count};
use crate::column::{Arena, DictionaryText, TextBase, TextBlock};

use super::codes::CodeSet;
use super::selection::retain_by_row;

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
}

impl TextTest for Pattern {
    fn matches(&self, text: &[u8]) -> bool {
        match self.place {
            Place::Whole => text == self.needle(),
            Place::Start => text.starts_with(self.needle()),
            Place::End => text.ends_with(self.needle()),
            Place::Anywhere => self.finder.find(text).is_some(),
        }
    }

    fn retain_in_arena(&self, texts: &Arena, words: &mut Words) {
        if self.place == Place::Anywhere {
            anywhere::retain(self, texts, words);
        } else {
            probe::retain(self, texts, words);
        }
    }
}

/// A question about a text, as it is compared.
pub(super) trait TextTest: Debug + Send + Sync {
    /// Whether a text passes.
    fn matches(&self, text: &[u8]) -> bool;

    /// Keeps the bits of texts that pass; those without a text may keep or lose theirs.
    fn retain_in_arena(&self, texts: &Arena, words: &mut Words) {
        retain_by_row(words, |row| self.matches(texts.get(row)));
    }

    /// About the bytes of numbers that could be read in the time a block takes.
    fn cost_of_block(&self, block: &TextBlock) -> usize {
        search_cost(block)
    }

    /// Keeps the bits of rows whose text passes.
    fn retain_in_block(&self, block: &TextBlock, words: &mut Words) {
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

    /// Keeps the bits of rows whose text passes, asking once for each distinct text when rows are many.
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

/// About the bytes of numbers that could be read in the time that a search of a block takes.
fn search_cost(block: &TextBlock) -> usize {
    match block.base() {
        TextBase::Plain(plain) => TEXT_COST * plain.texts().bytes().len(),
        TextBase::Dictionary(dictionary) => {
            size_of_val(dictionary.codes()) + TEXT_COST * dictionary.values().bytes().len()
        }
    }
}
