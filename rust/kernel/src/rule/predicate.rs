//! One comparison of one column.

use serde_json::Value;

use crate::bitmap::Words;
use crate::column::{BLOCK_ROWS, Blocks, Column, OptionsBlock, PlainBlock, PlainValue, get};
use crate::schema::ColumnId;

use super::codes::CodeSet;
use super::context::Context;
use super::explain::value_of;
use super::leaf::Leaf;
use super::month_day::MonthDays;
use super::numbers::NumberSet;
use super::range::{Bounds, Overlap, Ranged};
use super::text::TextTest;
use super::window::Window;

/// What reading a set of rows of a block costs: its words, in bytes.
const SET_BYTES: usize = BLOCK_ROWS / 8;

/// A comparison that fits its column, with its operand ready.
#[derive(Debug)]
pub(super) struct Predicate {
    pub(super) column: ColumnId,
    pub(super) test: Test,
}

/// What is asked of a value.
#[derive(Debug)]
pub(super) enum Test {
    /// It is there.
    Provided,
    /// The text passes.
    Text(Box<dyn TextTest>),
    /// The number lies in a range.
    Number(Bounds<f64>),
    /// The day lies in a range.
    Date(Bounds<i32>),
    /// The time lies in a range.
    DateTime(Bounds<i64>),
    /// The option is one of these.
    Code(CodeSet),
    /// One of the options is one of these.
    Options(CodeSet),
    /// The number is one of these.
    NumberIn(NumberSet<f64>),
    /// The day is one of these.
    DateIn(NumberSet<i32>),
    /// The time is one of these.
    DateTimeIn(NumberSet<i64>),
    /// The day is one of these of its year.
    MonthDayIn(MonthDays),
    /// The time lies in a window.
    Within(Window),
    /// Nothing passes.
    Never,
}

impl Leaf for Predicate {
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        let passed = context
            .version
            .column(self.column)
            .and_then(|column| self.test.retain(column, context.now_millis, block, words));
        if passed.is_none() {
            words.fill(0);
        }
    }

    fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        context
            .version
            .column(self.column)
            .and_then(|column| self.test.cost(column, context.now_millis, block))
            .unwrap_or(0)
    }

    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        context
            .version
            .column(self.column)
            .and_then(|column| self.test.matches(column, context.now_millis, block, row))
            .unwrap_or(false)
    }

    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value {
        let column = context.version.column(self.column);
        column
            .and_then(|column| value_of(column, block, row))
            .unwrap_or_default()
    }

    fn is_impossible(&self) -> bool {
        matches!(self.test, Test::Never)
    }

    fn columns(&self) -> Vec<ColumnId> {
        vec![self.column]
    }

    fn is_timed(&self) -> bool {
        matches!(&self.test, Test::Within(window) if window.is_timed())
    }

    fn next_flip(&self, context: &Context<'_>, block: usize, row: u16) -> Option<i64> {
        let (window, times) = self.times(context, block)?;
        window.next_flip(context.now_millis, times.get(row)?)
    }

    fn next_flips(&self, context: &Context<'_>, block: usize, flips: &mut [i64]) {
        let Some((window, times)) = self.times(context, block) else {
            return;
        };
        for row in times.presence() {
            let Some(flip) = flips.get_mut(usize::from(row)) else {
                return;
            };
            let time = times.values()[usize::from(row)];
            let next = window.next_flip(context.now_millis, time);
            *flip = next.map_or(*flip, |next| next.min(*flip));
        }
    }
}

impl Predicate {
    /// The moving window and a block's times.
    fn times<'a>(
        &self,
        context: &Context<'a>,
        block: usize,
    ) -> Option<(Window, &'a PlainBlock<i64>)> {
        match (&self.test, context.version.column(self.column)?) {
            (Test::Within(window), Column::DateTime(blocks)) => {
                Some((*window, get(blocks, block)?))
            }
            _ => None,
        }
    }
}

