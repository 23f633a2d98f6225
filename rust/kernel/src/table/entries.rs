//! Entries of collections other than identifiers: addresses, preferences, groups, answers to consents.

use std::sync::Arc;

use super::identifiers::{deactivate_others, merge, to_store};
use super::placement::{Placement, block_and_row};
use super::version::{Columns, open};
use super::{Refresh, RowId};
use crate::batch::{BatchEntries, Identifier};
use crate::column::{self, Block, Column};
use crate::entry::Preference;
use crate::schema::{ColumnId, ColumnKind, builtin};

/// Batch rows, ascending, with entries.
pub(super) type RowEntries = Vec<(u32, Vec<Identifier>)>;

/// Collections that are written as they are given. Answers to consents are worked out from the states that go with them.
pub(super) const COLLECTIONS: [ColumnId; 3] =
    [builtin::ADDRESSES, builtin::PREFERENCES, builtin::GROUPS];

/// What a batch says of one collection.
pub(super) struct Given<'a> {
    pub(super) column: ColumnId,
    pub(super) rows: &'a [(u32, Vec<Identifier>)],
    /// Whether entries that a record does not name are deactivated: addresses become inactive, groups are left.
    pub(super) is_refreshed: bool,
    pub(super) n_rows: usize,
    pub(super) tick_millis: i64,
}

impl<'a> Given<'a> {
    /// What a batch of a number of rows says, where it may change anything.
    pub(super) fn of(
        entries: &'a [BatchEntries],
        column: ColumnId,
        refresh: Refresh,
        n_rows: usize,
        tick_millis: i64,
    ) -> Option<Self> {
        let is_refreshed = match column {
            builtin::ADDRESSES => refresh.contacts,
            builtin::GROUPS => refresh.groups,
            _ => false,
        };
        let rows = rows_of(entries, column);
        (is_refreshed || !rows.is_empty()).then_some(Self {
            column,
            rows,
            is_refreshed,
            n_rows,
            tick_millis,
        })
    }

    /// Writes it to the column of the collection.
    ///
    /// # Cost
    /// In proportion to the rows that have or get entries; where the collection is refreshed, a look at each row besides.
    pub(super) fn write(&self, place: &mut Option<Arc<Column>>, placement: &Placement) {
        let stored = |batch_row| entries_of(place.as_deref(), placement.row(batch_row)).to_vec();
        let of_row = |(batch_row, given): &(u32, Vec<Identifier>)| {
            (*batch_row, self.applied(stored(*batch_row), given))
        };
        let mut rows: RowEntries = self.rows.iter().map(of_row).collect();
        if self.is_refreshed && place.is_some() {
            let given = self.rows.iter().map(|(row, _)| *row);
            for batch_row in others(given, self.n_rows) {
                let stored = stored(batch_row);
                if !stored.is_empty() {
                    rows.push((batch_row, self.applied(stored, &[])));
                }
            }
            rows.sort_unstable_by_key(|(row, _)| *row);
        }
        replace(place, rows, placement);
    }

    /// What a row holds once it was given entries.
    fn applied(&self, mut stored: Vec<Identifier>, given: &[Identifier]) -> Vec<Identifier> {
        match self.column {
            builtin::ADDRESSES => {
                if self.is_refreshed {
                    deactivate_others(&mut stored, given);
                }
                merge(&mut stored, given);
            }
            builtin::PREFERENCES => {
                let dated: Vec<Identifier> = given
                    .iter()
                    .map(|new| dated(new, self.tick_millis))
                    .collect();
                put(&mut stored, &dated);
            }
            _ => {
                if self.is_refreshed {
                    stored.clear();
                }
                put(&mut stored, given);
            }
        }
        stored
    }
}

/// What a batch gives in one collection.
pub(super) fn rows_of(entries: &[BatchEntries], column: ColumnId) -> &[(u32, Vec<Identifier>)] {
    let of_column = entries.iter().find(|entries| entries.column == column);
    of_column.map_or(&[], |entries| &entries.rows)
}

/// The rows of a batch that are not among some ascending ones.
pub(super) fn others(given: impl Iterator<Item = u32>, n_rows: usize) -> impl Iterator<Item = u32> {
    let mut given = given.peekable();
    (0..)
        .take(n_rows)
        .filter(move |row| given.next_if_eq(row).is_none())
}

