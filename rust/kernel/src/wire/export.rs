//! A selection of rows as blocks that can be resumed at any byte, as a whole or in slices.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::encode::{
    Criteria, Encoder, EncoderOptions, EventSelection, SelectedRows, Span, Written,
};
use super::known::{End, KnownBlocks, Start};
use super::response::{HEAD_BYTES, TAIL_BYTES, finish};
use super::{BlockFormat, Compression};
use crate::error::{KernelError, Result};
use crate::rule::Plan;
use crate::schema::{ColumnId, Schema};
use crate::table::Version;

/// What a block may have above its size without its buffer having to grow.
const ROOM_BYTES: usize = 64 << 10;

/// What is asked of an export.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// How rows are written.
    pub format: BlockFormat,
    /// In flat formats, the list whose columns go by their bare names; others go by `list/key`.
    pub list: Option<String>,
    /// How blocks are compressed.
    pub compression: Compression,
    /// The only columns that are written, profile ids always; `None` for all.
    pub columns: Option<Vec<ColumnId>>,
    /// The events that are written with their profiles.
    pub events: Option<EventSelection>,
    /// Only rows changed at or after this time.
    pub changed_from_millis: Option<i64>,
    /// With `changed_from_millis`: what the plan was then, when it was another or is timed. Rows for which the two differ are part of the
    /// export.
    pub plan_before: Option<Plan>,
    /// What rows must satisfy, erased or not, to be part of the export at all, be it as removals.
    pub only: Option<Plan>,
    /// With `changed_from_millis`: also rows changed since, or differing, that are erased or do not satisfy the plan, by id only.
    pub include_removed: bool,
    /// Bytes at which a block is closed, before it is compressed.
    pub block_bytes: usize,
}

/// The encoded rows of a version: a pure function of version, plan and request. May be read by threads at once.
///
/// Blocks end with the first row, or in Arrow the first record batch, at which they have the size asked for. Where a block ends is known
/// once it was encoded; the ends are kept, so reading on from one costs nothing but its own block. In a compressed export each block is a
/// member or frame, all rows of which end with its last byte.
pub struct Export {
    selection: Arc<Selection>,
    /// Ordinal of its first row.
    first_row: u64,
    /// Ordinal behind its last row, unless bytes bound it earlier.
    row_limit: u64,
    /// Bytes with which it ends.
    max_bytes: Option<u64>,
    rows: SelectedRows,
    encoder: Encoder,
    compression: Compression,
    known: Mutex<KnownBlocks>,
}

/// What all slices of an export have in common.
struct Selection {
    version: Version,
    schema: Arc<Schema>,
    rows: SelectedRows,
    format: BlockFormat,
    options: EncoderOptions,
    block_bytes: usize,
}

/// A block without what is told of it beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawBlock {
    /// Its bytes.
    pub data: Vec<u8>,
    /// The offset that follows it.
    pub next_offset: u64,
    /// Rows that end in it.
    pub row_count: u32,
    /// CRC-32C of its bytes.
    pub crc32c: u32,
}

/// Some bytes of a block, behind a place kept free.
struct Found {
    out: Vec<u8>,
    next_offset: u64,
    rows: u32,
}

impl Export {
    /// Selects the rows; encodes nothing yet.
    ///
    /// # Cost
    /// One evaluation of the plan; with `changed_from_millis`, in proportion to the rows changed since; with `plan_before`, one evaluation
    /// of each.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`] when the list is not in the schema.
    pub fn new(
        version: Version,
        schema: Arc<Schema>,
        plan: Option<&Plan>,
        request: ExportRequest,
    ) -> Result<Self> {
        let list = request.list.as_deref();
        if list.is_some_and(|id| schema.list(id).is_none()) {
            let problem = "its list is not in the schema".to_owned();
            return Err(KernelError::DefinitionInvalid {
                what: "export",
                problem,
            });
        }
        let rows = selected(&version, plan, &request);
        let options = EncoderOptions {
            list: request.list,
            with_removed: request.changed_from_millis.is_some() && request.include_removed,
            columns: request.columns,
            events: request.events,
            row_count: rows.len(),
            compression: request.compression,
        };
        let selection = Selection {
            version,
            schema,
            rows,
            format: request.format,
            options,
            block_bytes: request.block_bytes,
        };
        Ok(Self::of(Arc::new(selection), 0, None, None))
    }

