//! Rows with problems.

use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;

use super::file::File;
use super::{footer, invalid};
use crate::error::{KernelError, Result};
use crate::wire::SizeLimits;
use crate::wire::decode::arrow::RejectedRows;
use crate::wire::decode::rejected::Reasons;

/// Writes a file of the rows with problems, with one more column.
pub(in crate::wire::decode) fn rejected(
    data: &[u8],
    reasons: &Reasons,
    limits: SizeLimits,
) -> Result<Vec<u8>> {
    footer::check(data)?;
    let file = File::open(data, limits)?;
    let mut rows = RejectedRows::new(&Schema::new(file.columns().clone()), reasons);
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).map_err(damaged)?;
    file.read(limits, |batch| {
        let batch = rows.of(batch).map_err(damaged)?;
        writer.write(&batch).map_err(damaged)
    })?;
    writer.into_inner().map_err(damaged)
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn damaged(error: impl ToString) -> KernelError {
    invalid(error.to_string())
}
