//! Which rows were written when, so that an incremental read costs what changed and not what is stored.

use std::sync::Arc;

use super::RowId;

/// Rows at which a segment is closed and the next one begins.
const SEGMENT_ROWS: usize = 4_096;

/// Entries kept whatever the size of the table.
const MIN_KEPT: usize = 1 << 20;

/// The last commits with their rows; a clone shares everything. Older commits are dropped once the log has outgrown the table.
#[derive(Debug, Clone)]
pub(super) struct ChangeLog {
    segments: Arc<Vec<Arc<Segment>>>,
    n_rows: usize,
    /// The earliest time from which the log is complete.
    complete_from: i64,
}

/// Commits one behind the other.
#[derive(Debug, Clone, Default)]
struct Segment {
    /// Tick of each commit and the end of its rows in `rows`; ticks never descend.
    commits: Vec<(i64, usize)>,
    /// Rows of each commit, ascending.
    rows: Vec<RowId>,
}

impl ChangeLog {
    /// Starts a log of commits after a tick.
    pub(super) fn after(tick_millis: i64) -> Self {
        Self {
            segments: Arc::default(),
            n_rows: 0,
            complete_from: tick_millis.saturating_add(1),
        }
    }

    /// Starts the log of a table that nothing was ever written to.
    pub(super) fn new() -> Self {
        Self {
            segments: Arc::default(),
            n_rows: 0,
            complete_from: i64::MIN,
        }
    }

    /// Appends a commit.
    ///
    /// `rows` ascend; `tick_millis` is not below the last commit's; `table_rows` sets how much is kept.
    pub(super) fn push(&mut self, tick_millis: i64, rows: &[RowId], table_rows: usize) {
        if rows.is_empty() {
            return;
        }
        let segments = Arc::make_mut(&mut self.segments);
        if segments
            .last()
            .is_none_or(|last| last.rows.len() + rows.len() > SEGMENT_ROWS)
        {
            segments.push(Arc::default());
        }
        let last = segments
            .last_mut()
            .map(Arc::make_mut)
            .expect("one was pushed");
        last.rows.extend_from_slice(rows);
        last.commits.push((tick_millis, last.rows.len()));
        self.n_rows += rows.len();
        self.drop_oldest(MIN_KEPT.max(table_rows / 4));
    }

    fn drop_oldest(&mut self, kept: usize) {
        let mut dropped = 0;
        while self.n_rows > kept && dropped < self.segments.len() {
            let oldest = &self.segments[dropped];
            self.n_rows -= oldest.rows.len();
            if let Some(&(tick, _)) = oldest.commits.last() {
                self.complete_from = tick.saturating_add(1);
            }
            dropped += 1;
        }
        if dropped > 0 {
            Arc::make_mut(&mut self.segments).drain(..dropped);
        }
    }

    /// Rows written at or after a time, ascending and once each; `None` when the log does not reach back that far.
    pub(super) fn rows_from(&self, from_millis: i64) -> Option<Vec<RowId>> {
        if from_millis < self.complete_from {
            return None;
        }
        let mut rows = Vec::new();
        for segment in self.segments.iter().rev() {
            let before = segment
                .commits
                .partition_point(|&(tick, _)| tick < from_millis);
            let start = if before == 0 {
                0
            } else {
                segment.commits[before - 1].1
            };
            rows.extend_from_slice(&segment.rows[start..]);
            if before > 0 {
                break;
            }
        }
        rows.sort_unstable();
        rows.dedup();
        Some(rows)
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        let commits: usize = self
            .segments
            .iter()
            .map(|segment| segment.commits.len())
            .sum();
        self.n_rows * size_of::<RowId>() + commits * size_of::<(i64, usize)>()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_log_answers_as_a_list_of_all_commits_does(
            commits in prop::collection::vec((0..3_i64, prop::collection::btree_set(0..40_u32, 0..9)), 0..60),
            froms in prop::collection::vec(-1..120_i64, 1..8),
        ) {
            let mut log = ChangeLog::new();
            let mut tick = 0;
            let mut all = Vec::new();
            for (step, rows) in commits {
                tick += step;
                let rows: Vec<_> = rows.into_iter().collect();
                log.push(tick, &rows, 40);
                all.extend(rows.into_iter().map(|row| (tick, row)));
            }
            for from in froms {
                let mut expected: Vec<_> =
                    all.iter().filter(|&&(tick, _)| tick >= from).map(|&(_, row)| row).collect();
                expected.sort_unstable();
                expected.dedup();
                prop_assert_eq!(log.rows_from(from).unwrap(), expected);
            }
        }
    }

    #[test]
    fn the_log_forgets_the_oldest_commits_and_says_so() {
        let rows: Vec<RowId> = (0..100_000).collect();
        let mut log = ChangeLog::new();
        for tick in 1..=20 {
            log.push(tick, &rows, 100_000);
        }
        assert_eq!(log.n_rows, 1_000_000);
        assert_eq!(log.rows_from(10), None);
        assert_eq!(log.rows_from(11), Some(rows.clone()));
        assert_eq!(log.rows_from(21), Some(vec![]));
    }

    #[test]
    fn a_clone_keeps_what_it_had() {
        let mut log = ChangeLog::after(9);
        log.push(10, &[1, 2], 3);
        let held = log.clone();
        log.push(11, &[3], 3);
        assert_eq!(held.rows_from(10), Some(vec![1, 2]));
        assert_eq!(log.rows_from(10), Some(vec![1, 2, 3]));
        assert_eq!(log.rows_from(9), None);
    }
}