    /// Another export of the same selection, with offsets of its own: from the selected row of an ordinal, counted from 0 and in the whole
    /// selection, to the end, at most so many rows on, and at most to the end of the block with which it has so many bytes.
    ///
    /// Begins and ends as the format wants it, and so does one behind the end, which has no rows.
    ///
    /// # Cost
    /// Finds its ends without walking the rows; encodes nothing yet.
    #[must_use]
    pub fn slice(&self, first_row: u64, max_rows: Option<u64>, max_bytes: Option<u64>) -> Self {
        Self::of(Arc::clone(&self.selection), first_row, max_rows, max_bytes)
    }

    fn of(
        selection: Arc<Selection>,
        first_row: u64,
        max_rows: Option<u64>,
        max_bytes: Option<u64>,
    ) -> Self {
        let all = &selection.rows;
        let first_row = first_row.min(all.len());
        let row_limit = max_rows.map_or(u64::MAX, |max| first_row.saturating_add(max));
        let row_limit = row_limit.min(all.len());
        let first = (first_row < row_limit)
            .then(|| all.nth(first_row))
            .flatten();
        let rows = all.until(all.nth(row_limit));
        let options = &selection.options;
        let encoder = Encoder::new(
            selection.format,
            &selection.version,
            &selection.schema,
            options,
        );
        let compression = if encoder.compresses_within() {
            Compression::None
        } else {
            options.compression
        };
        let has_block = first.is_some() || encoder.has_frame() || compression != Compression::None;
        let end = End {
            offset: 0,
            row: first_row,
        };
        Self {
            first_row,
            row_limit,
            max_bytes,
            rows,
            encoder,
            compression,
            known: Mutex::new(KnownBlocks::new(first, (!has_block).then_some(end))),
            selection,
        }
    }

    /// Rows, removals included. Of a slice that bytes bound, at most so many until it was read to its end.
    pub fn row_count(&self) -> u64 {
        self.end_row().unwrap_or(self.row_limit) - self.first_row
    }

    /// Ordinal behind the last row, in the whole selection; of a slice that bytes bound, once it was read to its end.
    pub fn end_row(&self) -> Option<u64> {
        match self.max_bytes {
            None => Some(self.row_limit),
            Some(_) => self.known().end.map(|end| end.row),
        }
    }

    /// Size of the whole, once it was read to its end.
    pub fn size_bytes(&self) -> Option<u64> {
        self.known().end.map(|end| end.offset)
    }

    /// Whether a row of a profile, be it a removal, is in the export; in a slice that bytes bound and that was not read to its end,
    /// whether it may be.
    ///
    /// # Cost
    /// Two look-ups.
    pub fn contains(&self, profile_id: &str) -> bool {
        let rows = &self.selection.rows;
        let row = self.selection.version.find_row(profile_id);
        row.filter(|&row| rows.contains(row)).is_some_and(|row| {
            let end = self.end_row().unwrap_or(self.row_limit);
            (self.first_row..end).contains(&rows.ordinal(row))
        })
    }

    /// Encodes the block that begins at an offset, or the rest of the block that holds it.
    ///
    /// Answers a serialized `segue.v1.RetrieveExportResponse` and its `next_offset`; nothing at the end.
    ///
    /// # Errors
    /// [`KernelError::OffsetOutOfRange`] when the offset lies behind the end.
    ///
    /// # Cost
    /// One block when the offset lies in a block before the last known end or at that; else also every block from there to the offset.
    pub fn read(&self, offset: u64) -> Result<Option<(Vec<u8>, u64)>> {
        Ok(self.find(offset, HEAD_BYTES)?.map(|mut found| {
            finish(&mut found.out, offset, found.rows);
            (found.out, found.next_offset)
        }))
    }

