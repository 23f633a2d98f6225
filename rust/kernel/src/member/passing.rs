//! What the passing of time does to members.

use std::sync::Arc;

use rayon::prelude::*;

use super::dirty::Dirty;
use super::due::{Due, What};
use super::maintainer::{Maintainer, lock, position, update};
use crate::column::BLOCK_ROWS;
use crate::table::{RowId, Version, row_id};

/// How far ahead the rows of a search fall due by themselves. Later ones are found by the next search, so that a segment of a million
/// rolling windows does not keep a million moments in memory.
const AHEAD_MILLIS: i64 = 3_600_000;

/// The moment up to which rows fall due by themselves.
pub(super) fn ahead_of(moment: i64) -> i64 {
    moment.saturating_add(AHEAD_MILLIS)
}

impl Maintainer {
    /// Whether something falls due up to a moment.
    pub(crate) fn is_due(&self, now_millis: i64) -> bool {
        self.dues.next().is_some_and(|moment| moment <= now_millis)
    }

    /// Moves all segments to a moment, unless they are there: whatever falls due until then happens in order of moments. Answers how many
    /// rows entered or left.
    pub(crate) fn advance(&mut self, version: &mut Version, now_millis: i64) -> usize {
        let mut n_changes = 0;
        while let Some(dues) = self.dues.take_first(now_millis) {
            version.members.moment = version.members.moment.max(dues[0].moment);
            for of_segment in dues.chunk_by(|a, b| a.segment == b.segment) {
                n_changes += self.take_due(version, of_segment, now_millis);
            }
        }
        version.members.moment = version.members.moment.max(now_millis);
        self.reach(version);
        n_changes
    }

    /// Does what is due of one segment at one moment.
    fn take_due(&mut self, version: &mut Version, dues: &[Due], until: i64) -> usize {
        let number = dues[0].segment;
        let Some(segment) = self.segments.get(&number) else {
            return 0;
        };
        let moment = version.members.moment;
        let plan = segment.plan.at(moment);
        let row = |due: &Due| match due.what {
            What::Row(row) => Some(row),
            What::Search => None,
        };
        let rows: Vec<RowId> = dues.iter().filter_map(row).collect();
        let is_search = rows.len() < dues.len() && segment.next_search == Some(moment);
        let mut sets = std::mem::take(&mut version.members.sets);
        let dirty = Dirty::new(
            version,
            &rows,
            segment.columns.iter().copied(),
            &segment.event_types,
        );
        let is_member = dirty.evaluate(&plan);
        let flips = dirty.flips(&plan, moment);
        let set = Arc::make_mut(&mut sets).get_mut(&number);
        let difference = set.map(|set| update(set, &dirty, &is_member));
        let difference = difference.unwrap_or_default();
        version.members.sets = sets;
        lock(&self.history).record(position(version), number, &difference);
        let ahead = until.max(ahead_of(moment));
        self.expect(number, flips.into_iter().zip(rows), ahead);
        if is_search {
            self.search(version, number, until);
        }
        difference.len()
    }

    /// Finds the rows of a timed segment that fall due after the version's moment.
    ///
    /// # Cost
    /// A pass over what the timed parts of the plan read. Rows due until some moment are all found at once.
    pub(super) fn search(&mut self, version: &Version, number: u32, until: i64) {
        let moment = version.members.moment;
        let ahead = until.max(ahead_of(moment));
        let Some(segment) = self.segments.get_mut(&number).filter(|one| one.is_timed) else {
            return;
        };
        segment.next_search = None;
        let plan = segment.plan.at(moment);
        let found: Vec<(Vec<(i64, RowId)>, i64)> = (0..version.n_blocks())
            .into_par_iter()
            .map(|block| {
                let rows = BLOCK_ROWS.min(version.n_rows() - block * BLOCK_ROWS);
                let mut flips = vec![i64::MAX; rows];
                plan.next_flips(version, block, moment, &mut flips);
                let later = flips.iter().copied().filter(|&flip| flip > ahead).min();
                let rows = version.live(block).iter();
                let due = rows.map(|row| (flips[usize::from(row)], row_id(block, row)));
                let due = due.filter(|&(flip, _)| flip <= ahead).collect();
                (due, later.unwrap_or(i64::MAX))
            })
            .collect();
        for (due, later) in found {
            let later = (later, RowId::MAX);
            self.expect(number, due.into_iter().chain([later]), ahead);
        }
    }

    /// Notes when rows fall due: those until `ahead` each by itself, for the others a search before the first of them.
    pub(super) fn expect(
        &mut self,
        number: u32,
        due: impl Iterator<Item = (i64, RowId)>,
        ahead: i64,
    ) {
        let mut later = i64::MAX;
        for (moment, row) in due {
            if moment <= ahead {
                self.dues.push(Due {
                    moment,
                    segment: number,
                    what: What::Row(row),
                });
            } else {
                later = later.min(moment);
            }
        }
        let Some(segment) = self.segments.get_mut(&number).filter(|_| later < i64::MAX) else {
            return;
        };
        let moment = later - 1;
        if segment.next_search.is_none_or(|planned| planned > moment) {
            segment.next_search = Some(moment);
            self.dues.push(Due {
                moment,
                segment: number,
                what: What::Search,
            });
        }
    }
}