impl Test {
    /// Keeps the bits of rows whose value passes; `None` when nothing is stored that could.
    fn retain(
        &self,
        column: &Column,
        now_millis: i64,
        block: usize,
        words: &mut Words,
    ) -> Option<()> {
        match (self, column) {
            (Self::Provided, column) => column.presence(block)?.and_into(words),
            (Self::Text(test), Column::Text(blocks) | Column::ExactText(blocks)) => {
                test.retain_in_block(get(blocks, block)?, words);
            }
            (Self::Number(bounds), Column::Number(blocks)) => {
                retain_in_range(get(blocks, block)?, *bounds, words);
            }
            (Self::Date(bounds), Column::Date(blocks)) => {
                retain_in_range(get(blocks, block)?, *bounds, words);
            }
            (Self::DateTime(bounds), Column::DateTime(blocks)) => {
                retain_in_range(get(blocks, block)?, *bounds, words);
            }
            (Self::Code(codes), Column::MultiSelectOne(blocks)) => {
                retain_codes(get(blocks, block)?, codes, words);
            }
            (Self::Options(codes), Column::Boolean(blocks) | Column::MultiSelectMany(blocks)) => {
                retain_options(get(blocks, block)?, codes, words);
            }
            (Self::NumberIn(set), Column::Number(blocks)) => set.retain(get(blocks, block)?, words),
            (Self::DateIn(set), Column::Date(blocks)) => set.retain(get(blocks, block)?, words),
            (Self::DateTimeIn(set), Column::DateTime(blocks)) => {
                set.retain(get(blocks, block)?, words);
            }
            (Self::MonthDayIn(days), Column::Date(blocks)) => {
                days.retain(get(blocks, block)?, words);
            }
            (Self::Within(window), Column::DateTime(blocks)) => {
                retain_in_range(get(blocks, block)?, window.bounds(now_millis)?, words);
            }
            _ => return None,
        }
        Some(())
    }

    /// About the bytes that are read for a block; `None` when nothing is stored that could pass.
    fn cost(&self, column: &Column, now_millis: i64, block: usize) -> Option<usize> {
        match (self, column) {
            (Self::Provided, column) => column.presence(block).map(|_| SET_BYTES),
            (Self::Text(test), Column::Text(blocks) | Column::ExactText(blocks)) => {
                Some(test.cost_of_block(get(blocks, block)?))
            }
            (Self::Number(bounds), Column::Number(blocks)) => cost_of_range(blocks, block, bounds),
            (Self::Date(bounds), Column::Date(blocks)) => cost_of_range(blocks, block, bounds),
            (Self::DateTime(bounds), Column::DateTime(blocks)) => {
                cost_of_range(blocks, block, bounds)
            }
            (Self::NumberIn(set), Column::Number(blocks)) => set.cost(get(blocks, block)?),
            (Self::DateIn(set), Column::Date(blocks)) => set.cost(get(blocks, block)?),
            (Self::DateTimeIn(set), Column::DateTime(blocks)) => set.cost(get(blocks, block)?),
            (Self::MonthDayIn(_), Column::Date(blocks)) => {
                Some(size_of_val(get(blocks, block)?.values()))
            }
            (Self::Within(window), Column::DateTime(blocks)) => {
                cost_of_range(blocks, block, &window.bounds(now_millis)?)
            }
            (Self::Code(codes), Column::MultiSelectOne(blocks)) => {
                let block = get(blocks, block)?;
                codes
                    .overlaps(block.range()?)
                    .then(|| size_of_val(block.values()))
            }
            (Self::Options(codes), Column::Boolean(blocks) | Column::MultiSelectMany(blocks)) => {
                let block = get(blocks, block)?;
                let sets = codes
                    .codes()
                    .iter()
                    .filter_map(|&code| block.with_option(code))
                    .count();
                Some(sets * SET_BYTES)
            }
            _ => None,
        }
    }

