//! The rows of an export.

use std::sync::Arc;

use rayon::prelude::*;

use super::window::{BLOCK_WINDOWS, Bits, WINDOW_ROWS};
use crate::bitmap::{BLOCK_WORDS, RowSet, Words, to_row};
use crate::column::BLOCK_ROWS;
use crate::rule::Plan;
use crate::table::{RowId, Version, row_id};

/// Rows of a block from which a plan is evaluated for all of them at once: a row by itself costs more than its share of a block.
/// Not tuned by measurement.
const BLOCK_WORTH_ROWS: usize = 256;

/// Rows of a version, ascending; some of them only as removals. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SelectedRows {
    blocks: Arc<[SelectedBlock]>,
    n_rows: u64,
    /// The row at which they end, which is not among them; `None` when nothing is cut off.
    end: Option<RowId>,
}

struct SelectedBlock {
    block: usize,
    /// Rows of the blocks before it.
    n_before: u64,
    /// All rows, removals included.
    rows: RowSet,
    removed: RowSet,
}

/// Which rows are selected.
#[derive(Clone, Copy)]
pub(crate) struct Criteria<'a> {
    /// What rows satisfy; `None` for all that are not erased.
    pub(crate) plan: Option<&'a Plan>,
    /// What rows, erased or not, satisfy besides, or else are not even removals.
    pub(crate) only: Option<&'a Plan>,
}

impl SelectedRows {
    /// The rows that are not erased and meet the criteria.
    ///
    /// # Cost
    /// One evaluation of the plans.
    pub(crate) fn all(version: &Version, criteria: Criteria<'_>) -> Self {
        let plans: Vec<&Plan> = criteria.only.into_iter().chain(criteria.plan).collect();
        let blocks = (0..version.n_blocks()).into_par_iter().map(|block| {
            let live = version.live(block);
            if plans.is_empty() {
                return SelectedBlock::of(block, live.clone(), RowSet::new());
            }
            let mut words = Box::new(live.to_words());
            for plan in &plans {
                plan.retain_block(version, block, &mut words);
            }
            SelectedBlock::of(block, RowSet::from_words(&words), RowSet::new())
        });
        Self::from_blocks(blocks.collect())
    }

    /// The rows changed at or after a time: those that satisfy the plan and, with `include_removed`, the others as removals.
    ///
    /// # Cost
    /// In proportion to the rows changed, whatever the number of rows.
    pub(crate) fn changed(
        version: &Version,
        criteria: Criteria<'_>,
        from_millis: i64,
        include_removed: bool,
    ) -> Self {
        let changed = version.changed_rows(from_millis);
        let blocks = changed
            .chunk_by(|a, b| block_of(*a) == block_of(*b))
            .map(|rows| {
                let block = block_of(rows[0]);
                let rows = rows.iter().map(|&row| row_in_block(row)).collect();
                let rows = satisfying(version, criteria.only, block, rows);
                let live = version.live(block);
                let there = rows.iter().copied().filter(|&row| live.contains(row));
                let kept = satisfying(version, criteria.plan, block, there.collect());
                SelectedBlock::of_change(block, &rows, &kept, include_removed)
            });
        Self::from_blocks(blocks.collect())
    }

    /// As [`changed`](Self::changed), and with them the rows for which a plan and what it was before differ.
    ///
    /// # Cost
    /// One evaluation of each plan.
    pub(crate) fn changed_with_plan(
        version: &Version,
        criteria: Criteria<'_>,
        before: &Plan,
        from_millis: i64,
        include_removed: bool,
    ) -> Self {
        let changed = version.changed_rows(from_millis);
        let blocks = (0..version.n_blocks()).into_par_iter().map(|block| {
            let mut kept = Box::new([0; BLOCK_WORDS]);
            match criteria.plan {
                Some(plan) => plan.evaluate_block(version, block, &mut kept),
                None => version.live(block).or_into(&mut kept),
            }
            let mut rows = Box::new([0; BLOCK_WORDS]);
            before.evaluate_block(version, block, &mut rows);
            rows.iter_mut()
                .zip(&*kept)
                .for_each(|(row, kept)| *row ^= kept);
            let first = changed.partition_point(|&row| block_of(row) < block);
            for &row in changed[first..]
                .iter()
                .take_while(|&&row| block_of(row) == block)
            {
                set(&mut rows, row_in_block(row));
            }
            if let Some(only) = criteria.only {
                only.retain_block(version, block, &mut rows);
            }
            kept.iter_mut()
                .zip(&*rows)
                .for_each(|(kept, row)| *kept &= row);
            let (rows, kept) = (ascending(&rows), ascending(&kept));
            SelectedBlock::of_change(block, &rows, &kept, include_removed)
        });
        Self::from_blocks(blocks.collect())
    }

