//! Arrow IPC streams to record batches.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::SchemaRef;

use super::invalid;
use crate::error::Result;

/// What a writer puts at the end. The format lets it be left out; but then a stream cut off between batches would look whole.
const END_MARK: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

/// The schema of a stream and its batches, all of them valid as Arrow.
pub(super) struct Stream {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
}

impl Stream {
    /// Reads a stream.
    ///
    /// The decoder borrows from a single copy of the block and allocates by what is there, not by what headers claim. It validates
    /// everything; but since its own arithmetic may still panic on hostile headers, a panic counts as damage too.
    pub(super) fn read(data: &[u8]) -> Result<Self> {
        let mut buffer = Buffer::from(data);
        let mut decoder = StreamDecoder::new();
        let mut batches = Vec::new();
        loop {
            let offset = data.len() - buffer.len();
            let read = catch_unwind(AssertUnwindSafe(|| decoder.decode(&mut buffer)));
            match read {
                Ok(Ok(Some(batch))) => batches.push(batch),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(invalid(error.to_string(), offset)),
                Err(_) => {
                    return Err(invalid(
                        "its headers contradict each other".to_owned(),
                        offset,
                    ));
                }
            }
        }
        decoder
            .finish()
            .map_err(|error| invalid(error.to_string(), data.len()))?;
        if !data.ends_with(&END_MARK) {
            let problem = "it has no end mark: close the writer before sending what it wrote";
            return Err(invalid(problem.to_owned(), data.len()));
        }
        let schema = decoder
            .schema()
            .ok_or_else(|| invalid("it is empty".to_owned(), 0))?;
        let row_count = batches
            .iter()
            .fold(0_usize, |rows, batch| rows.saturating_add(batch.num_rows()));
        // Columns of nulls take no bytes, but a record has at least an id.
        if row_count > data.len() {
            return Err(invalid(
                "it claims more rows than it has bytes".to_owned(),
                0,
            ));
        }
        Ok(Self { schema, batches })
    }
}
