//! Which columns of a row are written.

use std::collections::HashSet;

use crate::schema::{ColumnId, List, Schema, builtin};

/// The columns that were chosen, or all. It is asked when records are laid out, not when they are written.
///
/// The profile id is always chosen. Identifiers are chosen by the column of their first; their types and the further ones go with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Projection(Option<HashSet<ColumnId>>);

impl Projection {
    /// Every column.
    pub(super) const ALL: Self = Self(None);

    /// Only some columns; `None` for all.
    pub(super) fn of(columns: Option<&[ColumnId]>) -> Self {
        Self(columns.map(|columns| columns.iter().copied().collect()))
    }

    /// Whether a column is written.
    pub(super) fn has(&self, column: ColumnId) -> bool {
        column == builtin::PROFILE_ID
            || self
                .0
                .as_ref()
                .is_none_or(|chosen| chosen.contains(&column))
    }

    /// Whether anything of the places on a list is written: with its fields' columns, one of its own.
    pub(super) fn has_list(&self, schema: &Schema, list: &List) -> bool {
        let fields = schema
            .fields()
            .iter()
            .filter(|field| field.list.as_ref() == Some(&list.id))
            .map(|field| field.column);
        (list.state()..=list.consent_to_track())
            .chain(fields)
            .any(|column| self.has(column))
    }
}
