//! Taking values away: of single profiles, and of whole columns.

use std::sync::Arc;

use rayon::prelude::*;

use super::RowId;
use super::entries;
use super::members::constant_time;
use super::placement::Placement;
use super::values;
use super::version::Version;
use crate::column::Column;
use crate::member::Touched;
use crate::schema::{ColumnId, builtin};

/// Columns that an erased row keeps, as marks of the removal.
const KEPT: [ColumnId; 2] = [builtin::PROFILE_ID, builtin::CHANGED_AT];

/// What an erasure found.
pub(super) struct Erased {
    /// Rows of profiles that are gone now, ascending.
    pub(super) rows: Vec<RowId>,
    /// Rows without a profile whose waiting events are gone.
    pub(super) waiting: usize,
}

impl Erased {
    /// What a commit of it touched.
    pub(super) fn touched(self) -> Touched {
        Touched {
            has_births_or_deaths: !self.rows.is_empty(),
            rows: self.rows,
            ..Touched::default()
        }
    }
}

/// Erases profiles with their events, also events that wait for a profile; those of whom nothing is there are passed over.
///
/// # Cost
/// Builds the text blocks and the runs of events of the rows anew, so that nothing of them stays in memory once no other version holds the
/// old ones.
pub(super) fn erase(version: &mut Version, profile_ids: &[&str], tick_millis: i64) -> Erased {
    let named = profile_ids.iter().filter_map(|id| version.find_row(id));
    let named = named.collect();
    erase_rows(version, named, tick_millis)
}

/// Erases the profiles of rows, in any order and perhaps several times, as [`erase`] does.
pub(super) fn erase_rows(version: &mut Version, mut found: Vec<RowId>, tick_millis: i64) -> Erased {
    found.retain(|&row| version.holds_row(row));
    found.sort_unstable();
    found.dedup();
    let rows: Vec<RowId> = found
        .iter()
        .copied()
        .filter(|&row| version.is_live(row))
        .collect();
    let waiting = found.len() - rows.len();
    erase_events(version, found);
    erase_values(version, &rows, tick_millis);
    Erased { rows, waiting }
}

fn erase_events(version: &mut Version, rows: Vec<RowId>) {
    let all: Vec<u32> = (0..).take(rows.len()).collect();
    let mut by_block: Vec<(usize, Vec<u16>)> = Vec::new();
    Placement::new(rows).for_each_run(&all, |run| by_block.push((run.block, run.rows.to_vec())));
    let by_block: Vec<_> = by_block
        .iter()
        .map(|(block, rows)| (*block, rows.as_slice()))
        .collect();
    version.events.remove_rows(&by_block);
}

/// Takes the values of live rows away, which are erased ones then, and leaves the id and the tick as marks of the removal.
pub(super) fn erase_values(version: &mut Version, rows: &[RowId], tick_millis: i64) {
    let all: Vec<u32> = (0..).take(rows.len()).collect();
    let placement = Placement::new(rows.to_vec());
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
    let changed_at = constant_time(builtin::CHANGED_AT, all, tick_millis);
    let mut place = version.columns.take(builtin::CHANGED_AT);
    values::write(&mut place, &changed_at, &placement);
    version.columns.put(builtin::CHANGED_AT, place);
}

/// Forgets columns with all their values.
pub(super) fn drop_columns(version: &mut Version, columns: &[ColumnId]) {
    // Answers to consents go with the column of their states.
    if let Some(mut answers) = version.columns.take(builtin::CONSENT_ANSWERS) {
        let keys: Vec<String> = columns.iter().map(ColumnId::to_string).collect();
        entries::drop_keys(Arc::make_mut(&mut answers), &keys);
        version.columns.put(builtin::CONSENT_ANSWERS, Some(answers));
    }
    for &id in columns {
        if let Some(column) = version.columns.take(id) {
            rayon::spawn(move || drop(column));
        }
    }
}
