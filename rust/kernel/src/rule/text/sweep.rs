//! Looking for a text in all texts of a block at once: one pass over the arena, as if it were one long text.

use memchr::memmem::Finder;

use crate::bitmap::{BLOCK_WORDS, Words};
use crate::column::Arena;

/// Part of the rows, in per cent, from which on reading everything is faster than looking at the standing rows one by one.
/// Measured by `benches/rules.rs`, `contains/standing=*`.
const PAYS_FROM_PERCENT: usize = 30;

/// Rows that are passed one by one to find the row of a hit, before the rest is halved.
const NEAR_ROWS: usize = 16;

/// Whether a sweep is faster than looking at the standing rows one by one.
pub(super) fn pays(n_standing: usize, n_rows: usize) -> bool {
    100 * n_standing >= PAYS_FROM_PERCENT * n_rows
}

/// Keeps the bits of rows whose text has the needle, which is not empty, somewhere.
///
/// # Cost
/// The bytes at about 8 GB/s where nothing is near the needle, and some 20 ns a hit; after a hit, the rest of its row is passed over.
pub(super) fn retain(finder: &Finder<'_>, texts: &Arena, words: &mut Words) {
    let mut found = [0; BLOCK_WORDS];
    let ends = texts.offsets().get(1..).unwrap_or_default();
    let (mut row, mut from) = (0, 0);
    while let Some(hit) = texts.bytes().get(from..).and_then(|rest| finder.find(rest)) {
        let start = from + hit;
        row = row_of(ends, row, start);
        let Some(&end) = ends.get(row) else { break };
        if start + finder.needle().len() <= end as usize {
            found[row / 64] |= 1_u64 << (row % 64);
            from = end as usize;
        } else {
            from = start + 1;
        }
    }
    words
        .iter_mut()
        .zip(&found)
        .for_each(|(word, found)| *word &= found);
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
