//! What a plan's tree does not take apart: one question about a row.

use std::fmt::Debug;

use serde_json::Value;

use crate::schema::ColumnId;

use super::context::Context;
use crate::bitmap::Words;

/// A question about a row, ready to be asked of any version.
///
/// `retain`, `matches` and `next_flip` are three views of one function of version, moment and row; rows are numbered within their block.
pub(super) trait Leaf: Debug + Send + Sync {
    /// Keeps the bits of rows for which it holds.
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words);

    /// About the bytes that are read for a block; 0 when the answer is known without reading.
    fn cost(&self, context: &Context<'_>, block: usize) -> usize;

    /// Whether it holds for one row.
    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool;

    /// What it looks at of one row, as JSON; null when that is absent.
    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value;

    /// Whether it holds for no row of any version.
    fn is_impossible(&self) -> bool {
        false
    }

    /// Columns whose values it reads, but for those that a row is created with and keeps.
    fn columns(&self) -> Vec<ColumnId> {
        Vec::new()
    }

    /// Types of the events that it reads.
    fn event_types(&self) -> Vec<u16> {
        Vec::new()
    }

    /// Whether its answer may change with the moment alone.
    fn is_timed(&self) -> bool {
        false
    }

    /// The first moment after the context's at which the answer for a row may change if nothing but time does: never too late, perhaps
    /// too early.
    fn next_flip(&self, _context: &Context<'_>, _block: usize, _row: u16) -> Option<i64> {
        None
    }

    /// Lowers each row's moment to its [`next_flip`](Self::next_flip); `flips[i]` belongs to row `i` of the block.
    fn next_flips(&self, context: &Context<'_>, block: usize, flips: &mut [i64]) {
        if self.is_timed() {
            for (row, flip) in (0..=u16::MAX).zip(flips) {
                *flip = (*flip).min(self.next_flip(context, block, row).unwrap_or(i64::MAX));
            }
        }
    }
}
