//! The runs of a block of rows, by time.

use std::sync::Arc;

use super::run::Run;

/// Source time that lies in one bucket, milliseconds.
pub(crate) const BUCKET_MILLIS: i64 = 8 * 86_400_000;

/// How many times larger a run must be than the one behind it in its bucket, or both become one.
const GROWTH: usize = 2;

/// Most bytes of ids in a run: their places have 32 bits, and so have those of events, each of which has an id.
const MAX_ID_BYTES: usize = u32::MAX as usize;

/// The bucket of a time of years 1 to 9999.
pub(crate) fn bucket_of(time: i64) -> i32 {
    i32::try_from(time.div_euclid(BUCKET_MILLIS)).expect("times are within years 1 to 9999")
}

/// Events of one type in one block of rows. A clone shares the runs.
#[derive(Debug, Clone, Default)]
pub struct EventBlock {
    /// Runs with their buckets, which ascend; within a bucket the larger run comes first.
    runs: Vec<(i32, Arc<Run>)>,
}

impl EventBlock {
    /// Takes runs with their buckets.
    pub(crate) fn from_runs(runs: Vec<(i32, Arc<Run>)>) -> Self {
        Self { runs }
    }

    /// Runs with their buckets.
    pub(crate) fn bucketed_runs(&self) -> &[(i32, Arc<Run>)] {
        &self.runs
    }

    /// All runs, by bucket.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().map(|(_, run)| &**run)
    }

    /// Adds a run to a bucket, and merges it with those that are not much larger.
    pub(super) fn add(&mut self, bucket: i32, run: Run) {
        let end = self.runs.partition_point(|&(other, _)| other <= bucket);
        let mut start = end;
        let (mut len, mut id_bytes) = (run.len(), run.id_bytes());
        while start > 0 && self.runs[start - 1].0 == bucket {
            let before = &self.runs[start - 1].1;
            id_bytes += before.id_bytes();
            if before.len() >= GROWTH * len || id_bytes > MAX_ID_BYTES {
                break;
            }
            len += before.len();
            start -= 1;
        }
        let run = if start == end {
            run
        } else {
            let before = self.runs[start..end].iter().map(|(_, run)| &**run);
            let all: Vec<&Run> = before.chain([&run]).collect();
            Run::merged(&all, |_| true).expect("runs are not empty")
        };
        self.runs.splice(start..end, [(bucket, Arc::new(run))]);
    }

    /// Takes out the events of ascending rows and calls a function with each run that has some and its positions of them.
    pub(super) fn remove_rows(&mut self, rows: &[u16], mut removed: impl FnMut(&Run, usize)) {
        self.runs.retain_mut(|(_, run)| {
            let gone = positions_of(run, rows);
            if gone.is_empty() {
                return true;
            }
            for &at in &gone {
                removed(run, at);
            }
            let kept = Run::merged(&[run], |row| rows.binary_search(&row).is_err());
            kept.is_some_and(|kept| {
                *run = Arc::new(kept);
                true
            })
        });
    }

    /// Heap bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        let runs = self.runs().map(Run::memory_bytes).sum::<usize>();
        runs + self.runs.capacity() * size_of::<(i32, Arc<Run>)>()
    }
}

/// Positions of the events of ascending rows.
///
/// # Cost
/// Few rows are looked for in the run; else the events are looked for among the rows.
fn positions_of(run: &Run, rows: &[u16]) -> Vec<usize> {
    if rows.len() < run.len() {
        rows.iter().flat_map(|&row| run.of_row(row)).collect()
    } else {
        let is_gone = |at: &usize| rows.binary_search(&run.rows()[*at]).is_ok();
        (0..run.len()).filter(is_gone).collect()
    }
}
