//! A share of the profiles, the same ones for a salt.

use serde_json::Value;

use crate::bitmap::Words;
use crate::column::{Arena, Column, TextBlock, get};
use crate::error::Result;
use crate::schema::builtin;

use super::condition::{Sample, invalid};
use super::context::Context;
use super::hash::Fnv1a;
use super::leaf::Leaf;
use super::selection::retain_by_row;
use super::text::TextTest;

/// Bits of a hash that count: a fraction below 1 of so many bits is exact as an `f64`.
const FRACTION_BITS: u32 = 53;

/// Bits of a hash that do not count.
const UNUSED_BITS: u32 = u64::BITS - FRACTION_BITS;

/// Ids that are hashed side by side.
const LANES: usize = 8;

/// Standing rows of a word from which on all of its rows are hashed.
const MANY_ROWS: u32 = 32;

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
        self.salted.with(profile_id).finish() >> UNUSED_BITS
    }

    /// One bit for each of some ids. Their bytes are taken in turn, so that the processor need not wait for one product after the other.
    #[inline]
    fn matching(&self, ids: [&[u8]; LANES]) -> u64 {
        let shortest = ids.iter().map(|id| id.len()).min().unwrap_or(0);
        let heads = ids.map(|id| &id[..shortest]);
        let mut hashes = [self.salted; LANES];
        for at in 0..shortest {
            for (hash, head) in hashes.iter_mut().zip(heads) {
                *hash = hash.with(&head[at..=at]);
            }
        }
        let lanes = hashes.into_iter().zip(ids).zip(0..);
        lanes.fold(0, |mask, ((hash, id), lane)| {
            let hash = hash.with(&id[shortest..]).finish();
            mask | u64::from(hash >> UNUSED_BITS < self.limit) << lane
        })
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

    /// # Cost
    /// About five nanoseconds a row where many stand.
    fn retain_in_arena(&self, texts: &Arena, words: &mut Words) {
        for (word, first) in words.iter_mut().zip((0..).step_by(64)) {
            if word.count_ones() < MANY_ROWS {
                retain_by_row(std::slice::from_mut(word), |row| {
                    TextTest::matches(self, texts.get(first + row))
                });
                continue;
            }
            *word &= (0..64).step_by(LANES).fold(0, |mask, lane| {
                let ids = std::array::from_fn(|i| texts.get(first + lane + i));
                mask | self.matching(ids) << lane
            });
        }
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
