//! When a plan's answer may change although nothing but time does.

use crate::column::BLOCK_ROWS;
use crate::table::{RowId, Version, block_and_row};

use super::plan::Plan;

/// How far ahead a change is looked for: ten years.
const HORIZON_MILLIS: i64 = 3_653 * 86_400_000;

/// Moments at which a change is looked for, at most.
const STEPS_MAX: usize = 4_096;

impl Plan {
    /// Whether the answer may change with the moment alone.
    pub fn is_timed(&self) -> bool {
        !self.tree.timed.is_empty()
    }

    /// The first moment after `now_millis` at which the answer for a row may change if nothing but time does: never too late, perhaps
    /// too early. The plan's own moment does not count.
    pub fn next_flip(&self, version: &Version, row: RowId, now_millis: i64) -> Option<i64> {
        let plan = self.at(now_millis);
        let (block, row) = block_and_row(row);
        let context = plan.context(version);
        let flips = self.tree.timed.iter();
        flips
            .filter_map(|leaf| leaf.next_flip(&context, block, row))
            .min()
    }

    /// Lowers each row's moment to its [`next_flip`](Self::next_flip); `flips[i]` belongs to row `i` of the block.
    ///
    /// # Panics
    /// When there are more moments than rows of a block.
    pub fn next_flips(&self, version: &Version, block: usize, now_millis: i64, flips: &mut [i64]) {
        assert!(
            flips.len() <= BLOCK_ROWS,
            "one moment for each row of a block"
        );
        let plan = self.at(now_millis);
        let context = plan.context(version);
        for leaf in &self.tree.timed {
            leaf.next_flips(&context, block, flips);
        }
    }

    /// The first moment after the plan's at which the answer for a row changes if nothing but time does; `None` when that is never, more
    /// than ten years ahead, or behind more moments than are looked at.
    pub fn next_change(&self, version: &Version, row: RowId) -> Option<i64> {
        let answer = self.matches(version, row);
        let last = self.now_millis.saturating_add(HORIZON_MILLIS);
        let flips = std::iter::successors(Some(self.now_millis), |&moment| {
            self.next_flip(version, row, moment)
        });
        flips
            .skip(1)
            .take(STEPS_MAX)
            .take_while(|&moment| moment <= last)
            .find(|&moment| self.at(moment).matches(version, row) != answer)
    }
}