    fn from_blocks(mut blocks: Vec<SelectedBlock>) -> Self {
        blocks.retain(|block| !block.rows.is_empty());
        let mut n_rows = 0;
        for block in &mut blocks {
            block.n_before = n_rows;
            n_rows += block.rows.len() as u64;
        }
        Self {
            blocks: blocks.into(),
            n_rows,
            end: None,
        }
    }

    /// Number of rows, removals included and whatever is cut off.
    pub(crate) fn len(&self) -> u64 {
        self.n_rows
    }

    /// The same rows, cut off at one.
    pub(crate) fn until(&self, end: Option<RowId>) -> Self {
        Self {
            end,
            ..self.clone()
        }
    }

    /// The row of an ordinal from 0, whatever is cut off.
    ///
    /// # Cost
    /// A search among the blocks and one pass over the words of one.
    pub(crate) fn nth(&self, ordinal: u64) -> Option<RowId> {
        let behind = self
            .blocks
            .partition_point(|block| block.n_before <= ordinal);
        let block = &self.blocks[behind.checked_sub(1)?];
        let mut left = ordinal - block.n_before;
        for (word, first) in block.rows.to_words().into_iter().zip((0..).step_by(64)) {
            let count = u64::from(word.count_ones());
            if left < count {
                let rest = (0..left).fold(word, |word, _| word & (word - 1));
                return Some(row_id(
                    block.block,
                    to_row(first + rest.trailing_zeros() as usize),
                ));
            }
            left -= count;
        }
        None
    }

    /// The number of rows below one, whatever is cut off. As [`nth`](Self::nth).
    pub(crate) fn ordinal(&self, row: RowId) -> u64 {
        let (block, row) = (block_of(row), row_in_block(row));
        let at = self.blocks.partition_point(|other| other.block < block);
        let Some(found) = self.blocks.get(at) else {
            return self.n_rows;
        };
        if found.block > block {
            return found.n_before;
        }
        let words = found.rows.to_words();
        let (whole, rest) = (usize::from(row / 64), row % 64);
        let before: u32 = words[..whole].iter().map(|word| word.count_ones()).sum();
        let in_word = (words[whole] & ((1 << rest) - 1)).count_ones();
        found.n_before + u64::from(before + in_word)
    }

    /// Whether a row is among them, whatever is cut off.
    pub(crate) fn contains(&self, row: RowId) -> bool {
        let block = block_of(row);
        let found = self
            .blocks
            .binary_search_by_key(&block, |other| other.block);
        found.is_ok_and(|at| self.blocks[at].rows.contains(row_in_block(row)))
    }

    /// The first row behind one.
    pub(super) fn next_after(&self, row: RowId) -> Option<RowId> {
        row.checked_add(1).and_then(|row| self.next_from(row))
    }

    fn next_from(&self, from: RowId) -> Option<RowId> {
        self.windows(from)
            .next()
            .and_then(|window| window.rows().next().map(|row| window.id(row)))
    }

    /// The rows at and after one, window by window; none is empty.
    pub(super) fn windows(&self, from: RowId) -> impl Iterator<Item = Window> + '_ {
        let first_block = block_of(from);
        let first = self
            .blocks
            .partition_point(|block| block.block < first_block);
        let end = self.end.map_or(usize::MAX, |end| end as usize);
        let blocks = self.blocks[first..]
            .iter()
            .take_while(move |block| block.block * BLOCK_ROWS < end);
        blocks.flat_map(move |block| {
            let from = if block.block == first_block {
                row_in_block(from)
            } else {
                0
            };
            let first_window = usize::from(from) / WINDOW_ROWS;
            let end = end - block.block * BLOCK_ROWS;
            (first_window..BLOCK_WINDOWS.min(end.div_ceil(WINDOW_ROWS)))
                .map(move |window| {
                    let from = if window == first_window { from } else { 0 };
                    block.window(window, from, end)
                })
                .filter(|window| !window.rows.is_empty())
        })
    }
}

