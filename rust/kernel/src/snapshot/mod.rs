//! A version as files.

use std::sync::Arc;

use crate::bitmap::RowSet;
use crate::column::Column;
use crate::schema::ColumnId;

/// What a version is made of, as far as files hold it.
#[derive(Debug, Clone)]
pub struct VersionParts {
    /// Revision of the last commit.
    pub revision: i64,
    /// Tick of the last commit, milliseconds since 1970 UTC.
    pub tick_millis: i64,
    /// Numbered rows, erased ones included.
    pub n_rows: usize,
    /// Rows of each block that are not erased; one set for each block.
    pub live: Vec<Arc<RowSet>>,
    /// Columns that ever held a value.
    pub columns: Vec<(ColumnId, Column)>,
}
