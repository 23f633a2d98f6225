//! What a commit wrote.

use std::collections::BTreeSet;

use crate::schema::ColumnId;
use crate::table::RowId;

/// Rows that a commit wrote, and what of them may be other than before.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Rows written, erased, or with new events; in any order, perhaps several times.
    pub(crate) rows: Vec<RowId>,
    /// Columns in which a row has another value or none.
    pub(crate) columns: BTreeSet<ColumnId>,
    /// Types of new events.
    pub(crate) event_types: BTreeSet<u16>,
    /// Whether rows came to life or were erased, which any condition may depend on.
    pub(crate) has_births_or_deaths: bool,
}

impl Touched {
    /// Adds what a further part of the commit wrote.
    pub(crate) fn extend(&mut self, more: Self) {
        self.rows.extend(more.rows);
        self.columns.extend(more.columns);
        self.event_types.extend(more.event_types);
        self.has_births_or_deaths |= more.has_births_or_deaths;
    }

    /// The rows, ascending and once each.
    pub(crate) fn sort(&mut self) {
        if !self.rows.is_sorted_by(|a, b| a < b) {
            self.rows.sort_unstable();
            self.rows.dedup();
        }
    }
}
