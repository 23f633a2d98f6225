//! Moments at which something has to be looked at although nothing was written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::table::RowId;

/// What falls due, in order of moments.
#[derive(Debug, Default)]
pub(super) struct Dues(BinaryHeap<Reverse<Due>>);

/// Something to look at; ordered by moment, then by segment, rows before searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub(super) moment: i64,
    /// Number of the segment.
    pub(super) segment: u32,
    pub(super) what: What,
}

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Whether the answer for this row changes.
    Row(RowId),
    /// Which rows fall due after this moment.
    Search,
}

impl Dues {
    pub(super) fn push(&mut self, due: Due) {
        self.0.push(Reverse(due));
    }

    /// The first moment.
    pub(super) fn next(&self) -> Option<i64> {
        self.0.peek().map(|Reverse(due)| due.moment)
    }

    /// Takes everything of the first moment, if that is not after another, in order and once each.
    pub(super) fn take_first(&mut self, until: i64) -> Option<Vec<Due>> {
        let moment = self.next().filter(|&moment| moment <= until)?;
        let mut taken: Vec<Due> = Vec::new();
        while let Some(&Reverse(due)) = self.0.peek()
            && due.moment == moment
        {
            self.0.pop();
            if taken.last() != Some(&due) {
                taken.push(due);
            }
        }
        Some(taken)
    }
}
