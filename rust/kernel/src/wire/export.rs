//! A selection of rows as blocks that can be resumed at any byte.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::encode::{Encoder, EncoderOptions, EventSelection, SelectedRows, Span, Written};
use super::fields::retrieve_export_response as response;
use super::protobuf::{LENGTH_DELIMITED, put_fixed32, put_fixed64, tag};
use super::{BlockFormat, Compression};
use crate::error::{KernelError, Result};
use crate::rule::Plan;
use crate::schema::{ColumnId, Schema};
use crate::table::{RowId, Version};

/// Bytes kept free before the data of a response: its tag and a length padded to five bytes, which readers take as any other.
const HEAD_BYTES: usize = 6;

/// Bytes of a response behind its data.
const TAIL_BYTES: usize = 9 + 9 + 5 + 5;

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
/// once it was encoded; the ends are kept, so reading on from one costs nothing but its own block.
pub struct Export {
    version: Version,
    rows: SelectedRows,
    encoder: Encoder,
    block_bytes: usize,
    known: Mutex<KnownBlocks>,
}

/// Begins of blocks encoded so far, ascending without a gap.
struct KnownBlocks {
    starts: Vec<Start>,
    size_bytes: Option<u64>,
}

/// Where a block begins.
#[derive(Clone, Copy)]
struct Start {
    offset: u64,
    row: Option<RowId>,
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
        let removed = request.include_removed;
        let rows = match (request.changed_from_millis, &request.plan_before) {
            (None, _) => SelectedRows::all(&version, plan),
            (Some(from), None) => SelectedRows::changed(&version, plan, from, removed),
            (Some(from), Some(before)) => {
                SelectedRows::changed_with_plan(&version, plan, before, from, removed)
            }
        };
        let with_removed = request.changed_from_millis.is_some() && request.include_removed;
        let options = EncoderOptions {
            list: request.list,
            with_removed,
            columns: request.columns,
            events: request.events,
            row_count: rows.len(),
            compression: request.compression,
        };
        let encoder = Encoder::new(request.format, &version, &schema, &options);
        let row = rows.first();
        let known = KnownBlocks {
            starts: vec![Start { offset: 0, row }],
            size_bytes: (row.is_none() && !encoder.has_frame()).then_some(0),
        };
        let block_bytes = request.block_bytes;
        Ok(Self {
            version,
            rows,
            encoder,
            block_bytes,
            known: Mutex::new(known),
        })
    }

    /// Rows, removals included.
    pub fn row_count(&self) -> u64 {
        self.rows.len()
    }

    /// Size of the whole, once it was read to its end.
    pub fn size_bytes(&self) -> Option<u64> {
        self.known().size_bytes
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
        let (mut start, size_bytes) = self.known().before(offset);
        if let Some(end) = size_bytes
            && offset >= end
        {
            return at_end(offset, end);
        }
        let mut out = Vec::with_capacity(HEAD_BYTES + self.block_bytes + ROOM_BYTES + TAIL_BYTES);
        loop {
            let skipped = offset - start.offset;
            let written = self.encode(start, skipped, &mut out);
            let end = start.offset + (out.len() - HEAD_BYTES) as u64;
            self.known().learn(
                start,
                Start {
                    offset: end,
                    row: written.next,
                },
            );
            if offset < end {
                let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
                out.drain(HEAD_BYTES..HEAD_BYTES + skipped);
                finish(&mut out, offset, written.rows - written.skipped_rows);
                return Ok(Some((out, end)));
            }
            if written.next.is_none() {
                return at_end(offset, end);
            }
            start = Start {
                offset: end,
                row: written.next,
            };
        }
    }

    /// Encodes a block behind the place of its head.
    fn encode(&self, start: Start, skipped_bytes: u64, out: &mut Vec<u8>) -> Written {
        out.clear();
        out.resize(HEAD_BYTES, 0);
        let span = Span {
            from: start.row,
            is_first: start.offset == 0,
            block_bytes: self.block_bytes,
            skipped_bytes: usize::try_from(skipped_bytes).unwrap_or(usize::MAX),
        };
        self.encoder.encode(&self.version, &self.rows, &span, out)
    }

    fn known(&self) -> MutexGuard<'_, KnownBlocks> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownBlocks {
    /// The last known begin of a block at or before an offset, and the size when it is known.
    fn before(&self, offset: u64) -> (Start, Option<u64>) {
        let position = self.starts.partition_point(|start| start.offset <= offset);
        (self.starts[position - 1], self.size_bytes)
    }

    /// Notes where the block behind a begin ends, unless it is known.
    fn learn(&mut self, start: Start, end: Start) {
        let is_last = self
            .starts
            .last()
            .is_some_and(|last| last.offset == start.offset);
        if is_last && end.row.is_none() {
            self.size_bytes = Some(end.offset);
        } else if is_last {
            self.starts.push(end);
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

/// Makes a response of data that stands behind the place of its head.
fn finish(out: &mut Vec<u8>, offset: u64, rows: u32) {
    let data = &out[HEAD_BYTES..];
    let (length, crc) = (data.len() as u64, crc32c::crc32c(data));
    out[..HEAD_BYTES].copy_from_slice(&head(length));
    put_fixed64(out, response::OFFSET, offset);
    put_fixed64(out, response::NEXT_OFFSET, offset + length);
    put_fixed32(out, response::CRC32C, crc);
    put_fixed32(out, response::ROW_COUNT, rows);
}

/// Tag and length of the data.
fn head(length: u64) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[0] = tag(response::DATA, LENGTH_DELIMITED).to_le_bytes()[0];
    for (position, byte) in head[1..].iter_mut().enumerate() {
        let more = if position + 2 < HEAD_BYTES { 0x80 } else { 0 };
        *byte = (length >> (7 * position)).to_le_bytes()[0] & 0x7f | more;
    }
    head
}
