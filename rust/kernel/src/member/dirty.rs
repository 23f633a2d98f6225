//! The rows that a commit wrote, asked whether they satisfy plans.

use crate::bitmap::{BLOCK_WORDS, RowSet, Words};
use crate::column::BLOCK_ROWS;
use crate::rule::Plan;
use crate::schema::ColumnId;
use crate::table::{RowId, Version, block_and_row};

use super::gather::gathered;

/// Rows up to which each is asked by itself: evaluating a plan on gathered rows costs some microseconds however few they are, a row by
/// itself some tenths of one. Measured with 200 segments: 32 rows one by one 0.7 ms, 33 gathered 0.8 ms.
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
    /// On a version of nothing but these rows.
    Gathered(Box<Version>),
}

impl<'a> Dirty<'a> {
    /// Takes ascending rows; plans that are asked of them read these columns, and events of these types, each once.
    pub(super) fn new(
        version: &'a Version,
        rows: &'a [RowId],
        columns: impl Iterator<Item = ColumnId>,
        event_types: &[u16],
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
            Way::Gathered(Box::new(gathered(version, rows, columns, event_types)))
        };
        Self {
            version,
            rows,
            in_block,
            blocks,
            way,
        }
    }

    /// The rows, ascending.
    pub(super) fn rows(&self) -> &[RowId] {
        self.rows
    }

    /// Each block with its rows.
    fn runs(&self) -> impl Iterator<Item = (usize, &[u16])> {
        let ends = self.blocks.iter().skip(1).map(|&(_, first)| first);
        let ends = ends.chain([self.rows.len()]);
        let runs = self.blocks.iter().zip(ends);
        runs.map(|(&(block, first), end)| (block, &self.in_block[first..end]))
    }

    /// One bit for each row: whether the set of its block has it.
    pub(super) fn bits_in<'s>(&self, set_of: impl Fn(usize) -> Option<&'s RowSet>) -> Vec<u64> {
        let mut bits = Bits::with_capacity(self.rows.len());
        for (block, rows) in self.runs() {
            match set_of(block).filter(|set| !set.is_empty()) {
                None => bits.skip(rows.len()),
                Some(set) if rows.len() < RUN_WORTH_WORDS => {
                    bits.extend(rows.iter().map(|&row| set.contains(row)));
                }
                Some(set) => bits.extend_from(&set.to_words(), rows),
            }
        }
        bits.words
    }

    /// One bit for each row: whether it is live and satisfies a plan.
    pub(super) fn evaluate(&self, plan: &Plan) -> Vec<u64> {
        match &self.way {
            Way::ByBlock => self.evaluate_blocks(plan),
            Way::Gathered(version) => evaluate_all(plan, version),
            Way::ByRow => self.evaluate_rows(plan),
        }
    }

    fn evaluate_blocks(&self, plan: &Plan) -> Vec<u64> {
        let mut words = [0; BLOCK_WORDS];
        let mut bits = Bits::with_capacity(self.rows.len());
        for (block, rows) in self.runs() {
            plan.evaluate_block(self.version, block, &mut words);
            bits.extend_from(&words, rows);
        }
        bits.words
    }

    fn evaluate_rows(&self, plan: &Plan) -> Vec<u64> {
        let mut bits = Bits::with_capacity(self.rows.len());
        bits.extend(self.rows.iter().map(|&row| plan.matches(self.version, row)));
        bits.words
    }

    /// For each row, the next moment at which a plan's answer may change by itself; `i64::MAX` where there is none.
    pub(super) fn flips(&self, plan: &Plan, now_millis: i64) -> Vec<i64> {
        match &self.way {
            Way::ByBlock => self.flips_of_blocks(plan, now_millis),
            Way::Gathered(version) => flips_of_all(plan, version, now_millis),
            Way::ByRow => {
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
        for (block, rows) in self.runs() {
            let mut flips = vec![i64::MAX; BLOCK_ROWS];
            plan.next_flips(self.version, block, now_millis, &mut flips);
            all.extend(rows.iter().map(|&row| flips[usize::from(row)]));
        }
        all
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

/// Truth values as bits, one behind the other.
struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    fn with_capacity(n: usize) -> Self {
        let words = Vec::with_capacity(n.div_ceil(64));
        Self { words, len: 0 }
    }

    /// Appends falsehoods.
    fn skip(&mut self, n: usize) {
        self.len += n;
        self.words.resize(self.len.div_ceil(64), 0);
    }

    fn extend(&mut self, values: impl ExactSizeIterator<Item = bool>) {
        let first = self.len;
        self.skip(values.len());
        for (at, value) in (first..).zip(values) {
            self.words[at / 64] |= u64::from(value) << (at % 64);
        }
    }

    /// Appends for each row whether its bit is set.
    fn extend_from(&mut self, words: &Words, rows: &[u16]) {
        let is_set = |&row: &u16| words[usize::from(row >> 6)] >> (row & 63) & 1 == 1;
        self.extend(rows.iter().map(is_set));
    }
}
