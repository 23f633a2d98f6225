//! Whole names made of their parts.

use super::placement::Placement;
use super::version::Columns;
use crate::batch::{BatchColumn, BatchValues, Texts};
use crate::schema::builtin;

/// Makes the whole names of batch rows from the stored given, middle and family names, with a space between them.
pub(super) fn composed_names(
    stored: &Columns,
    batch_rows: &[u32],
    placement: &Placement,
) -> BatchColumn {
    let (mut rows, mut names, mut cleared) = (Vec::new(), Texts::default(), Vec::new());
    for &batch_row in batch_rows {
        let row = placement.row(batch_row);
        let parts = [
            builtin::GIVEN_NAME,
            builtin::MIDDLE_NAME,
            builtin::FAMILY_NAME,
        ];
        let parts: Vec<&str> = parts
            .iter()
            .filter_map(|&part| stored.text(part, row))
            .collect();
        if parts.is_empty() {
            cleared.push(batch_row);
        } else {
            rows.push(batch_row);
            names.push(parts.join(" ").as_bytes());
        }
    }
    BatchColumn {
        column: builtin::FULL_NAME,
        rows,
        values: BatchValues::Text(names),
        cleared,
    }
}
