//! Rows as an Arrow IPC stream: flat columns in record batches.
//!
//! Options and states are dictionaries, sent once right behind the schema: within an export they cannot change. Columns in which nothing
//! is stored are left out, except `profile_id` and `email`.

mod array;
mod layout;

use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray, UInt16Array};
use arrow_ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message,
};
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use std::sync::Arc;

use super::cells::Cells;
use super::selected::Window;
use super::{SelectedRows, Span, Written};
use crate::schema::Schema;
use crate::table::{RowId, Version};
use array::ArrayBuilder;
use layout::{ArrowColumn, Source};

/// Rows of a record batch: fastest of those measured, about a block of 1 MiB.
const BATCH_ROWS: usize = 8_192;

/// The mark behind the last message: a continuation without a length.
const END_OF_STREAM: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// The columns of a version as they are written.
pub(super) struct ArrowForm {
    columns: Vec<ArrowColumn>,
    /// The schema of batches with dictionaries as their indices: the bytes of a batch are the same, and nothing has to be tracked.
    physical: SchemaRef,
    /// Messages of the schema and of every dictionary.
    head: Vec<u8>,
}

impl ArrowForm {
    /// Lays out the columns of a version.
    pub(super) fn new(
        version: &Version,
        schema: &Schema,
        list: Option<&str>,
        with_removed: bool,
    ) -> Self {
        let columns = layout::columns(version, schema, list, with_removed);
        let physical: Vec<Field> = columns.iter().map(ArrowColumn::physical_field).collect();
        let head = head(&columns);
        Self {
            columns,
            physical: Arc::new(ArrowSchema::new(physical)),
            head,
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
            let (n_rows, next) = self.encode_batch(version, rows, from, out);
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

    /// Appends a record batch; answers its number of rows and the first row behind them.
    fn encode_batch(
        &self,
        version: &Version,
        rows: &SelectedRows,
        from: RowId,
        out: &mut Vec<u8>,
    ) -> (u32, Option<RowId>) {
        let mut builders: Vec<_> = self.columns.iter().map(ArrowColumn::builder).collect();
        let mut in_window = Vec::new();
        let mut n_rows = 0;
        let mut last = from;
        for window in rows.windows(from) {
            in_window.clear();
            in_window.extend(window.rows().take(BATCH_ROWS - n_rows));
            n_rows += in_window.len();
            for (column, builder) in self.columns.iter().zip(&mut builders) {
                append(version, column.source, &window, &in_window, builder);
            }
            last = in_window.last().map_or(last, |&row| window.id(row));
            if n_rows == BATCH_ROWS {
                break;
            }
        }
        let arrays = builders.into_iter().map(ArrayBuilder::finish).collect();
        push_batch(&self.physical, arrays, out);
        (
            u32::try_from(n_rows).unwrap_or(u32::MAX),
            rows.next_after(last),
        )
    }
}

/// Appends a column's values of some rows of a window.
fn append(
    version: &Version,
    source: Source,
    window: &Window,
    rows: &[u16],
    builder: &mut ArrayBuilder<'_>,
) {
    let open = |id| Cells::open(version.column(id), window.block, window.position);
    let shown = |row| !window.is_removed(row);
    match source {
        Source::ProfileId(id) => builder.append(&open(id), rows, |_| true),
        Source::Values(id) => builder.append(&open(id), rows, shown),
        Source::Identifiers([first, kind, more]) => {
            builder.append_identifiers([&open(first), &open(kind), &open(more)], rows, shown);
        }
        Source::Removed => builder.append_booleans(rows, |row| window.is_removed(row)),
    }
}

fn push_batch(schema: &SchemaRef, arrays: Vec<ArrayRef>, out: &mut Vec<u8>) {
    let batch = RecordBatch::try_new(Arc::clone(schema), arrays)
        .expect("arrays are of the types of the schema made with them");
    let (options, mut tracker) = (IpcWriteOptions::default(), DictionaryTracker::new(true));
    let (_, message) = IpcDataGenerator::default()
        .encode(
            &batch,
            &mut tracker,
            &options,
            &mut IpcWriteContext::default(),
        )
        .expect("plain types can be encoded");
    write_message(out, message, &options).expect("writing to memory does not fail");
}

/// The schema, and each dictionary in the order of its columns.
fn head(columns: &[ArrowColumn]) -> Vec<u8> {
    let fields: Vec<Field> = columns.iter().map(|column| column.field.clone()).collect();
    let schema = Arc::new(ArrowSchema::new(fields));
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
fn empty_array(column: &ArrowColumn) -> ArrayRef {
    match column.field.data_type() {
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
