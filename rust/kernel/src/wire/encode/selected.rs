//! The rows of an export.

use std::cell::OnceCell;

use rayon::prelude::*;

use super::window::{BLOCK_WINDOWS, Bits, WINDOW_ROWS};
use crate::bitmap::{BLOCK_WORDS, RowSet, Words};
use crate::column::BLOCK_ROWS;
use crate::rule::Plan;
use crate::table::{RowId, Version};

/// Changed rows of a block from which the plan is evaluated for the whole block: a row by itself costs more than its share of a block.
/// Not tuned by measurement.
const BLOCK_WORTH_ROWS: usize = 256;

/// Rows of a version, ascending; some of them only as removals.
pub(crate) struct SelectedRows {
    blocks: Vec<SelectedBlock>,
    n_rows: u64,
}

struct SelectedBlock {
    block: usize,
    /// All rows, removals included.
    rows: RowSet,
    removed: RowSet,
}

impl SelectedRows {
    /// The rows that satisfy a plan, or all that are not erased.
    ///
    /// # Cost
    /// One evaluation of the plan.
    pub(crate) fn all(version: &Version, plan: Option<&Plan>) -> Self {
        let live = |block| SelectedBlock::of(block, version.live(block).clone(), RowSet::new());
        let chosen = |(block, words): (usize, &Option<Box<Words>>)| {
            words
                .as_ref()
                .map(|words| SelectedBlock::of(block, RowSet::from_words(words), RowSet::new()))
        };
        Self::from_blocks(match plan {
            None => (0..version.n_blocks()).map(live).collect(),
            Some(plan) => plan
                .evaluate(version)
                .blocks
                .iter()
                .enumerate()
                .filter_map(chosen)
                .collect(),
        })
    }

    /// The rows changed at or after a time: those that satisfy the plan and, with `include_removed`, the others as removals.
    ///
    /// # Cost
    /// In proportion to the rows changed, whatever the number of rows.
    pub(crate) fn changed(
        version: &Version,
        plan: Option<&Plan>,
        from_millis: i64,
        include_removed: bool,
    ) -> Self {
        let changed = version.changed_rows(from_millis);
        let blocks = changed
            .chunk_by(|a, b| block_of(*a) == block_of(*b))
            .map(|rows| {
                let block = block_of(rows[0]);
                let in_block: Vec<u16> = rows.iter().map(|&row| row_in_block(row)).collect();
                let kept = members(version, plan, block, rows, &in_block);
                SelectedBlock::of_change(block, &in_block, &kept, include_removed)
            });
        Self::from_blocks(blocks.collect())
    }

    /// As [`changed`](Self::changed), and with them the rows for which a plan and what it was before differ.
    ///
    /// # Cost
    /// One evaluation of each plan.
    pub(crate) fn changed_with_plan(
        version: &Version,
        plan: Option<&Plan>,
        before: &Plan,
        from_millis: i64,
        include_removed: bool,
    ) -> Self {
        let changed = version.changed_rows(from_millis);
        let blocks = (0..version.n_blocks()).into_par_iter().map(|block| {
            let mut kept = Box::new([0; BLOCK_WORDS]);
            match plan {
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
                let row = usize::from(row_in_block(row));
                rows[row / 64] |= 1 << (row % 64);
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
        let n_rows = blocks.iter().map(|block| block.rows.len() as u64).sum();
        Self { blocks, n_rows }
    }

    /// Number of rows, removals included.
    pub(crate) fn len(&self) -> u64 {
        self.n_rows
    }

    /// The first row.
    pub(crate) fn first(&self) -> Option<RowId> {
        self.next_from(0)
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
        self.blocks[first..].iter().flat_map(move |block| {
            let from = if block.block == first_block {
                row_in_block(from)
            } else {
                0
            };
            let first_window = usize::from(from) / WINDOW_ROWS;
            (first_window..BLOCK_WINDOWS)
                .map(move |window| {
                    block.window(window, if window == first_window { from } else { 0 })
                })
                .filter(|window| !window.rows.is_empty())
        })
    }
}

impl SelectedBlock {
    fn of(block: usize, rows: RowSet, removed: RowSet) -> Self {
        Self {
            block,
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

    /// The rows of a window, from a row of it on; 0 is from its first.
    fn window(&self, window: usize, from: u16) -> Window {
        let mut rows = Bits::of(&self.rows, window);
        if from > 0 {
            rows.drop_below(from);
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
    ///
    /// # Panics
    /// Never: the block is one of a version, whose rows are so numbered.
    pub(super) fn id(&self, row: u16) -> RowId {
        RowId::try_from(self.block * BLOCK_ROWS + usize::from(row)).expect("a version's row")
    }
}

/// Those of a block's ascending rows that are not erased and satisfy a plan.
fn members(
    version: &Version,
    plan: Option<&Plan>,
    block: usize,
    rows: &[RowId],
    in_block: &[u16],
) -> Vec<u16> {
    let live = version.live(block);
    let evaluated: OnceCell<Box<Words>> = OnceCell::new();
    let satisfies = |position: usize| match plan {
        None => true,
        Some(plan) if rows.len() < BLOCK_WORTH_ROWS => plan.matches(version, rows[position]),
        Some(plan) => {
            let row = usize::from(in_block[position]);
            let words = evaluated.get_or_init(|| {
                let mut words = Box::new([0; BLOCK_WORDS]);
                plan.evaluate_block(version, block, &mut words);
                words
            });
            words[row / 64] >> (row % 64) & 1 == 1
        }
    };
    let kept = (0..rows.len()).filter(|&i| live.contains(in_block[i]) && satisfies(i));
    kept.map(|i| in_block[i]).collect()
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
