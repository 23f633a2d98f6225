//! When the first event of all was.

use serde_json::Value;

use super::matching::{ALWAYS, Matching, Scope};
use super::written::FirstDid;
use crate::bitmap::Words;
use crate::column::BLOCK_ROWS;
use crate::error::Result;
use crate::rule::context::Context;
use crate::rule::leaf::Leaf;
use crate::rule::range::{Bounds, Ranged};
use crate::rule::window::Window;
use crate::schema::Schema;

/// Stands for a row without events: no event is so late.
const NEVER: i64 = i64::MAX;

/// The first matching event of all lies in a window.
#[derive(Debug)]
pub(in crate::rule) struct First {
    matching: Matching,
    window: Window,
}

impl First {
    /// Prepares the question.
    pub(in crate::rule) fn new(schema: &Schema, first_did: &FirstDid) -> Result<Self> {
        Ok(Self {
            matching: Matching::new(schema, first_did.event_type, &first_did.tests)?,
            window: first_did.window,
        })
    }

    /// The window's times with those before: later events decide nothing.
    fn times(&self, context: &Context<'_>) -> Option<(Bounds<i64>, Bounds<i64>)> {
        let window = self.window.bounds(context.now_millis)?;
        let window = Bounds::new(window.low, window.high.min(NEVER - 1))?;
        let before = Bounds::new(i64::MIN, window.high)?;
        Some((window, before))
    }

    /// The time of a row's first event.
    fn first(&self, context: &Context<'_>, block: usize, row: u16) -> Option<i64> {
        let mut first = None;
        let scope = Scope::row(block, row);
        self.matching.for_each(context, scope, ALWAYS, |run, at| {
            let time = run.times()[at];
            first = Some(first.map_or(time, |first: i64| first.min(time)));
        });
        first
    }

    /// The times of the first events of a block's rows, of those between some times.
    fn firsts(&self, context: &Context<'_>, block: usize, times: Bounds<i64>) -> Vec<i64> {
        let mut firsts = vec![NEVER; BLOCK_ROWS];
        let scope = Scope::block(block);
        self.matching.for_each(context, scope, times, |run, at| {
            let first = &mut firsts[usize::from(run.rows()[at])];
            *first = (*first).min(run.times()[at]);
        });
        firsts
    }
}

impl Leaf for First {
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        match self.times(context) {
            Some((window, before)) if self.cost(context, block) > 0 => {
                let firsts = self.firsts(context, block, before);
                i64::retain_in_range(&firsts, window.low, window.high, words);
            }
            _ => words.fill(0),
        }
    }

    fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        let times = self.times(context);
        times.map_or(0, |(_, before)| self.matching.cost(context, block, before))
    }

    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        let first = self.first(context, block, row);
        first.is_some_and(|first| self.window.contains(context.now_millis, first))
    }

    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value {
        self.first(context, block, row).into()
    }

    fn is_impossible(&self) -> bool {
        self.window.is_empty()
    }

    fn event_types(&self) -> Vec<u16> {
        vec![self.matching.event_type]
    }

    fn is_timed(&self) -> bool {
        self.window.is_timed()
    }

    fn next_flip(&self, context: &Context<'_>, block: usize, row: u16) -> Option<i64> {
        let first = self.first(context, block, row)?;
        self.window.next_flip(context.now_millis, first)
    }

    fn next_flips(&self, context: &Context<'_>, block: usize, flips: &mut [i64]) {
        if !self.window.is_timed() {
            return;
        }
        let firsts = self.firsts(context, block, ALWAYS);
        for (flip, first) in flips.iter_mut().zip(firsts) {
            if first != NEVER {
                let next = self.window.next_flip(context.now_millis, first);
                *flip = next.map_or(*flip, |next| next.min(*flip));
            }
        }
    }
}
