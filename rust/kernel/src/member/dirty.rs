//! The rows that a commit wrote, asked whether they satisfy plans.

use crate::bitmap::{BLOCK_WORDS, RowSet};
use crate::column::BLOCK_ROWS;
use crate::rule::Plan;
use crate::schema::ColumnId;
use crate::table::{RowId, Version, block_and_row};

use super::gather::gathered;

/// Rows up to which each is asked by itself: evaluating a plan on gathered rows costs some microseconds however few they are, a row by
/// itself some tenths of one.
const ROWS_ASKED_ONE_BY_ONE: usize = 32;

/// One row in so many of the blocks they lie in is dirty: from here on whole blocks are evaluated and nothing is gathered.
const DENSE_SHARE: usize = 8;

/// Rows of a run from which its bits are read from words.
const RUN_WORTH_WORDS: usize = 64;

/// Dirty rows of a version, ascending.
pub(super) struct Dirty<'a> {
    version: &'a Version,
    rows: &'a [RowId],
    in_block: Vec<u16>,
    /// Each block that has some, with the position of its first.
    blocks: Vec<(usize, usize)>,
    way: Way,
}

/// How plans are evaluated on the rows.
enum Way {
    /// Row by row.
    ByRow,
    /// Whole blocks.
    ByBlock,
    /// On a version of nothing but these rows; plans that read events, row by row.
    Gathered(Box<Version>),
}

/// Dirty rows of one block.
pub(super) struct Run<'a> {
    pub(super) block: usize,
    /// Position of the first among all dirty rows.
    pub(super) first: usize,
    pub(super) rows: &'a [u16],
}

impl<'a> Dirty<'a> {
    /// Takes ascending rows; plans that are asked of them read these columns.
    pub(super) fn new(
        version: &'a Version,
        rows: &'a [RowId],
        columns: impl Iterator<Item = ColumnId>,
    ) -> Self {
        let mut blocks: Vec<(usize, usize)> = Vec::new();
        let mut in_block = Vec::with_capacity(rows.len());
        for (position, &row) in rows.iter().enumerate() {
            let (block, row) = block_and_row(row);
            if blocks.last().is_none_or(|&(last, _)| last != block) {
                blocks.push((block, position));
            }
            in_block.push(row);
        }
        let way = if rows.len() <= ROWS_ASKED_ONE_BY_ONE {
            Way::ByRow
        } else if rows.len() >= blocks.len() * BLOCK_ROWS / DENSE_SHARE {
            Way::ByBlock
        } else {
            Way::Gathered(Box::new(gathered(version, rows, columns)))
        };
        Self {
            version,
            rows,
            in_block,
            blocks,
            way,
        }
    }

    /// The rows block by block.
    pub(super) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        self.blocks.iter().enumerate().map(|(i, &(block, first))| {
            let end = self
                .blocks
                .get(i + 1)
                .map_or(self.rows.len(), |next| next.1);
            let rows = &self.in_block[first..end];
            Run { block, first, rows }
        })
    }

    /// One bit for each row: whether it is live and satisfies a plan.
    pub(super) fn evaluate(&self, plan: &Plan, reads_events: bool) -> Vec<u64> {
        match &self.way {
            Way::ByBlock => self.evaluate_blocks(plan),
            Way::Gathered(version) if !reads_events => evaluate_all(plan, version),
            _ => bits(self.rows.iter().map(|&row| plan.matches(self.version, row))),
        }
    }

    fn evaluate_blocks(&self, plan: &Plan) -> Vec<u64> {
        let mut words = [0; BLOCK_WORDS];
        bits(self.runs().flat_map(|run| {
            plan.evaluate_block(self.version, run.block, &mut words);
            let is_member = |&row: &u16| has_bit(&words, row.into());
            run.rows.iter().map(is_member).collect::<Vec<_>>()
        }))
    }

    /// For each row, the next moment at which a plan's answer may change by itself; `i64::MAX` where there is none.
    pub(super) fn flips(&self, plan: &Plan, reads_events: bool, now_millis: i64) -> Vec<i64> {
        match &self.way {
            Way::ByBlock => self.flips_of_blocks(plan, now_millis),
            Way::Gathered(version) if !reads_events => flips_of_all(plan, version, now_millis),
            _ => {
                let flip = |&row| plan.next_flip(self.version, row, now_millis);
                self.rows
                    .iter()
                    .map(|row| flip(row).unwrap_or(i64::MAX))
                    .collect()
            }
        }
    }

    fn flips_of_blocks(&self, plan: &Plan, now_millis: i64) -> Vec<i64> {
        let mut all = Vec::with_capacity(self.rows.len());
        for run in self.runs() {
            let mut flips = vec![i64::MAX; BLOCK_ROWS];
            plan.next_flips(self.version, run.block, now_millis, &mut flips);
            all.extend(run.rows.iter().map(|&row| flips[usize::from(row)]));
        }
        all
    }
}

impl Run<'_> {
    /// One bit for each row of the run: whether a set of its block has it.
    pub(super) fn bits_in(&self, set: &RowSet) -> Vec<u64> {
        if self.rows.len() < RUN_WORTH_WORDS {
            return bits(self.rows.iter().map(|&row| set.contains(row)));
        }
        let words = set.to_words();
        bits(self.rows.iter().map(|&row| has_bit(&words, row.into())))
    }
}

/// Evaluates a plan on every row of a version.
fn evaluate_all(plan: &Plan, version: &Version) -> Vec<u64> {
    let mut all = Vec::with_capacity(version.n_blocks() * BLOCK_WORDS);
    for block in 0..version.n_blocks() {
        let mut words = [0; BLOCK_WORDS];
        plan.evaluate_block(version, block, &mut words);
        all.extend_from_slice(&words);
    }
    all
}

fn flips_of_all(plan: &Plan, version: &Version, now_millis: i64) -> Vec<i64> {
    let mut flips = vec![i64::MAX; version.n_rows()];
    for (block, flips) in flips.chunks_mut(BLOCK_ROWS).enumerate() {
        plan.next_flips(version, block, now_millis, flips);
    }
    flips
}

/// Whether a bit is set.
pub(super) fn has_bit(words: &[u64], position: usize) -> bool {
    words[position / 64] >> (position % 64) & 1 == 1
}

/// Truth values as bits, in their order.
fn bits(values: impl Iterator<Item = bool>) -> Vec<u64> {
    let mut words = Vec::with_capacity(values.size_hint().0.div_ceil(64));
    let mut word = 0;
    let mut n = 0;
    for value in values {
        word |= u64::from(value) << (n % 64);
        n += 1;
        if n % 64 == 0 {
            words.push(std::mem::take(&mut word));
        }
    }
    words.push(word);
    words
}
