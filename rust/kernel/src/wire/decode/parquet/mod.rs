//! The reader of Parquet: a whole file a block, with the columns of Arrow streams.
//!
//! Nothing of a file is believed: a few bytes can claim to be schemas of any depth, or pages of any size. So what the footer and the heads
//! of pages claim is checked before the general reader sees them, whose memory follows these claims; and only columns that mean something
//! are looked at.
//!
//! | module | holds |
//! | --- | --- |
//! | `thrift` | the encoding of footers and heads of pages |
//! | `footer` | what a footer may claim |
//! | `pages` | what pages may claim |
//! | `file` | the general reader, whose panics are damage |

mod file;
mod footer;
mod pages;
mod rejected;
mod thrift;

use self::file::File;
pub(super) use self::rejected::rejected;
use super::DecodeOptions;
use super::arrow::Rows;
use crate::batch::Batch;
use crate::error::{KernelError, Result};
use crate::schema::{List, Schema};
use crate::wire::BlockFormat;

/// Decodes and checks a file.
pub(super) fn decode(
    schema: &Schema,
    list: Option<&List>,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    footer::check(data)?;
    let file = File::open(data, options.limits)?;
    let block = (BlockFormat::Parquet, data.len());
    let all = Rows::new(schema, list, block, file.columns(), options)?;
    let file = file.of_columns(all.positions());
    let mut rows = Rows::new(schema, list, block, file.columns(), options)?;
    file.read(options.limits, |batch| rows.read(batch))?;
    Ok(rows.finish())
}

fn invalid(problem: impl Into<String>) -> KernelError {
    KernelError::BlockInvalid {
        format: BlockFormat::Parquet.name(),
        problem: problem.into(),
        offset: 0,
    }
}
