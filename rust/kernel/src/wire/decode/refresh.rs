//! Columns of which every record says something: what it does not give, it clears.

use super::DecodeOptions;
use super::builder::no_values;
use crate::batch::{Batch, BatchColumn};
use crate::schema::{ColumnId, ColumnKind, MarkKind, Schema};

/// Makes the records of a batch clear the fields and take off the tags that they do not give, as far as these are to be refreshed.
///
/// # Cost
/// Four bytes for each record and column.
pub(super) fn clear_others(batch: &mut Batch, schema: &Schema, options: &DecodeOptions) {
    let n_rows = u32::try_from(batch.n_rows()).expect("records are counted in 32 bits");
    if n_rows == 0 || options.names_only {
        return;
    }
    for (column, kind) in refreshed(schema, options) {
        let by_column = |given: &BatchColumn| given.column;
        let at = match batch.columns.binary_search_by_key(&column, by_column) {
            Ok(at) => at,
            Err(at) => {
                let given = BatchColumn {
                    column,
                    rows: Vec::new(),
                    values: no_values(kind),
                    cleared: Vec::new(),
                };
                batch.columns.insert(at, given);
                at
            }
        };
        batch.columns[at].clear_others(n_rows);
    }
}

/// The columns, those of the list's fields included.
fn refreshed<'s>(
    schema: &'s Schema,
    options: &'s DecodeOptions<'_>,
) -> impl Iterator<Item = (ColumnId, ColumnKind)> + 's {
    let is_meant = |list: Option<&str>| list.is_none() || list == options.list;
    let fields = schema
        .fields()
        .iter()
        .filter(move |field| options.refresh.custom_fields && is_meant(field.list.as_deref()));
    let tags = schema
        .marks()
        .iter()
        .filter(|mark| options.refresh.tags && mark.kind == MarkKind::Tag);
    let fields = fields.map(|field| (field.column, field.kind));
    fields.chain(tags.map(|mark| (mark.column, ColumnKind::Boolean)))
}