    /// Whether the value of one row passes; `None` when it is absent.
    fn matches(&self, column: &Column, now_millis: i64, block: usize, row: u16) -> Option<bool> {
        Some(match (self, column) {
            (Self::Provided, column) => column.presence(block)?.contains(row),
            (Self::Text(test), Column::Text(blocks) | Column::ExactText(blocks)) => {
                test.matches(get(blocks, block)?.folded(row)?)
            }
            (Self::Number(bounds), Column::Number(blocks)) => {
                bounds.contains(&get(blocks, block)?.get(row)?)
            }
            (Self::Date(bounds), Column::Date(blocks)) => {
                bounds.contains(&get(blocks, block)?.get(row)?)
            }
            (Self::DateTime(bounds), Column::DateTime(blocks)) => {
                bounds.contains(&get(blocks, block)?.get(row)?)
            }
            (Self::Code(codes), Column::MultiSelectOne(blocks)) => {
                codes.contains(get(blocks, block)?.get(row)?)
            }
            (Self::Options(codes), Column::Boolean(blocks) | Column::MultiSelectMany(blocks)) => {
                let block = get(blocks, block)?;
                let sets = codes
                    .codes()
                    .iter()
                    .filter_map(|&code| block.with_option(code));
                sets.into_iter().any(|rows| rows.contains(row))
            }
            (Self::NumberIn(set), Column::Number(blocks)) => {
                set.contains(get(blocks, block)?.get(row)?)
            }
            (Self::DateIn(set), Column::Date(blocks)) => {
                set.contains(get(blocks, block)?.get(row)?)
            }
            (Self::DateTimeIn(set), Column::DateTime(blocks)) => {
                set.contains(get(blocks, block)?.get(row)?)
            }
            (Self::MonthDayIn(days), Column::Date(blocks)) => {
                days.contains(get(blocks, block)?.get(row)?)
            }
            (Self::Within(window), Column::DateTime(blocks)) => {
                window.contains(now_millis, get(blocks, block)?.get(row)?)
            }
            _ => return None,
        })
    }
}

fn retain_in_range<T: PlainValue + Ranged>(
    block: &PlainBlock<T>,
    bounds: Bounds<T>,
    words: &mut Words,
) {
    match block
        .range()
        .map_or(Overlap::None, |range| bounds.overlap(range))
    {
        Overlap::None => words.fill(0),
        Overlap::All => block.presence().and_into(words),
        Overlap::Some => {
            block.presence().and_into(words);
            T::retain_in_range(block.values(), bounds.low, bounds.high, words);
        }
    }
}

fn cost_of_range<T: PlainValue>(
    blocks: &Blocks<PlainBlock<T>>,
    block: usize,
    bounds: &Bounds<T>,
) -> Option<usize> {
    let block = get(blocks, block)?;
    match bounds.overlap(block.range()?) {
        Overlap::None => None,
        Overlap::All => Some(SET_BYTES),
        Overlap::Some => Some(size_of_val(block.values())),
    }
}

fn retain_codes(block: &PlainBlock<u16>, codes: &CodeSet, words: &mut Words) {
    if block.range().is_some_and(|range| codes.overlaps(range)) {
        block.presence().and_into(words);
        codes.retain(block.values(), words);
    } else {
        words.fill(0);
    }
}

fn retain_options(block: &OptionsBlock, codes: &CodeSet, words: &mut Words) {
    let mut sets = codes
        .codes()
        .iter()
        .filter_map(|&code| block.with_option(code));
    match (sets.next(), sets.next()) {
        (None, _) => words.fill(0),
        (Some(only), None) => only.and_into(words),
        (Some(first), Some(second)) => {
            let mut any = first.to_words();
            second.or_into(&mut any);
            sets.for_each(|set| set.or_into(&mut any));
            words
                .iter_mut()
                .zip(&any)
                .for_each(|(word, any)| *word &= any);
        }
    }
}
