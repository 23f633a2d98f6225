//! The specification: a substring search, in the whole arena at once when most rows stand, in the standing rows when few do.

use super::super::{Pattern, TextTest, retain_by_row};
use crate::bitmap::{BLOCK_WORDS, Words, count};
use crate::column::Arena;

/// Part of the rows, in per cent, from which on reading everything is faster than looking at the standing rows one by one. Very roughly:
/// at 10 % they take half the time (`benches/rules.rs`, `contains_of_standing`).
const SWEEP_FROM_PERCENT: usize = 30;

/// Rows that are passed one by one to find the row of a hit, before the rest is halved.
const NEAR_ROWS: usize = 16;

/// Keeps the bits of rows whose text has the needle, which is not empty, somewhere.
pub(super) fn retain(pattern: &Pattern, texts: &Arena, words: &mut Words) {
    if sweep_pays(texts, words) {
        sweep(pattern, texts, words, |_, _| true);
    } else {
        retain_by_row(words, |row| pattern.matches(texts.get(row)));
    }
}

/// Whether so many rows stand that reading all of them is faster.
pub(super) fn sweep_pays(texts: &Arena, words: &Words) -> bool {
    100 * count(words) >= SWEEP_FROM_PERCENT * texts.len()
}

/// The same as [`retain`] in one pass over the arena, as if it were one long text; after a hit, the rest of its row is passed over.
///
/// Goes on as long as it is told to, given the hits so far and the row reached. Returns how many words it is done with; the others are as
/// they were.
pub(super) fn sweep(
    pattern: &Pattern,
    texts: &Arena,
    words: &mut Words,
    goes_on: impl Fn(usize, usize) -> bool,
) -> usize {
    let needle_len = pattern.needle().len();
    let mut found = [0; BLOCK_WORDS];
    let mut n_done = BLOCK_WORDS;
    let ends = texts.offsets().get(1..).unwrap_or_default();
    let (mut row, mut from, mut hits) = (0, 0, 0);
    while let Some(hit) = texts
        .bytes()
        .get(from..)
        .and_then(|rest| pattern.finder.find(rest))
    {
        let start = from + hit;
        row = row_of(ends, row, start);
        let Some(&end) = ends.get(row) else { break };
        if start + needle_len <= end as usize {
            found[row / 64] |= 1_u64 << (row % 64);
            from = end as usize;
        } else {
            from = start + 1;
        }
        hits += 1;
        if !goes_on(hits, row) {
            n_done = row / 64;
            break;
        }
    }
    words[..n_done]
        .iter_mut()
        .zip(&found)
        .for_each(|(word, found)| *word &= found);
    n_done
}

/// The first row, from `row` on, that ends behind a position.
fn row_of(ends: &[u32], row: usize, position: usize) -> usize {
    let is_before = |&end: &u32| end as usize <= position;
    let near = ends.len().min(row + NEAR_ROWS);
    match ends[row..near].iter().position(|end| !is_before(end)) {
        Some(steps) => row + steps,
        None => near + ends[near..].partition_point(is_before),
    }
}
