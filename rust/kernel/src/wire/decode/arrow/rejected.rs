//! Rows with problems.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;

use super::invalid;
use super::stream::Stream;
use crate::error::Result;
use crate::wire::decode::rejected::{EXCEPTIONS, Reasons};

/// Writes a stream of the rows with problems, with one more column.
pub(in crate::wire::decode) fn rejected(data: &[u8], reasons: &Reasons) -> Result<Vec<u8>> {
    let stream = Stream::read(data)?;
    let mut rows = RejectedRows::new(&stream.schema, reasons);
    written(&mut rows, &stream.batches).map_err(|error| invalid(error.to_string(), 0))
}

fn written(
    rows: &mut RejectedRows,
    batches: &[RecordBatch],
) -> std::result::Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema())?;
    for batch in batches {
        writer.write(&rows.of(batch)?)?;
    }
    writer.into_inner()
}

/// Takes the rows with problems out of record batches, and puts these beside them.
pub(in crate::wire::decode) struct RejectedRows<'r> {
    /// Columns that are kept: all but those of an earlier import's problems.
    columns: Vec<usize>,
    schema: SchemaRef,
    reasons: &'r Reasons,
    row_count: usize,
}

impl<'r> RejectedRows<'r> {
    pub(in crate::wire::decode) fn new(schema: &Schema, reasons: &'r Reasons) -> Self {
        let kept = |&at: &usize| schema.field(at).name() != EXCEPTIONS;
        let columns: Vec<usize> = (0..schema.fields().len()).filter(kept).collect();
        let mut fields: Vec<Field> = columns.iter().map(|&at| schema.field(at).clone()).collect();
        fields.push(Field::new(EXCEPTIONS, DataType::Utf8, true));
        Self {
            columns,
            schema: Arc::new(Schema::new(fields)),
            reasons,
            row_count: 0,
        }
    }

    /// The schema of what [`of`](Self::of) returns.
    pub(in crate::wire::decode) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The rows with problems of the next batch.
    pub(in crate::wire::decode) fn of(
        &mut self,
        batch: &RecordBatch,
    ) -> std::result::Result<RecordBatch, ArrowError> {
        let first = self.row_count;
        self.row_count += batch.num_rows();
        let found: Vec<Option<&str>> = (first..self.row_count)
            .map(|row| self.reasons.get(row))
            .collect();
        let is_rejected: BooleanArray = found.iter().map(|reason| Some(reason.is_some())).collect();
        let rows = filter_record_batch(&batch.project(&self.columns)?, &is_rejected)?;
        let told: StringArray = found.into_iter().flatten().map(Some).collect();
        let mut columns = rows.columns().to_vec();
        columns.push(Arc::new(told) as ArrayRef);
        RecordBatch::try_new(self.schema(), columns)
    }
}
