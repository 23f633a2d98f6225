//! The reader of CSV (RFC 4180): a header, then a record a line.
//!
//! | what | how it is read |
//! | --- | --- |
//! | columns | by the names in the header, as those of Arrow streams |
//! | a cell without a character, in quotes or not | keeps the stored value: nothing clears |
//! | any other cell | the text form of its column's type |
//! | a cell of `emails`, `phones` or `alternate_ids` | the array of NDJSON |
//! | a cell of several options that begins with `[` | a JSON array of their names |
//! | a `'` before what a spreadsheet would run | falls away, as exports put it there |
//! | a byte order mark, lines without a character | passed over |
//!
//! Cells are separated by commas; lines end in CR LF or LF, the last one need not. A line with more or fewer cells than the header, or with
//! quotes in the wrong place, is a problem of that record, and reading goes on at the next line.

mod cell;
mod header;
mod lines;
mod rejected;
mod rows;

use self::lines::Lines;
pub(super) use self::rejected::rejected;
use self::rows::Rows;
use super::DecodeOptions;
use super::builder::Builder;
use super::layout::Layout;
use super::{flat, problem};
use crate::batch::Batch;
use crate::error::{KernelError, Result};
use crate::schema::{List, Schema};
use crate::wire::BlockFormat;

/// Decodes and checks a table.
pub(super) fn decode(
    schema: &Schema,
    list: Option<&List>,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    let mut lines = Lines::new(header::text_of(data)?);
    let names = header::read(&mut lines)?;
    let mut builder = Builder::new(options);
    let layout = Layout::new(
        &mut builder,
        schema,
        list,
        BlockFormat::Csv,
        &names,
        options,
    )?;
    let mut rows = Rows::new(&mut builder, &layout, &names);
    while rows.read(&mut lines) {
        rows.builder.make_room(lines.position(), data.len());
        rows.builder
            .check_problems(BlockFormat::Csv, lines.position())?;
    }
    let row_count = rows.row_count;
    Ok(flat::finish(builder, list, row_count))
}

fn invalid(problem: impl Into<String>) -> KernelError {
    KernelError::BlockInvalid {
        format: BlockFormat::Csv.name(),
        problem: problem.into(),
        offset: 0,
    }
}
