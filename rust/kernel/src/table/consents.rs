//! Answers to consents: their versions, their times and the former ones.
//!
//! A consent's state is a truth value in a column of its own. Answers are kept beside it from the first that says a version, a time or
//! former answers, or changes a stored state: a first answer that says none of these is its state alone. One that is replaced by another
//! state, version or time becomes a former one. What gives the stored state and version, or no version, without a time is a repeat, which
//! changes nothing; an answer that says no version keeps the stored one.

use super::RowId;
use super::entries::{RowEntries, entries_of, put, rows_of};
use super::placement::{Placement, block_and_row};
use super::profile_ids;
use super::version::{Columns, Version};
use crate::batch::{Batch, BatchColumn, BatchValues, Identifier};
use crate::column::{self, Column};
use crate::entry::{ConsentAnswers, FormerAnswer};
use crate::schema::{ColumnId, builtin};

/// A change of a consent: its column, and the states before and after.
struct Change {
    batch_row: u32,
    column: ColumnId,
    before: Option<bool>,
    after: Option<bool>,
}

/// All answers of each batch row, ascending, of which a batch changes some.
///
/// # Cost
/// A look at the stored state of each consent given, where any are stored; more only for those that change or say more than a state.
pub(super) fn answered(
    stored: &Columns,
    batch: &Batch,
    placement: &Placement,
    tick_millis: i64,
) -> RowEntries {
    let said = rows_of(&batch.entries, builtin::CONSENT_ANSWERS);
    let given = batch.columns.iter();
    let mut changes: Vec<Change> = given
        .filter(|given| batch.consents.contains(&given.column))
        .flat_map(|given| changes_of(stored, given, said, placement))
        .collect();
    changes.sort_by_key(|change| change.batch_row);
    let column = stored.get(builtin::CONSENT_ANSWERS);
    let of_row = |changes: &[Change]| {
        let batch_row = changes[0].batch_row;
        let stored = entries_of(column, placement.row(batch_row));
        let mut entries = stored.to_vec();
        for change in changes {
            let entry = answer(&entries, change, said_of(said, change), tick_millis);
            put(&mut entries, &[entry]);
        }
        (entries != stored).then_some((batch_row, entries))
    };
    changes
        .chunk_by(|a, b| a.batch_row == b.batch_row)
        .filter_map(of_row)
        .collect()
}

/// Batch rows, ascending, whose profiles hold a consent of a later version than the record says.
pub(super) fn prior_rows(version: &Version, batch: &Batch) -> Vec<u32> {
    let said = rows_of(&batch.entries, builtin::CONSENT_ANSWERS);
    let column = version.column(builtin::CONSENT_ANSWERS);
    if said.is_empty() || column.is_none() {
        return Vec::new();
    }
    let found = profile_ids::find_all(version, &batch.profile_ids);
    let is_prior = |(batch_row, given): &&(u32, Vec<Identifier>)| {
        let Some(row) = found[*batch_row as usize] else {
            return false;
        };
        let stored = entries_of(column, row);
        given.iter().any(|new| {
            let held = stored.iter().find(|old| old.kind == new.kind);
            let version = ConsentAnswers::unpack(new).version;
            version > 0 && held.is_some_and(|held| version < ConsentAnswers::unpack(held).version)
        })
    };
    said.iter().filter(is_prior).map(|(row, _)| *row).collect()
}

/// Those rows of a consent's column whose answers may change.
fn changes_of(
    stored: &Columns,
    given: &BatchColumn,
    said: &[(u32, Vec<Identifier>)],
    placement: &Placement,
) -> Vec<Change> {
    let states = stored.get(given.column);
    if states.is_none() && said.is_empty() {
        return Vec::new();
    }
    let BatchValues::Boolean(values) = &given.values else {
        return Vec::new();
    };
    let after = values.iter().map(|&value| Some(value));
    let rows = given.rows.iter().zip(after);
    let rows = rows.chain(given.cleared.iter().map(|row| (row, None)));
    let change = |(&batch_row, after)| Change {
        batch_row,
        column: given.column,
        before: state_of(states, placement.row(batch_row)),
        after,
    };
    let is_any = |change: &Change| match (change.before, change.after) {
        (None, None) => false,
        (before, after) if before == after => said_of(said, change).is_some(),
        (None, _) => said_of(said, change).is_some(),
        _ => true,
    };
    rows.map(change).filter(is_any).collect()
}

/// What a batch says of a consent besides its state.
fn said_of<'a>(said: &'a [(u32, Vec<Identifier>)], change: &Change) -> Option<&'a Identifier> {
    let of_row = said.binary_search_by_key(&change.batch_row, |(row, _)| *row);
    let (_, entries) = &said[of_row.ok()?];
    let key = change.column.to_string();
    entries.iter().find(|entry| *entry.kind == *key)
}

/// The entry of a consent after a change; an empty one when there is no consent any more.
fn answer(
    stored: &[Identifier],
    change: &Change,
    said: Option<&Identifier>,
    tick_millis: i64,
) -> Identifier {
    let Some(after) = change.after else {
        return Identifier::new(&change.column.to_string(), "");
    };
    let held = ConsentAnswers::of(stored, change.column);
    let is_held = held.is_some();
    let mut answers = held.unwrap_or_default();
    let said = said.map(ConsentAnswers::unpack).unwrap_or_default();
    let version = if said.version > 0 {
        said.version
    } else {
        answers.version
    };
    let is_repeat = is_held
        && change.before == Some(after)
        && version == answers.version
        && (said.stated_at_millis.is_none() || said.stated_at_millis == answers.stated_at_millis);
    if !is_repeat {
        answers
            .former
            .extend(change.before.map(|is_given| FormerAnswer {
                is_given,
                version: answers.version,
                stated_at_millis: answers.stated_at_millis.unwrap_or_default(),
            }));
        answers.version = version;
        answers.stated_at_millis = said.stated_at_millis.or(Some(tick_millis));
    }
    if !said.former.is_empty() {
        answers.former = said.former;
    }
    answers.keep_last();
    answers.pack(change.column)
}

/// The state of a row in the column of a consent.
fn state_of(states: Option<&Column>, row: RowId) -> Option<bool> {
    let (block, row) = block_and_row(row);
    let Some(Column::Boolean(blocks)) = states else {
        return None;
    };
    let block = column::get(blocks, block)?;
    let has = |code| {
        let rows = block.with_option(code);
        rows.is_some_and(|rows| rows.contains(row))
    };
    has(1).then_some(true).or_else(|| has(0).then_some(false))
}
