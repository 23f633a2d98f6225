//! Rows as an Arrow IPC stream: flat columns in record batches.
//!
//! Options and states are dictionaries, sent once right behind the schema: within an export they cannot change. Columns in which nothing
//! is stored are left out, except `profile_id` and, when it is chosen, `email`.

mod array;
mod layout;
mod message;

use std::sync::Arc;

use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray, UInt16Array};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message,
};
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};

use super::flat::{FlatColumn, Source};
use super::{SelectedRows, Span, Written};
use crate::table::{RowId, Version};
use array::{ArrayWriter, Slice};
use message::{END_OF_STREAM, Message};

/// Rows of a record batch: fastest of those measured, about a block of 1 MiB.
const BATCH_ROWS: usize = 8_192;

/// Most bytes of a batch of several rows: with the rest of its block it stays below the 4 MiB that gRPC clients take unless told otherwise.
const BATCH_BYTES: usize = 2 << 20;

/// Flat columns as they are written.
pub(super) struct ArrowForm {
    columns: Vec<FlatColumn>,
    /// Messages of the schema and of every dictionary.
    head: Vec<u8>,
    /// Bytes that describe a batch; the same for each.
    metadata_bytes: usize,
}

impl ArrowForm {
    /// Lays out flat columns.
    pub(super) fn new(columns: Vec<FlatColumn>) -> Self {
        let parts = columns.iter().map(|column| array::parts(column.kind));
        let (n_nodes, n_buffers) = parts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let head = head(&columns);
        Self {
            columns,
            head,
            metadata_bytes: message::metadata_bytes(n_nodes, n_buffers),
        }
    }

    /// Appends record batches until the block has its size: the schema before the first, the end mark behind the last.
    pub(super) fn encode(
        &self,
        version: &Version,
        rows: &SelectedRows,
        span: &Span,
        out: &mut Vec<u8>,
    ) -> Written {
        let start = out.len();
        let mut written = Written {
            next: span.from,
            ..Written::default()
        };
        if span.is_first {
            out.extend_from_slice(&self.head);
        }
        while let Some(from) = written.next {
            let (n_rows, next) = self.encode_bounded_batch(version, rows, from, out);
            written.next = next;
            written.rows += n_rows;
            let size = out.len() - start;
            if size <= span.skipped_bytes {
                written.skipped_rows = written.rows;
            }
            if size >= span.block_bytes {
                break;
            }
        }
        if written.next.is_none() {
            out.extend_from_slice(&END_OF_STREAM);
        }
        written
    }

    /// Names and types of the columns.
    pub(super) fn schema(&self) -> SchemaRef {
        arrow_schema(&self.columns)
    }

    /// The rows from one on, at most so many, as a record batch; answers also the first row behind them.
    ///
    /// # Panics
    /// Never: what was just written can be read.
    pub(super) fn record_batch(
        &self,
        version: &Version,
        rows: &SelectedRows,
        from: RowId,
        max_rows: usize,
    ) -> (RecordBatch, Option<RowId>) {
        let mut message = Vec::new();
        let (_, next) = self.encode_batch(version, rows, from, max_rows, &mut message);
        let mut decoder = StreamDecoder::new();
        let mut batch = None;
        for part in [self.head.clone(), message] {
            let mut part = Buffer::from_vec(part);
            while !part.is_empty() {
                batch = decoder.decode(&mut part).expect("a message of a stream");
            }
        }
        (batch.expect("a batch behind its schema"), next)
    }

    /// Appends a record batch of at most [`BATCH_BYTES`], or of a single row; answers its number of rows and the first row behind them.
    ///
    /// A batch that comes out larger is written again with half as many rows, so what is written depends on its first row only.
    fn encode_bounded_batch(
        &self,
        version: &Version,
        rows: &SelectedRows,
        from: RowId,
        out: &mut Vec<u8>,
    ) -> (u32, Option<RowId>) {
        let start = out.len();
        let mut max_rows = BATCH_ROWS;
        loop {
            let (n_rows, next) = self.encode_batch(version, rows, from, max_rows, out);
            if n_rows <= 1 || out.len() - start <= BATCH_BYTES {
                return (n_rows, next);
            }
            out.truncate(start);
            max_rows = n_rows as usize / 2;
        }
    }

    /// Appends a record batch; answers its number of rows and the first row behind them.
    fn encode_batch(
        &self,
        version: &Version,
        rows: &SelectedRows,
        from: RowId,
        max_rows: usize,
        out: &mut Vec<u8>,
    ) -> (u32, Option<RowId>) {
        let slices = slices(rows, from, max_rows);
        let n_rows = slices.iter().map(|slice| slice.rows.len()).sum();
        let mut writer = ArrayWriter {
            version,
            slices: &slices,
            n_rows,
            message: Message::begin(out, self.metadata_bytes),
            ends: Vec::with_capacity(n_rows + 1),
        };
        for column in &self.columns {
            match column.source {
                Source::ProfileId(id) => writer.profile_ids(id),
                Source::Values(id) => writer.values(id, column.kind, &column.options),
                Source::Identifiers(ids) => writer.identifiers(ids),
                Source::Removed => writer.removals(),
            }
        }
        writer.message.finish(n_rows);
        let last = slices.last().and_then(Slice::last_id).unwrap_or(from);
        let n_rows = u32::try_from(n_rows).unwrap_or(u32::MAX);
        (n_rows, rows.next_after(last))
    }
}

/// The rows of a batch that begins with a row.
fn slices(rows: &SelectedRows, from: RowId, max_rows: usize) -> Vec<Slice> {
    let mut slices = Vec::new();
    let mut missing = max_rows;
    for window in rows.windows(from) {
        let slice = Slice::of(window, missing);
        missing -= slice.rows.len();
        slices.push(slice);
        if missing == 0 {
            break;
        }
    }
    slices
}

fn arrow_schema(columns: &[FlatColumn]) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(layout::field).collect();
    Arc::new(ArrowSchema::new(fields))
}

/// The schema, and each dictionary in the order of its columns.
fn head(columns: &[FlatColumn]) -> Vec<u8> {
    let schema = arrow_schema(columns);
    let (generator, options) = (IpcDataGenerator::default(), IpcWriteOptions::default());
    let mut tracker = DictionaryTracker::new(true);
    let mut messages =
        vec![generator.schema_to_bytes_with_dictionary_tracker(&schema, &mut tracker, &options)];
    let arrays = columns.iter().map(empty_array).collect();
    let empty = RecordBatch::try_new(schema, arrays).expect("empty arrays of the schema's types");
    let (dictionaries, _) = generator
        .encode(
            &empty,
            &mut tracker,
            &options,
            &mut IpcWriteContext::default(),
        )
        .expect("plain types can be encoded");
    messages.extend(dictionaries);
    let mut head = Vec::new();
    for message in messages {
        write_message(&mut head, message, &options).expect("writing to memory does not fail");
    }
    head
}

/// An array without rows that has its column's dictionary.
fn empty_array(column: &FlatColumn) -> ArrayRef {
    match layout::field(column).data_type() {
        DataType::Dictionary(_, _) => {
            let names = StringArray::from_iter_values(&column.options);
            Arc::new(DictionaryArray::new(
                UInt16Array::from(Vec::<u16>::new()),
                Arc::new(names),
            ))
        }
        other => arrow_array::new_empty_array(other),
    }
}
