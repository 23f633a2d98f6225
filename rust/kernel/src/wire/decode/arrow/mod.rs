//! The reader of Arrow IPC streams.
//!
//! A stream is flat: a column for each part of a profile and for each field, by name. Null keeps the stored value, empty text clears it.
//! Columns are read one after the other, so that each is a loop over one type.

mod cells;
mod column;
mod identifiers;
mod rejected;
mod rows;
mod size;
mod stream;

use self::stream::Stream;
use super::DecodeOptions;
use crate::batch::Batch;
use crate::error::{KernelError, Result};
use crate::schema::{List, Schema};
use crate::wire::BlockFormat;

pub(super) use self::rejected::{RejectedRows, rejected};
pub(super) use self::rows::{Rows, max_stored_bytes};

/// Decodes and checks a stream.
pub(super) fn decode(
    schema: &Schema,
    list: Option<&List>,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    let stream = Stream::read(data)?;
    let block = (BlockFormat::ArrowIpc, data.len());
    let mut rows = Rows::new(schema, list, block, stream.schema.fields(), options)?;
    for batch in &stream.batches {
        rows.read(batch)?;
    }
    Ok(rows.finish())
}

fn invalid(problem: String, offset: usize) -> KernelError {
    KernelError::BlockInvalid {
        format: BlockFormat::ArrowIpc.name(),
        problem,
        offset,
    }
}
