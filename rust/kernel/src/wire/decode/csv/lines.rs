//! Lines to cells.

use super::cell::Cell;
use super::problem::Problem;
use crate::wire::decode::check::{HIGHS, ONES};

/// The lines of a table that are not read yet.
pub(super) struct Lines<'a> {
    data: &'a [u8],
    at: usize,
}

/// What follows a cell.
enum End {
    /// Another cell.
    Comma,
    /// Another line, or nothing.
    Line,
}

impl<'a> Lines<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// How many bytes were read.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// Appends the cells of the next line that has a character, at most so many, and counts them; `None` when there is no such line.
    ///
    /// # Errors
    /// Quotes stand in the wrong place. The cells before them are appended, and the line after them is the next.
    pub(super) fn next(
        &mut self,
        cells: &mut Vec<Cell<'a>>,
        most: usize,
    ) -> Option<Result<usize, Problem>> {
        self.skip_empty();
        if self.at == self.data.len() {
            return None;
        }
        let mut count = 0;
        loop {
            let cell = if self.data.get(self.at) == Some(&b'"') {
                self.quoted()
            } else {
                self.plain()
            };
            match cell {
                Ok((cell, end)) => {
                    if count < most {
                        cells.push(cell);
                    }
                    count += 1;
                    if matches!(end, End::Line) {
                        return Some(Ok(count));
                    }
                }
                Err(problem) => {
                    self.skip_line();
                    return Some(Err(problem));
                }
            }
        }
    }

    /// Reads a cell without quotes.
    #[inline]
    fn plain(&mut self) -> Result<(Cell<'a>, End), Problem> {
        let rest = &self.data[self.at..];
        let length = plain_length(rest);
        let cell = &rest[..length];
        let (cell, end) = match rest.get(length) {
            Some(b',') => (cell, End::Comma),
            Some(b'"') => {
                self.at += length;
                return Err(Problem::Quoting);
            }
            _ => (cell.strip_suffix(b"\r").unwrap_or(cell), End::Line),
        };
        self.at = self.data.len().min(self.at + length + 1);
        Ok((Cell::new(cell, false), end))
    }

    /// Reads a cell in quotes.
    fn quoted(&mut self) -> Result<(Cell<'a>, End), Problem> {
        let start = self.at + 1;
        let (mut at, mut has_doubled) = (start, false);
        let close = loop {
            let Some(length) = memchr::memchr(b'"', &self.data[at..]) else {
                self.at = self.data.len();
                return Err(Problem::Unclosed);
            };
            at += length;
            if self.data.get(at + 1) != Some(&b'"') {
                break at;
            }
            has_doubled = true;
            at += 2;
        };
        let (length, end) = match &self.data[close + 1..] {
            [b',', ..] => (1, End::Comma),
            [] => (0, End::Line),
            [b'\n', ..] | [b'\r'] => (1, End::Line),
            [b'\r', b'\n', ..] => (2, End::Line),
            _ => {
                self.at = close + 1;
                return Err(Problem::Quoting);
            }
        };
        self.at = close + 1 + length;
        Ok((Cell::new(&self.data[start..close], has_doubled), end))
    }

    fn skip_empty(&mut self) {
        loop {
            self.at += match &self.data[self.at..] {
                [b'\n', ..] | [b'\r'] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => return,
            };
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.data[self.at..];
        self.at += memchr::memchr(b'\n', rest).map_or(rest.len(), |length| length + 1);
    }
}

/// Words of eight bytes that are looked at one by one: most cells are not longer, and calling the search for long ones would take as long.
const SHORT_WORDS: usize = 3;

/// Bytes before the first comma, line feed or quote; all of them when there is none.
#[inline]
fn plain_length(rest: &[u8]) -> usize {
    let (words, _) = rest.as_chunks();
    for (position, &word) in words.iter().take(SHORT_WORDS).enumerate() {
        let found = ends(u64::from_le_bytes(word));
        if found != 0 {
            return position * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let passed = SHORT_WORDS.min(words.len()) * 8;
    let behind = &rest[passed..];
    passed + memchr::memchr3(b',', b'\n', b'"', behind).unwrap_or(behind.len())
}

/// The high bit of each byte that ends a cell. Bits above the lowest one may be wrong: a borrow comes from there.
#[inline]
const fn ends(word: u64) -> u64 {
    const fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGHS
    }
    const fn all(byte: u8) -> u64 {
        ONES * byte as u64
    }
    zeros(word ^ all(b',')) | zeros(word ^ all(b'\n')) | zeros(word ^ all(b'"'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cell_ends_before_the_first_comma_line_feed_or_quote(
            bytes in prop::collection::vec(prop_oneof![12 => any::<u8>(), 1 => Just(b','), 1 => Just(b'\n'), 1 => Just(b'"')], 0..60),
        ) {
            let is_end = |byte: &u8| matches!(byte, b',' | b'\n' | b'"');
            let expected = bytes.iter().position(is_end).unwrap_or(bytes.len());
            prop_assert_eq!(plain_length(&bytes), expected);
        }
    }
}
