//! A share of the profiles, the same ones for a salt.

use serde_json::Value;

use crate::bitmap::Words;
use crate::column::{Column, TextBlock, get};
use crate::error::Result;
use crate::schema::builtin;

use super::condition::{Sample, invalid};
use super::context::Context;
use super::hash::Fnv1a;
use super::leaf::Leaf;
use super::text::TextTest;

/// Bits of a hash that count: a fraction below 1 of so many bits is exact as an `f64`.
const FRACTION_BITS: u32 = 53;

/// The profiles whose hash of salt, a zero byte and profile id lies below a limit.
#[derive(Debug)]
pub(super) struct Share {
    salted: Fnv1a,
    /// Hashes below it belong to the sample; [`FRACTION_BITS`] bits.
    limit: u64,
}

impl Share {
    /// Prepares a sample of 0 to 100 percent.
    pub(super) fn new(sample: &Sample) -> Result<Self> {
        if !(0.0..=100.0).contains(&sample.percent) {
            return Err(invalid(
                "percent of a sample is not within 0 to 100".to_owned(),
            ));
        }
        let limit = sample.percent / 100.0 * scale();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to 2^53"
        )]
        Ok(Self {
            salted: Fnv1a::new().with(sample.salt.as_bytes()).with(&[0]),
            limit: limit.ceil() as u64,
        })
    }

    #[inline]
    fn fraction(&self, profile_id: &[u8]) -> u64 {
        self.salted.with(profile_id).finish() >> (u64::BITS - FRACTION_BITS)
    }

    fn ids<'a>(context: &Context<'a>, block: usize) -> Option<&'a TextBlock> {
        match context.version.column(builtin::PROFILE_ID)? {
            Column::ExactText(blocks) => get(blocks, block),
            _ => None,
        }
    }
}

/// How many fractions there are.
fn scale() -> f64 {
    f64::from(FRACTION_BITS).exp2()
}

impl TextTest for Share {
    #[inline]
    fn matches(&self, text: &[u8]) -> bool {
        self.fraction(text) < self.limit
    }
}

impl Leaf for Share {
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        match Self::ids(context, block) {
            Some(ids) => self.retain_in_block(ids, words),
            None => words.fill(0),
        }
    }

    fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        Self::ids(context, block).map_or(0, |ids| self.cost_of_block(ids))
    }

    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        Self::ids(context, block)
            .and_then(|ids| ids.folded(row))
            .is_some_and(|id| TextTest::matches(self, id))
    }

    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value {
        let id = Self::ids(context, block).and_then(|ids| ids.folded(row));
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        id.map_or(Value::Null, |id| {
            (self.fraction(id) as f64 / scale() * 100.0).into()
        })
    }

    fn is_impossible(&self) -> bool {
        self.limit == 0
    }
}