    /// As [`read`](Self::read), for those that store blocks: [`frame_block`](super::frame_block) makes responses of them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_raw(&self, offset: u64) -> Result<Option<RawBlock>> {
        Ok(self.find(offset, 0)?.map(|found| RawBlock {
            crc32c: crc32c::crc32c(&found.out),
            data: found.out,
            next_offset: found.next_offset,
            row_count: found.rows,
        }))
    }

    /// Encodes what lies from an offset to the end of its block behind some bytes kept free.
    fn find(&self, offset: u64, head_bytes: usize) -> Result<Option<Found>> {
        let (mut start, end) = self.known().before(offset);
        if let Some(end) = end
            && offset >= end.offset
        {
            return at_end(offset, end.offset);
        }
        let mut out =
            Vec::with_capacity(HEAD_BYTES + self.selection.block_bytes + ROOM_BYTES + TAIL_BYTES);
        loop {
            let skipped = usize::try_from(offset - start.offset).unwrap_or(usize::MAX);
            out.clear();
            out.resize(head_bytes, 0);
            let (written, end_row) = self.encode(start, skipped, &mut out);
            let next_offset = start.offset + (out.len() - head_bytes) as u64;
            let next = match end_row {
                None => Ok(Start {
                    offset: next_offset,
                    row: written.next,
                }),
                Some(row) => Err(End {
                    offset: next_offset,
                    row,
                }),
            };
            self.known().learn(start, next);
            if offset < next_offset {
                out.drain(head_bytes..head_bytes + skipped);
                return Ok(Some(Found {
                    out,
                    next_offset,
                    rows: written.rows - written.skipped_rows,
                }));
            }
            match next {
                Ok(next) => start = next,
                Err(end) => return at_end(offset, end.offset),
            }
        }
    }

    /// Appends a block; answers also, when it is the last, the ordinal behind its last row.
    ///
    /// A block with which the export has its bytes is written again as the last one, with all that then stands behind its rows.
    fn encode(
        &self,
        start: Start,
        skipped_bytes: usize,
        out: &mut Vec<u8>,
    ) -> (Written, Option<u64>) {
        let before = out.len();
        let written = self.encode_rows(&self.rows, start, skipped_bytes, out);
        let Some(next) = written.next else {
            return (written, Some(self.row_limit));
        };
        let offset = start.offset + (out.len() - before) as u64;
        if self.max_bytes.is_none_or(|max| offset < max) {
            return (written, None);
        }
        out.truncate(before);
        let rows = self.rows.until(Some(next));
        let written = self.encode_rows(&rows, start, skipped_bytes, out);
        (written, Some(self.selection.rows.ordinal(next)))
    }

    /// Appends a block of rows, compressed if it is to be.
    fn encode_rows(
        &self,
        rows: &SelectedRows,
        start: Start,
        skipped_bytes: usize,
        out: &mut Vec<u8>,
    ) -> Written {
        let (version, block_bytes) = (&self.selection.version, self.selection.block_bytes);
        let is_compressed = self.compression != Compression::None;
        let span = Span {
            from: start.row,
            offset: start.offset,
            is_first: start.offset == 0,
            block_bytes,
            skipped_bytes: if is_compressed { 0 } else { skipped_bytes },
        };
        if !is_compressed {
            return self.encoder.encode(version, rows, &span, out);
        }
        let mut plain = Vec::with_capacity(block_bytes + ROOM_BYTES);
        let written = self.encoder.encode(version, rows, &span, &mut plain);
        self.compression.push(&plain, out);
        written
    }

    fn known(&self) -> MutexGuard<'_, KnownBlocks> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn selected(version: &Version, plan: Option<&Plan>, request: &ExportRequest) -> SelectedRows {
    let criteria = Criteria {
        plan,
        only: request.only.as_ref(),
    };
    let removed = request.include_removed;
    match (request.changed_from_millis, &request.plan_before) {
        (None, _) => SelectedRows::all(version, criteria),
        (Some(from), None) => SelectedRows::changed(version, criteria, from, removed),
        (Some(from), Some(before)) => {
            SelectedRows::changed_with_plan(version, criteria, before, from, removed)
        }
    }
}

/// The answer at the end and behind it.
fn at_end<T>(offset: u64, end: u64) -> Result<Option<T>> {
    if offset == end {
        Ok(None)
    } else {
        Err(KernelError::OffsetOutOfRange { offset, end })
    }
}