/// The entries of a row.
pub(super) fn entries_of(column: Option<&Column>, row: RowId) -> &[Identifier] {
    let (block, row) = block_and_row(row);
    match column {
        Some(Column::Identifiers(blocks)) => {
            column::get(blocks, block).map_or(&[], |block| block.get(row))
        }
        _ => &[],
    }
}

/// Replaces all entries of some batch rows, ascending.
pub(super) fn replace(
    place: &mut Option<Arc<Column>>,
    mut rows: RowEntries,
    placement: &Placement,
) {
    if place.is_none() && rows.iter().all(|(_, entries)| entries.is_empty()) {
        return;
    }
    let Column::Identifiers(blocks) = open(place, ColumnKind::Identifiers) else {
        return;
    };
    let batch_rows: Vec<u32> = rows.iter().map(|(row, _)| *row).collect();
    for run in placement.runs(&batch_rows).iter() {
        let of_run = run
            .positions
            .iter()
            .map(|&i| std::mem::take(&mut rows[i as usize].1).into());
        column::get_mut(blocks, run.block, Default::default).write(run.rows, of_run.collect());
    }
}

/// Puts entries in the order of their keys, in the place of those of the same keys.
pub(super) fn put(stored: &mut Vec<Identifier>, given: &[Identifier]) {
    for new in given {
        let at = stored.binary_search_by(|old| old.kind.cmp(&new.kind));
        match (at, to_store(new)) {
            (Ok(at), Some(new)) => stored[at] = new,
            (Ok(at), None) => drop(stored.remove(at)),
            (Err(at), Some(new)) => stored.insert(at, new),
            (Err(_), None) => {}
        }
    }
}

/// A preference that says when it was stated.
fn dated(given: &Identifier, tick_millis: i64) -> Identifier {
    if given.value.is_empty() {
        return given.clone();
    }
    let mut preference = Preference::unpack(given);
    preference.stated_at_millis.get_or_insert(tick_millis);
    preference.pack()
}

/// Leaves of what is given the entries whose keys profiles do not have; new addresses go behind the profile's own.
pub(super) fn of_absent(
    stored: &Columns,
    given: &[BatchEntries],
    placement: &Placement,
) -> Vec<BatchEntries> {
    let of_column = |entries: &BatchEntries| {
        let column = stored.get(entries.column);
        let of_row = |(row, given): &(u32, Vec<Identifier>)| {
            let held = entries_of(column, placement.row(*row));
            Some((*row, behind(held, given)?))
        };
        BatchEntries {
            column: entries.column,
            rows: entries.rows.iter().filter_map(of_row).collect(),
        }
    };
    given
        .iter()
        .map(|entries| match entries.column {
            builtin::CONSENT_ANSWERS => entries.clone(),
            _ => of_column(entries),
        })
        .collect()
}

/// What is given of new keys, behind the first entry held, which so stays the first; `None` when there is nothing new.
pub(super) fn behind(held: &[Identifier], given: &[Identifier]) -> Option<Vec<Identifier>> {
    let is_new = |one: &&Identifier| {
        !one.value.is_empty() && held.iter().all(|stored| stored.kind != one.kind)
    };
    let new = given.iter().filter(is_new).map(|one| Identifier {
        is_primary: one.is_primary && held.is_empty(),
        ..one.clone()
    });
    let mut new = new.peekable();
    new.peek()?;
    Some(held.first().cloned().into_iter().chain(new).collect())
}

/// Forgets the entries of some keys in a collection of all rows.
pub(super) fn drop_keys(column: &mut Column, keys: &[String]) {
    let Column::Identifiers(blocks) = column else {
        return;
    };
    let is_dropped = |entry: &Identifier| keys.iter().any(|key| **key == *entry.kind);
    for block in blocks.iter_mut().flatten() {
        let rows: Vec<u16> = block.presence().iter().collect();
        let has_some = |row: &u16| block.get(*row).iter().any(is_dropped);
        let rows: Vec<u16> = rows.into_iter().filter(has_some).collect();
        if rows.is_empty() {
            continue;
        }
        let kept = |row: &u16| {
            let entries = block.get(*row).iter();
            entries
                .filter(|entry| !is_dropped(entry))
                .cloned()
                .collect()
        };
        let kept = rows.iter().map(kept).collect();
        Arc::make_mut(block).write(&rows, kept);
    }
}
