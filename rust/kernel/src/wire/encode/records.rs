//! Formats that write record by record.

use std::mem;

use super::cells::{CellSource, Cells};
use super::events::EventRows;
use super::form::{Form, Syntax};
use super::selected::SelectedRows;
use super::{Span, Written};
use crate::table::Version;

/// A window of a block, opened for writing its records.
pub(super) struct Opened<'a> {
    /// The cells of the format's sources.
    pub(super) cells: Vec<Cells<'a>>,
    /// The events of rows of the block.
    pub(super) events: EventRows<'a>,
}

/// A format whose records follow each other.
pub(super) trait Records {
    /// What records are read from. The first is the profile id.
    fn sources(&self) -> &[CellSource];
    /// Writes what stands before the records of a block.
    fn begin(&self, is_first_block: bool, out: &mut Vec<u8>);
    /// Writes what stands between records.
    fn separate(&self, _: &mut Vec<u8>) {}
    /// Writes a record.
    fn record(&self, opened: &mut Opened<'_>, row: u16, out: &mut Vec<u8>);
    /// Writes a record of nothing but an id and the mark of its removal.
    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>);
    /// Writes what stands behind the last record of the export.
    fn end(&self, _: &mut Vec<u8>) {}
}

impl<S: Syntax> Records for Form<S> {
    fn sources(&self) -> &[CellSource] {
        &self.sources
    }

    fn begin(&self, _: bool, out: &mut Vec<u8>) {
        self.syntax.begin(&self.keys, out);
    }

    #[inline]
    fn record(&self, opened: &mut Opened<'_>, row: u16, out: &mut Vec<u8>) {
        self.write(&opened.cells, row, out);
    }

    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>) {
        self.syntax.removed(profile_id, out);
    }
}

/// Appends records until the block has its size. What stands around and between them depends on their place in the export alone.
pub(super) fn encode_records<R: Records>(
    records: &R,
    version: &Version,
    rows: &SelectedRows,
    span: &Span,
    out: &mut Vec<u8>,
) -> Written {
    let start = out.len();
    records.begin(span.is_first, out);
    let mut written = Written::default();
    let mut is_first = span.is_first;
    let windows = span.from.into_iter().flat_map(|from| rows.windows(from));
    'block: for window in windows {
        let (block, position) = (window.block, window.position);
        let sources = records.sources();
        let mut opened = Opened {
            cells: Cells::open_all(version, sources, block, position, window.bits()),
            events: EventRows::new(version, block),
        };
        for row in window.rows() {
            if !mem::take(&mut is_first) {
                records.separate(out);
            }
            if window.is_removed(row) {
                records.removed(opened.cells[0].text(row).unwrap_or_default(), out);
            } else {
                records.record(&mut opened, row, out);
            }
            let size = out.len() - start;
            written.rows += 1;
            written.skipped_rows += u32::from(size <= span.skipped_bytes);
            if size >= span.block_bytes {
                written.next = rows.next_after(window.id(row));
                break 'block;
            }
        }
    }
    if written.next.is_none() {
        records.end(out);
    }
    written
}
