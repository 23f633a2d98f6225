//! Which events of a type are meant, and where they are.

use std::ops::Range;

use super::property::PropertyTest;
use super::written;
use crate::error::Result;
use crate::event::block::EventBlock;
use crate::event::run::Run;
use crate::event::{EventType, TypeEvents};
use crate::rule::condition::invalid;
use crate::rule::context::Context;
use crate::rule::range::{Bounds, Overlap};
use crate::rule::window::Window;
use crate::schema::Schema;

/// All times.
pub(super) const ALWAYS: Bounds<i64> = Bounds {
    low: i64::MIN,
    high: i64::MAX,
};

/// Events of a type that pass every test.
#[derive(Debug)]
pub(super) struct Matching {
    pub(super) event_type: u16,
    tests: Vec<PropertyTest>,
}

/// Whose events are read: all of a block of rows, or those of one row in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub(super) block: usize,
    pub(super) row: Option<u16>,
}

impl Scope {
    /// All rows of a block.
    pub(super) fn block(block: usize) -> Self {
        Self { block, row: None }
    }

    /// One row of a block.
    pub(super) fn row(block: usize, row: u16) -> Self {
        Self {
            block,
            row: Some(row),
        }
    }

    /// Positions in a run.
    fn range(self, run: &Run) -> Range<usize> {
        self.row.map_or(0..run.len(), |row| run.of_row(row))
    }
}

impl Matching {
    /// Makes the tests, which must fit the event type.
    pub(super) fn new(
        schema: &Schema,
        event_type: u16,
        tests: &[written::PropertyTest],
    ) -> Result<Self> {
        let event_type = type_of(schema, event_type)?;
        let tests = tests.iter().map(|test| PropertyTest::new(event_type, test));
        Ok(Self {
            event_type: event_type.code,
            tests: tests.collect::<Result<_>>()?,
        })
    }

    /// Calls a function with each run in which matching events of some times may be, and the position of each of them, by run and
    /// ascending.
    pub(super) fn for_each(
        &self,
        context: &Context<'_>,
        scope: Scope,
        times: Bounds<i64>,
        mut found: impl FnMut(&Run, usize),
    ) {
        let Some((events, block)) = self.events(context, scope.block) else {
            return;
        };
        for run in block.runs() {
            let overlap = times.overlap(run.span());
            if overlap == Overlap::None {
                continue;
            }
            let range = scope.range(run);
            if self.tests.is_empty() && overlap == Overlap::All {
                range.for_each(|at| found(run, at));
                continue;
            }
            let passed = self.passed(events, run, range.clone());
            for (at, passed) in range.zip(passed) {
                if passed && times.contains(&run.times()[at]) {
                    found(run, at);
                }
            }
        }
    }

    /// Whether each event of a part of a run passes.
    fn passed(&self, events: &TypeEvents, run: &Run, range: Range<usize>) -> Vec<bool> {
        let mut passed = vec![true; range.len()];
        for test in &self.tests {
            test.retain(events, run, range.clone(), &mut passed);
        }
        passed
    }

    /// Calls a function with the row of each matching event that enters or leaves a window after the context's moment, and the first
    /// moment at which it does.
    fn for_each_flip(
        &self,
        context: &Context<'_>,
        scope: Scope,
        window: Window,
        mut found: impl FnMut(u16, i64),
    ) {
        let Some(times) = window.flipping(context.now_millis) else {
            return;
        };
        self.for_each(context, scope, times, |run, at| {
            if let Some(moment) = window.next_flip(context.now_millis, run.times()[at]) {
                found(run.rows()[at], moment);
            }
        });
    }

    /// The first moment after the context's at which a matching event of a row enters or leaves a window.
    pub(super) fn next_flip(
        &self,
        context: &Context<'_>,
        block: usize,
        row: u16,
        window: Window,
    ) -> Option<i64> {
        let mut next = None;
        self.for_each_flip(context, Scope::row(block, row), window, |_, moment| {
            next = Some(next.map_or(moment, |next: i64| next.min(moment)));
        });
        next
    }

    /// Lowers each row's moment to its [`next_flip`](Self::next_flip).
    pub(super) fn next_flips(
        &self,
        context: &Context<'_>,
        block: usize,
        window: Window,
        flips: &mut [i64],
    ) {
        self.for_each_flip(context, Scope::block(block), window, |row, moment| {
            if let Some(flip) = flips.get_mut(usize::from(row)) {
                *flip = moment.min(*flip);
            }
        });
    }

    /// About the bytes that are read for a block; 0 when there are no events of the times.
    pub(super) fn cost(&self, context: &Context<'_>, block: usize, times: Bounds<i64>) -> usize {
        let Some((_, block)) = self.events(context, block) else {
            return 0;
        };
        let of_run = |run: &Run| {
            let values = self.tests.iter().map(|test| {
                let values = run.values(test.property());
                values.map_or(0, |_| size_of::<u64>() * run.len())
            });
            let of_times = match times.overlap(run.span()) {
                Overlap::None => return 0,
                Overlap::Some => size_of_val(run.times()),
                Overlap::All => 0,
            };
            size_of_val(run.rows()) + of_times + values.sum::<usize>()
        };
        block.runs().map(of_run).sum()
    }

    fn events<'a>(
        &self,
        context: &Context<'a>,
        block: usize,
    ) -> Option<(&'a TypeEvents, &'a EventBlock)> {
        let events = context.version.events().of_type(self.event_type)?;
        Some((events, events.block(block)?))
    }
}

/// An event type of the schema.
pub(super) fn type_of(schema: &Schema, code: u16) -> Result<&EventType> {
    let event_type = schema.event_type_of_code(code);
    event_type.ok_or_else(|| invalid(format!("event type {code} is not in the schema")))
}