impl SelectedBlock {
    fn of(block: usize, rows: RowSet, removed: RowSet) -> Self {
        Self {
            block,
            n_before: 0,
            rows,
            removed,
        }
    }

    /// The kept ones of a block's ascending rows, and the others as removals when they are asked for.
    fn of_change(block: usize, rows: &[u16], kept: &[u16], include_removed: bool) -> Self {
        if !include_removed {
            return Self::of(block, RowSet::from_sorted(kept), RowSet::new());
        }
        let gone = rows
            .iter()
            .copied()
            .filter(|row| kept.binary_search(row).is_err());
        let gone: Vec<u16> = gone.collect();
        Self::of(block, RowSet::from_sorted(rows), RowSet::from_sorted(&gone))
    }

    /// The rows of a window, from a row of it on, 0 being its first, and below a row of the block.
    fn window(&self, window: usize, from: u16, end: usize) -> Window {
        let mut rows = Bits::of(&self.rows, window);
        if from > 0 {
            rows.drop_below(from);
        }
        if end < (window + 1) * WINDOW_ROWS {
            rows.drop_from(to_row(end));
        }
        Window {
            block: self.block,
            position: window,
            rows,
            removed: Bits::of(&self.removed, window),
        }
    }
}

/// Rows of an export within one window of one block.
pub(super) struct Window {
    /// The block.
    pub(super) block: usize,
    /// Position of the window in it.
    pub(super) position: usize,
    rows: Bits,
    removed: Bits,
}

impl Window {
    /// Rows of the block, ascending.
    pub(super) fn rows(&self) -> impl Iterator<Item = u16> + '_ {
        self.rows.rows(self.position)
    }

    /// Its rows as bits.
    pub(super) const fn bits(&self) -> &Bits {
        &self.rows
    }

    /// Leaves only some of the rows.
    pub(super) fn keep(&mut self, rows: &[u16]) {
        self.rows = Bits::of_rows(rows.iter().copied());
    }

    /// Number of its rows that are set in bits of the same window.
    pub(super) fn count(&self, bits: &Bits) -> usize {
        self.rows.count_common(bits)
    }

    /// Rows of which only the removal is told.
    pub(super) fn removed(&self) -> &Bits {
        &self.removed
    }

    /// Whether only the row's removal is told.
    pub(super) fn is_removed(&self, row: u16) -> bool {
        self.removed.has(row)
    }

    /// Number of a row in the version.
    pub(super) fn id(&self, row: u16) -> RowId {
        row_id(self.block, row)
    }
}

/// Those of a block's ascending rows, live or not, that satisfy a plan.
fn satisfying(
    version: &Version,
    plan: Option<&Plan>,
    block: usize,
    mut rows: Vec<u16>,
) -> Vec<u16> {
    match plan {
        None => rows,
        Some(plan) if rows.len() < BLOCK_WORTH_ROWS => {
            rows.retain(|&row| plan.accepts(version, row_id(block, row)));
            rows
        }
        Some(plan) => {
            let mut words = Box::new(RowSet::from_sorted(&rows).to_words());
            plan.retain_block(version, block, &mut words);
            ascending(&words)
        }
    }
}

fn set(words: &mut Words, row: u16) {
    words[usize::from(row / 64)] |= 1 << (row % 64);
}

/// The rows whose bit is set.
fn ascending(words: &Words) -> Vec<u16> {
    RowSet::from_words(words).iter().collect()
}

fn block_of(row: RowId) -> usize {
    row as usize / BLOCK_ROWS
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the rest of a division by the rows of a block fits"
)]
fn row_in_block(row: RowId) -> u16 {
    (row as usize % BLOCK_ROWS) as u16
}
