//! Taking values away: of single profiles, and of whole columns.

use std::sync::Arc;

use rayon::prelude::*;

use super::RowId;
use super::members::constant_time;
use super::placement::Placement;
use super::values;
use super::version::Version;
use crate::column::Column;
use crate::schema::{ColumnId, builtin};

/// Columns that an erased row keeps, as marks of the removal.
const KEPT: [ColumnId; 2] = [builtin::PROFILE_ID, builtin::CHANGED_AT];

/// Erases profiles; those that are unknown or erased already are passed over. Returns the rows erased, ascending.
///
/// # Cost
/// Builds the text blocks and the runs of events of the rows anew, so that nothing of them stays in memory once no other version holds the
/// old ones.
pub(super) fn erase(version: &mut Version, profile_ids: &[&str], tick_millis: i64) -> Vec<RowId> {
    let mut rows: Vec<RowId> = profile_ids
        .iter()
        .filter_map(|id| version.find(id))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    let all: Vec<u32> = (0..).take(rows.len()).collect();
    let placement = Placement::new(rows);
    let mut columns: Vec<&mut Arc<Column>> = version
        .columns
        .iter_mut()
        .filter_map(|(id, column)| (!KEPT.contains(&id)).then_some(column))
        .collect();
    columns.par_iter_mut().for_each(|column| {
        let column = Arc::make_mut(column);
        placement.for_each_run(&all, |run| column.erase_rows(run.block, run.rows));
    });
    placement.for_each_run(&all, |run| version.remove_live(run.block, run.rows));
    let mut erased: Vec<(usize, Vec<u16>)> = Vec::new();
    placement.for_each_run(&all, |run| erased.push((run.block, run.rows.to_vec())));
    let erased: Vec<_> = erased
        .iter()
        .map(|(block, rows)| (*block, rows.as_slice()))
        .collect();
    version.events.remove_rows(&erased);
    let changed_at = constant_time(builtin::CHANGED_AT, all, tick_millis);
    let mut place = version.columns.take(builtin::CHANGED_AT);
    values::write(&mut place, &changed_at, &placement);
    version.columns.put(builtin::CHANGED_AT, place);
    placement.sorted_rows()
}

/// Forgets columns with all their values.
pub(super) fn drop_columns(version: &mut Version, columns: &[ColumnId]) {
    for &id in columns {
        if let Some(column) = version.columns.take(id) {
            rayon::spawn(move || drop(column));
        }
    }
}
