//! Whether an event is followed by another.

use serde_json::Value;

use super::matching::{Matching, Scope};
use super::written::DidThen;
use crate::bitmap::{BLOCK_WORDS, Words};
use crate::error::Result;
use crate::rule::context::Context;
use crate::rule::leaf::Leaf;
use crate::rule::range::Bounds;
use crate::rule::window::Window;
use crate::schema::Schema;

/// A matching event in a window is followed by another, later and at most so long after.
#[derive(Debug)]
pub(in crate::rule) struct Sequence {
    first: Matching,
    second: Matching,
    within_millis: i64,
    window: Window,
}

impl Sequence {
    /// Prepares the question.
    pub(in crate::rule) fn new(schema: &Schema, did_then: &DidThen) -> Result<Self> {
        let DidThen { first, second, .. } = did_then;
        Ok(Self {
            first: Matching::new(schema, first.event_type, &first.tests)?,
            second: Matching::new(schema, second.event_type, &second.tests)?,
            within_millis: did_then.within_millis,
            window: did_then.window,
        })
    }

    /// When a first event may be, and when a second one.
    fn times(&self, context: &Context<'_>) -> Option<(Bounds<i64>, Bounds<i64>)> {
        let first = self.window.bounds(context.now_millis)?;
        let low = first.low.saturating_add(1);
        let high = first.high.saturating_add(self.within_millis);
        Some((first, Bounds::new(low, high)?))
    }

    /// Calls a function with the row and time of each first event that is followed, by row and time.
    fn for_each(&self, context: &Context<'_>, scope: Scope, mut found: impl FnMut(u16, i64)) {
        let Some((of_first, of_second)) = self.times(context) else {
            return;
        };
        let seconds = sorted(&self.second, context, scope, of_second);
        if seconds.is_empty() {
            return;
        }
        let mut next = 0;
        for (row, time) in sorted(&self.first, context, scope, of_first) {
            while seconds
                .get(next)
                .is_some_and(|&second| second <= (row, time))
            {
                next += 1;
            }
            let last = (row, time.saturating_add(self.within_millis));
            if seconds.get(next).is_some_and(|&second| second <= last) {
                found(row, time);
            }
        }
    }

    fn earliest(&self, context: &Context<'_>, block: usize, row: u16) -> Option<i64> {
        let mut earliest = None;
        self.for_each(context, Scope::row(block, row), |_, time| {
            earliest = earliest.or(Some(time));
        });
        earliest
    }
}

/// Rows and times of events, ascending.
fn sorted(
    matching: &Matching,
    context: &Context<'_>,
    scope: Scope,
    times: Bounds<i64>,
) -> Vec<(u16, i64)> {
    let mut all = Vec::new();
    matching.for_each(context, scope, times, |run, at| {
        all.push((run.rows()[at], run.times()[at]));
    });
    all.sort_unstable();
    all
}

impl Leaf for Sequence {
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        let mut followed = Box::new([0; BLOCK_WORDS]);
        self.for_each(context, Scope::block(block), |row, _| {
            followed[usize::from(row / 64)] |= 1 << (row % 64);
        });
        for (word, followed) in words.iter_mut().zip(followed.iter()) {
            *word &= followed;
        }
    }

    fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        let Some((of_first, of_second)) = self.times(context) else {
            return 0;
        };
        let costs = [
            self.first.cost(context, block, of_first),
            self.second.cost(context, block, of_second),
        ];
        if costs.contains(&0) {
            0
        } else {
            costs.iter().sum()
        }
    }

    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        self.earliest(context, block, row).is_some()
    }

    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value {
        self.earliest(context, block, row).into()
    }

    fn is_impossible(&self) -> bool {
        self.window.is_empty() || self.within_millis <= 0
    }

    fn event_types(&self) -> Vec<u16> {
        vec![self.first.event_type, self.second.event_type]
    }

    fn is_timed(&self) -> bool {
        self.window.is_timed()
    }

    fn next_flip(&self, context: &Context<'_>, block: usize, row: u16) -> Option<i64> {
        self.first.next_flip(context, block, row, self.window)
    }

    fn next_flips(&self, context: &Context<'_>, block: usize, flips: &mut [i64]) {
        self.first.next_flips(context, block, self.window, flips);
    }
}
