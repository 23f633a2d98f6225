//! Where the blocks of an export begin, as far as they were encoded.

use crate::table::RowId;

/// Begins of blocks encoded so far, ascending without a gap.
pub(super) struct KnownBlocks {
    starts: Vec<Start>,
    /// The end, once the last block was encoded.
    pub(super) end: Option<End>,
}

/// Where a block begins.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) offset: u64,
    /// Its first row; `None` when it has none.
    pub(super) row: Option<RowId>,
}

/// Where an export ends.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) offset: u64,
    /// Ordinal behind its last row.
    pub(super) row: u64,
}

impl KnownBlocks {
    /// Knows where the first block begins, and the end of an export without a block.
    pub(super) fn new(first: Option<RowId>, end: Option<End>) -> Self {
        let start = Start {
            offset: 0,
            row: first,
        };
        Self {
            starts: vec![start],
            end,
        }
    }

    /// The last known begin of a block at or before an offset, and the end when it is known.
    pub(super) fn before(&self, offset: u64) -> (Start, Option<End>) {
        let position = self.starts.partition_point(|start| start.offset <= offset);
        (self.starts[position - 1], self.end)
    }

    /// Notes which block follows the one behind a begin, or that none does, unless it is known.
    pub(super) fn learn(&mut self, start: Start, next: Result<Start, End>) {
        let is_last = self
            .starts
            .last()
            .is_some_and(|last| last.offset == start.offset);
        match next {
            Ok(next) if is_last => self.starts.push(next),
            Err(end) => self.end = Some(end),
            Ok(_) => {}
        }
    }
}
