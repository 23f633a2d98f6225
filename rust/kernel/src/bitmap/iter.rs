use std::ops::Range;

use super::{Words, to_row};

/// Rows of a [`RowSet`](super::RowSet), ascending.
#[derive(Debug, Clone)]
pub struct Rows<'a>(pub(super) Source<'a>);

#[derive(Debug, Clone)]
pub(super) enum Source<'a> {
    Prefix(Range<u32>),
    Sparse(std::slice::Iter<'a, u16>),
    Dense(Bits<'a>),
}

impl Iterator for Rows<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        match &mut self.0 {
            Source::Prefix(rows) => rows.next().map(|row| to_row(row as usize)),
            Source::Sparse(rows) => rows.next().copied(),
            Source::Dense(bits) => bits.next(),
        }
    }
}

/// Set bits of words, ascending.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    words: &'a [u64],
    next_word: usize,
    rest: u64,
}

impl<'a> Bits<'a> {
    pub(super) fn new(words: &'a [u64]) -> Self {
        Self {
            words,
            next_word: 0,
            rest: 0,
        }
    }
}

impl Iterator for Bits<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        while self.rest == 0 {
            self.rest = *self.words.get(self.next_word)?;
            self.next_word += 1;
        }
        let bit = self.rest.trailing_zeros() as usize;
        self.rest &= self.rest - 1;
        Some(to_row((self.next_word - 1) * 64 + bit))
    }
}

/// Stretches of rows that follow each other without a gap, ascending.
#[derive(Debug, Clone)]
pub struct Runs<'a> {
    words: &'a Words,
    from: usize,
}

impl<'a> Runs<'a> {
    /// The runs of words.
    pub fn new(words: &'a Words) -> Self {
        Self { words, from: 0 }
    }

    /// First row from `from` on whose bit is set in words XOR `flip`; the end of the block when there is none.
    fn first_from(&self, from: usize, flip: u64) -> usize {
        let mut word = from / 64;
        let mut keep = u64::MAX << (from % 64);
        while let Some(bits) = self.words.get(word) {
            let found = (bits ^ flip) & keep;
            if found != 0 {
                return word * 64 + found.trailing_zeros() as usize;
            }
            word += 1;
            keep = u64::MAX;
        }
        self.words.len() * 64
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.first_from(self.from, 0);
        self.from = self.first_from(start, u64::MAX);
        (start < self.from).then_some(start..self.from)
    }
}
