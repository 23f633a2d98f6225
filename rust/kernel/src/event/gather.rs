//! The events of some rows side by side, as if those rows were all there are.
//!
//! Plans that are asked of ten thousand rows scattered over a million then read the events of ten thousand rows, which were looked for once for
//! all plans.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::block::EventBlock;
use super::run::Run;
use super::store::{Events, TypeEvents};
use crate::bitmap::to_row;
use crate::column::BLOCK_ROWS;
use crate::table::{RowId, block_and_row};

/// Rows that lie in one block, and what becomes of them.
struct Part {
    /// The block they are in, and the one they come to.
    from: usize,
    to: usize,
    /// Ascending.
    rows: Vec<u16>,
    /// What the first of them becomes; the others follow it.
    first: usize,
}

/// Gathers the events of some types of ascending rows: row `i` of the answer is the `i`-th of them. Nothing is to be stored in the
/// answer, which is without ids, contents and ticks.
///
/// # Cost
/// Each run of the rows' blocks is walked once, or the rows are looked for in it when that takes fewer steps.
pub(crate) fn gathered(events: &Events, types: &[u16], rows: &[RowId]) -> Events {
    let parts = parts_of(rows);
    let of_type = |&code: &u16| Some((code, of_parts(events.of_type(code)?, &parts)));
    Events::from_types(types.par_iter().filter_map(of_type).collect::<Vec<_>>())
}

fn parts_of(rows: &[RowId]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (position, &row) in rows.iter().enumerate() {
        let (from, row) = block_and_row(row);
        let (to, first) = (position / BLOCK_ROWS, position % BLOCK_ROWS);
        match parts.last_mut() {
            Some(part) if part.from == from && part.to == to => part.rows.push(row),
            _ => parts.push(Part {
                from,
                to,
                rows: vec![row],
                first,
            }),
        }
    }
    parts
}

fn of_parts(events: &TypeEvents, parts: &[Part]) -> TypeEvents {
    let found: Vec<(usize, i32, Run)> = parts
        .par_iter()
        .filter_map(|part| Some((part, events.block(part.from)?)))
        .flat_map_iter(|(part, block)| {
            let runs = block.bucketed_runs().iter();
            runs.filter_map(|(bucket, run)| Some((part.to, *bucket, part.found_in(run)?)))
        })
        .collect();
    let mut by_bucket: BTreeMap<(usize, i32), Vec<Run>> = BTreeMap::new();
    for (block, bucket, run) in found {
        by_bucket.entry((block, bucket)).or_default().push(run);
    }
    let by_bucket: Vec<_> = by_bucket.into_iter().collect();
    let merged: Vec<_> = by_bucket
        .into_par_iter()
        .filter_map(|((block, bucket), runs)| {
            let all: Vec<&Run> = runs.iter().collect();
            Some((block, (bucket, Arc::new(Run::merged(&all, |_| true)?))))
        })
        .collect();
    let blocks = merged.chunk_by(|a, b| a.0 == b.0).map(|runs| {
        let bucketed = runs.iter().map(|(_, run)| run.clone()).collect();
        (runs[0].0, EventBlock::from_runs(bucketed))
    });
    events.with_blocks(blocks)
}

impl Part {
    /// The events of the part's rows, with what the rows become.
    fn found_in(&self, run: &Run) -> Option<Run> {
        let (mut positions, mut rows) = (Vec::new(), Vec::new());
        let mut found = |nth: usize, range: Range<usize>| {
            for at in range {
                positions.push(u32::try_from(at).expect("runs have fewer events than 2^32"));
                rows.push(to_row(self.first + nth));
            }
        };
        let steps_a_row = run.len().ilog2() as usize + 1;
        if self.rows.len() * steps_a_row < run.len() {
            for (nth, &row) in self.rows.iter().enumerate() {
                found(nth, run.of_row(row));
            }
        } else {
            self.walk(run.rows(), &mut found);
        }
        (!positions.is_empty()).then(|| run.picked(&positions, rows))
    }

    /// Walks the part's rows and those of events, both ascending, and calls a function with each row that both have.
    fn walk(&self, of_events: &[u16], mut found: impl FnMut(usize, Range<usize>)) {
        let mut nth = 0;
        for (at, &row) in of_events.iter().enumerate() {
            while self.rows.get(nth).is_some_and(|&wanted| wanted < row) {
                nth += 1;
            }
            match self.rows.get(nth) {
                Some(&wanted) if wanted == row => found(nth, at..at + 1),
                Some(_) => {}
                None => return,
            }
        }
    }
}
