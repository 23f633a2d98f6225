//! Who entered and left lately.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::set::Difference;
use crate::table::RowId;

/// Changes remembered of a table.
pub(super) const CHANGES_MAX: usize = 1_000_000;

/// A point in the history of a table: the last commit, and the moment up to which time passed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Revision of the commit.
    pub revision: i64,
    /// Its tick, or a later moment; milliseconds since 1970 UTC.
    pub millis: i64,
}

impl Position {
    /// Before everything.
    pub(super) const START: Self = Self {
        revision: i64::MIN,
        millis: i64::MIN,
    };
}

/// A row entered or left a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The row.
    pub row: RowId,
    /// Whether it entered.
    pub entered: bool,
    /// Where in the history.
    pub position: Position,
}

/// Changes of one segment behind a position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) changes: Vec<Change>,
    /// The position behind them.
    pub(crate) position: Position,
}

/// The changes of all segments of a table, as far back as they are remembered.
#[derive(Debug)]
pub(crate) struct History {
    /// In order of positions.
    entries: VecDeque<Entry>,
    /// Positions that have entries, with the number of the entry behind their last; entries are numbered from the first ever.
    positions: VecDeque<(Position, u64)>,
    /// Number of the first entry kept.
    first: u64,
    /// Changes up to here are forgotten.
    forgotten: Position,
    /// The position reached.
    head: Position,
    /// Number of each segment, and from where on its changes are known.
    segments: BTreeMap<Arc<str>, (u32, Position)>,
    /// The first moment at which time has something to do.
    next_due: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    segment: u32,
    row: RowId,
    entered: bool,
}

impl Default for History {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            positions: VecDeque::new(),
            first: 0,
            forgotten: Position::START,
            head: Position::START,
            segments: BTreeMap::new(),
            next_due: None,
        }
    }
}

impl History {
    /// Begins to remember a segment.
    pub(super) fn begin(&mut self, key: &Arc<str>, segment: u32, at: Position) {
        self.segments.insert(Arc::clone(key), (segment, at));
    }

    /// Forgets a segment.
    pub(super) fn end(&mut self, key: &str) {
        self.segments.remove(key);
    }

    /// Appends who entered and left a segment at a position, which is not before the last one.
    pub(super) fn record(&mut self, at: Position, segment: u32, difference: &Difference) {
        if difference.len() == 0 {
            return;
        }
        let entry = |entered| {
            move |&row: &RowId| Entry {
                segment,
                row,
                entered,
            }
        };
        self.entries
            .extend(difference.left.iter().map(entry(false)));
        self.entries
            .extend(difference.entered.iter().map(entry(true)));
        let end = self.first + self.entries.len() as u64;
        match self.positions.back_mut() {
            Some((last, its_end)) if *last == at => *its_end = end,
            _ => self.positions.push_back((at, end)),
        }
        self.drop_oldest();
    }

    fn drop_oldest(&mut self) {
        while self.entries.len() > CHANGES_MAX
            && let Some((position, end)) = self.positions.pop_front()
        {
            let n = usize::try_from(end - self.first).unwrap_or(usize::MAX);
            self.entries.drain(..n.min(self.entries.len()));
            self.first = end;
            self.forgotten = position;
        }
    }

    /// Notes how far commits and time have come.
    pub(super) fn reach(&mut self, head: Position, next_due: Option<i64>) {
        self.head = head;
        self.next_due = next_due;
    }

    /// The first moment at which time has something to do.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.next_due
    }

    /// Changes of a segment behind a position: about `limit` of them, all of one position together. `None` when the segment is not
    /// maintained, or the position lies before what is remembered or behind what has happened.
    pub(crate) fn after(&self, segment: &str, after: Position, limit: usize) -> Option<Watched> {
        let &(segment, since) = self.segments.get(segment)?;
        if after < since.max(self.forgotten) || after > self.head {
            return None;
        }
        let mut changes = Vec::new();
        let seen = self
            .positions
            .partition_point(|&(position, _)| position <= after);
        let mut start = seen
            .checked_sub(1)
            .map_or(self.first, |last| self.positions[last].1);
        for &(position, end) in self.positions.range(seen..) {
            let offset = |number: u64| usize::try_from(number - self.first).unwrap_or(usize::MAX);
            let of_position = self.entries.range(offset(start)..offset(end));
            let of_segment = of_position.filter(|entry| entry.segment == segment);
            let change = |entry: &Entry| Change {
                row: entry.row,
                entered: entry.entered,
                position,
            };
            changes.extend(of_segment.map(change));
            start = end;
            if changes.len() >= limit {
                return Some(Watched { changes, position });
            }
        }
        let position = self.head;
        Some(Watched { changes, position })
    }

    /// Bytes of memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + self.positions.capacity() * size_of::<(Position, u64)>()
    }
}
