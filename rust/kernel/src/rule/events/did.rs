//! How many events there are, or what a property of them sums up to.

use serde_json::Value;

use super::matching::{Matching, Scope, type_of};
use super::property::property_of;
use super::written::Did;
use crate::bitmap::Words;
use crate::column::BLOCK_ROWS;
use crate::error::Result;
use crate::event::PropertyKind;
use crate::event::run::Run;
use crate::event::values::{Stored, Values};
use crate::rule::condition::invalid;
use crate::rule::context::Context;
use crate::rule::leaf::Leaf;
use crate::rule::range::{Bounds, Ranged};
use crate::rule::window::Window;
use crate::schema::Schema;

/// The number of events in a window, or the sum of a property over them, lies in a range. No events count and sum as 0.
#[derive(Debug)]
pub(in crate::rule) struct Count {
    matching: Matching,
    window: Window,
    /// Number of the property that is summed up.
    sum_of: Option<usize>,
    /// `None` when no number lies in the range.
    range: Option<Bounds<f64>>,
}

/// A sum with what rounding left of it, so that the order of adding does not show.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    rounded: f64,
    rest: f64,
}

impl Sum {
    /// Adds a number exactly, as far as two doubles hold it (Knuth's two-sum).
    fn add(&mut self, number: f64) {
        let sum = self.rounded + number;
        let of_number = sum - self.rounded;
        self.rest += (self.rounded - (sum - of_number)) + (number - of_number);
        self.rounded = sum;
    }

    fn value(self) -> f64 {
        let sum = self.rounded + self.rest;
        if sum.is_nan() { self.rounded } else { sum }
    }
}

impl Count {
    /// Prepares a count or sum.
    pub(in crate::rule) fn new(schema: &Schema, did: &Did) -> Result<Self> {
        let event_type = type_of(schema, did.event_type)?;
        let sum_of = did.sum_of.map(|number| {
            let (property, kind) = property_of(event_type, number.into())?;
            if kind == PropertyKind::Number {
                Ok(property)
            } else {
                Err(invalid(format!(
                    "property {property}, {kind:?}, has no sum"
                )))
            }
        });
        let low = did.low.as_ref().map(|bound| (bound, did.low_inclusive));
        let high = did.high.as_ref().map(|bound| (bound, did.high_inclusive));
        Ok(Self {
            matching: Matching::new(schema, did.event_type, &did.tests)?,
            window: did.window,
            sum_of: sum_of.transpose()?,
            range: Bounds::of_numbers(low, high),
        })
    }

    /// Calls a function with each event and what it adds.
    fn for_each(&self, context: &Context<'_>, scope: Scope, mut found: impl FnMut(u16, f64)) {
        let Some(times) = self.window.bounds(context.now_millis) else {
            return;
        };
        self.matching.for_each(context, scope, times, |run, at| {
            if let Some(number) = self.number(run, at) {
                found(run.rows()[at], number);
            }
        });
    }

    /// What an event adds.
    fn number(&self, run: &Run, at: usize) -> Option<f64> {
        let Some(property) = self.sum_of else {
            return Some(1.0);
        };
        match run.values(property)? {
            Values::Number(values) => Some(values[at]).filter(|number| number.is_present()),
            _ => None,
        }
    }

    fn value(&self, context: &Context<'_>, block: usize, row: u16) -> f64 {
        let mut sum = Sum::default();
        self.for_each(context, Scope::row(block, row), |_, number| sum.add(number));
        sum.value()
    }

    fn holds(&self, value: f64) -> bool {
        self.range.is_some_and(|range| range.contains(&value))
    }

    fn retain_sums(
        &self,
        context: &Context<'_>,
        block: usize,
        range: Bounds<f64>,
        words: &mut Words,
    ) {
        let mut sums = vec![Sum::default(); BLOCK_ROWS];
        self.for_each(context, Scope::block(block), |row, number| {
            sums[usize::from(row)].add(number);
        });
        let sums: Vec<f64> = sums.into_iter().map(Sum::value).collect();
        f64::retain_in_range(&sums, range.low, range.high, words);
    }

    fn retain_counts(
        &self,
        context: &Context<'_>,
        block: usize,
        range: Bounds<f64>,
        words: &mut Words,
    ) {
        let Some(range) = whole_numbers(range) else {
            return words.fill(0);
        };
        let mut counts = vec![0_i32; BLOCK_ROWS];
        if let Some(times) = self.window.bounds(context.now_millis) {
            let scope = Scope::block(block);
            self.matching.for_each(context, scope, times, |run, at| {
                counts[usize::from(run.rows()[at])] += 1;
            });
        }
        i32::retain_in_range(&counts, range.low, range.high, words);
    }
}

/// The counts in a range.
#[expect(
    clippy::cast_possible_truncation,
    reason = "cut to the counts that are possible"
)]
fn whole_numbers(range: Bounds<f64>) -> Option<Bounds<i32>> {
    let (low, high) = (range.low.ceil(), range.high.floor());
    let can_be = low <= f64::from(i32::MAX) && high >= 0.0;
    can_be
        .then(|| Bounds::new(low as i32, high as i32))
        .flatten()
}

impl Leaf for Count {
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        let Some(range) = self.range else {
            return words.fill(0);
        };
        if self.cost(context, block) == 0 {
            if !self.holds(0.0) {
                words.fill(0);
            }
        } else if self.sum_of.is_some() {
            self.retain_sums(context, block, range, words);
        } else {
            self.retain_counts(context, block, range, words);
        }
    }

    fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        let times = self.window.bounds(context.now_millis);
        times.map_or(0, |times| self.matching.cost(context, block, times))
    }

    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        self.holds(self.value(context, block, row))
    }

    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value {
        let value = self.value(context, block, row);
        match self.sum_of {
            Some(_) => value.into(),
            None => count_as_json(value),
        }
    }

    fn is_impossible(&self) -> bool {
        self.range.is_none()
    }

    fn event_types(&self) -> Vec<u16> {
        vec![self.matching.event_type]
    }

    fn is_timed(&self) -> bool {
        self.window.is_timed()
    }

    fn next_flip(&self, context: &Context<'_>, block: usize, row: u16) -> Option<i64> {
        self.matching.next_flip(context, block, row, self.window)
    }

    fn next_flips(&self, context: &Context<'_>, block: usize, flips: &mut [i64]) {
        self.matching.next_flips(context, block, self.window, flips);
    }
}

/// A count without a fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole and not below zero"
)]
fn count_as_json(count: f64) -> Value {
    (count as u64).into()
}
