//! Taking a commit back: its profiles become again what they were before it.

use std::sync::Arc;

use rayon::prelude::*;

use super::RowId;
use super::difference::{by_block, columns_of_any, combined, differing, live_words};
use super::erase::erase_values;
use super::identifiers::{KINDS, columns_of, values_of_row};
use super::index::key_of;
use super::placement::row_id;
use super::record::stamp_changed;
use super::version::Version;
use crate::batch::{IdentifierKind, RecordException, RecordReason};
use crate::bitmap::{BLOCK_WORDS, RowSet, Words};
use crate::column::Column;
use crate::error::{KernelError, Result};
use crate::member::Touched;
use crate::schema::{ColumnId, builtin};

/// What taking a commit back did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Profiles that became what they were, those that left included.
    pub restored: usize,
    /// A `ProfileChanged` for each profile that was left as it is, in order of rows, numbered from 1.
    pub exceptions: Vec<RecordException>,
}

/// A table's state before a commit and after it.
#[derive(Clone, Copy)]
pub(super) struct Commit<'a> {
    pub(super) before: &'a Version,
    pub(super) after: &'a Version,
}

/// What is to be done with the rows of a block.
struct Plan {
    block: usize,
    /// Positions of groups of columns with the rows that get their values back.
    values: Vec<(usize, RowSet)>,
    /// Rows that get values back.
    restored: RowSet,
    /// Rows of profiles that the commit created and that go.
    leaving: RowSet,
    /// Rows that were changed since.
    refused: RowSet,
    /// Whether the block as it was before the commit is all that is wanted where nobody wrote to it since.
    is_whole: bool,
}

/// Makes the profiles that a commit wrote what they were before it, as far as nobody changed since what it wrote.
///
/// `columns` are the only ones that are brought back, besides those that every account has; `None` for all.
///
/// # Errors
/// [`KernelError::DefinitionInvalid`] when the states are of another table, with nothing changed.
///
/// # Cost
/// All cores. What versions share is neither compared nor copied: a commit that nobody wrote after is taken back by sharing its blocks'
/// former ones.
pub(super) fn restore(
    version: &mut Version,
    commit: Commit<'_>,
    columns: Option<&[ColumnId]>,
    tick_millis: i64,
) -> Result<(Restored, Touched)> {
    let groups = groups(version, commit, columns);
    let rows = commit.after.changed_rows(commit.before.tick_millis);
    let plans: Vec<Plan> = by_block(&rows)
        .par_iter()
        .map(|(block, rows)| plan(version, commit, &groups, *block, rows))
        .collect::<Result<_>>()?;
    bring_back(version, commit, &groups, &plans);
    KINDS
        .into_par_iter()
        .for_each(|kind| enter(version, commit, &groups, &plans, kind));
    let restored = rows_of(&plans, |plan| &plan.restored);
    let leaving = rows_of(&plans, |plan| &plan.leaving);
    stamp_changed(version, &restored, tick_millis);
    if !leaving.is_empty() {
        erase_values(version, &leaving, tick_millis);
    }
    let done = Restored {
        restored: restored.len() + leaving.len(),
        exceptions: exceptions(version, &rows_of(&plans, |plan| &plan.refused)),
    };
    Ok((done, touched(&groups, &plans, restored, leaving)))
}

/// Columns that are compared and brought back, ascending; those of one kind of identifiers together, because only together they say which
/// one is the first.
fn groups(
    version: &Version,
    Commit { before, after }: Commit<'_>,
    columns: Option<&[ColumnId]>,
) -> Vec<Vec<ColumnId>> {
    let mut ids = columns_of_any(&[before, after, version]);
    let apart = [builtin::PROFILE_ID, builtin::CHANGED_AT];
    ids.retain(|id| {
        let is_wanted = |columns: &[ColumnId]| *id < builtin::FIRST_FREE || columns.contains(id);
        !apart.contains(id) && columns.is_none_or(is_wanted)
    });
    let kind_of = |id: &ColumnId| {
        KINDS
            .into_iter()
            .find(|kind| columns_of(*kind).contains(id))
    };
    ids.chunk_by(|a, b| kind_of(a).is_some() && kind_of(a) == kind_of(b))
        .map(<[ColumnId]>::to_vec)
        .collect()
}

fn plan(
    version: &Version,
    commit: Commit<'_>,
    groups: &[Vec<ColumnId>],
    block: usize,
    rows: &RowSet,
) -> Result<Plan> {
    let Commit { before, after } = commit;
    let rows = rows.to_words();
    let (was, became) = (live_words(before, block), live_words(after, block));
    let kept = combined([&rows, &was, &became], |[row, was, became]| {
        row & was & became
    });
    let created = combined([&rows, &was, &became], |[row, was, became]| {
        row & became & !was
    });
    let erased = combined([&rows, &was, &became], |[row, was, became]| {
        row & was & !became
    });
    let mut all = combined([&kept, &created], |[kept, created]| kept | created);
    check_ids(before, after, block, &kept)?;
    check_ids(after, version, block, &all)?;

    let mut changed_since = [0; BLOCK_WORDS];
    let mut concerned = [0; BLOCK_WORDS];
    let mut values = Vec::new();
    for (position, group) in groups.iter().enumerate() {
        let imported = differing_in_any(before, after, group, block, &kept);
        let compared = combined([&imported, &created], |[imported, created]| {
            imported | created
        });
        let since = differing_in_any(after, version, group, block, &compared);
        RowSet::from_words(&since).or_into(&mut changed_since);
        let imported = RowSet::from_words(&imported);
        if !imported.is_empty() {
            imported.or_into(&mut concerned);
            values.push((position, imported));
        }
    }
    // A profile that was erased since and came again is another one, whatever it is like.
    differing(after, version, builtin::CREATED_AT, block, &concerned).or_into(&mut changed_since);

    let is = live_words(version, block);
    all = combined([&concerned, &created], |[concerned, created]| {
        concerned | created
    });
    let refused = combined([&all, &changed_since, &is], |[row, changed, is]| {
        row & (changed | !is)
    });
    for (_, rows) in &mut values {
        *rows = without(&rows.to_words(), &refused);
    }
    values.retain(|(_, rows)| !rows.is_empty());
    let refused_rows = RowSet::from_words(&refused);
    Ok(Plan {
        block,
        values,
        restored: without(&concerned, &refused),
        leaving: without(&created, &refused),
        is_whole: refused_rows.is_empty() && erased.iter().all(|&word| word == 0),
        refused: refused_rows,
    })
}

fn differing_in_any(
    one: &Version,
    other: &Version,
    columns: &[ColumnId],
    block: usize,
    within: &Words,
) -> Words {
    let mut words = [0; BLOCK_WORDS];
    for &column in columns {
        differing(one, other, column, block, within).or_into(&mut words);
    }
    words
}

fn without(rows: &Words, others: &Words) -> RowSet {
    RowSet::from_words(&combined([rows, others], |[row, other]| row & !other))
}

/// Refuses rows that are another profile's in the other version: a profile keeps its row for ever.
fn check_ids(one: &Version, other: &Version, block: usize, rows: &Words) -> Result<()> {
    if differing(one, other, builtin::PROFILE_ID, block, rows).is_empty() {
        return Ok(());
    }
    Err(KernelError::DefinitionInvalid {
        what: "snapshot",
        problem: "it is of another table".into(),
    })
}

/// Writes the values of before the commit to the rows that get them back.
fn bring_back(
    version: &mut Version,
    Commit { before, after }: Commit<'_>,
    groups: &[Vec<ColumnId>],
    plans: &[Plan],
) {
    let mut columns: Vec<(usize, ColumnId, Option<Arc<Column>>)> = Vec::new();
    for (position, group) in groups.iter().enumerate() {
        let of_group = group
            .iter()
            .map(|&id| (position, id, version.columns.take(id)));
        columns.extend(of_group);
    }
    columns
        .par_iter_mut()
        .with_max_len(1)
        .for_each(|(group, id, place)| {
            let (was, became) = (before.columns.get(*id), after.columns.get(*id));
            let Some(like) = was.or(became) else { return };
            let nothing = Column::new(like.kind());
            let (was, became) = (was.unwrap_or(&nothing), became.unwrap_or(&nothing));
            bring_back_column(place, was, became, *group, plans);
        });
    for (_, id, column) in columns {
        version.columns.put(id, column);
    }
}

fn bring_back_column(
    place: &mut Option<Arc<Column>>,
    was: &Column,
    became: &Column,
    group: usize,
    plans: &[Plan],
) {
    for plan in plans {
        let column = place.get_or_insert_with(|| Arc::new(Column::new(was.kind())));
        if plan.is_whole && column.shares_block(became, plan.block) {
            if !column.shares_block(was, plan.block) {
                Arc::make_mut(column).share_block(was, plan.block);
            }
        } else if let Some(rows) = plan.rows_of(group) {
            let rows: Vec<u16> = rows.iter().collect();
            Arc::make_mut(column).copy_rows(was, plan.block, &rows);
        }
    }
}

/// Enters the identifiers that rows got back into their index, which may have forgotten them.
fn enter(
    version: &Version,
    Commit { before, .. }: Commit<'_>,
    groups: &[Vec<ColumnId>],
    plans: &[Plan],
    kind: IdentifierKind,
) {
    let is_kind = |group: &Vec<ColumnId>| columns_of(kind).contains(&group[0]);
    let Some(group) = groups.iter().position(is_kind) else {
        return;
    };
    let index = version.indexes.identifiers(kind);
    for plan in plans {
        let Some(rows) = plan.rows_of(group) else {
            continue;
        };
        let entries = rows.iter().flat_map(|row| {
            let row = row_id(plan.block, row);
            let values = values_of_row(&before.columns, kind, row);
            values.map(move |value| (index.hash(&key_of(kind, value)), row))
        });
        index.insert(&entries.collect::<Vec<_>>());
    }
}

fn rows_of(plans: &[Plan], set: impl Fn(&Plan) -> &RowSet) -> Vec<RowId> {
    let of_block = |plan| {
        let rows: &RowSet = set(plan);
        rows.iter().map(|row| row_id(plan.block, row))
    };
    plans.iter().flat_map(of_block).collect()
}

fn exceptions(version: &Version, rows: &[RowId]) -> Vec<RecordException> {
    let exception = |(record_number, &row): (u32, &RowId)| RecordException {
        record_number,
        profile_id: version
            .columns
            .text(builtin::PROFILE_ID, row)
            .unwrap_or_default()
            .to_owned(),
        field_path: String::new(),
        reason: RecordReason::ProfileChanged,
        message: "what the import wrote was changed since: the profile is left as it is".into(),
    };
    (1..).zip(rows).map(exception).collect()
}

fn touched(
    groups: &[Vec<ColumnId>],
    plans: &[Plan],
    restored: Vec<RowId>,
    leaving: Vec<RowId>,
) -> Touched {
    let written = plans
        .iter()
        .flat_map(|plan| plan.values.iter().map(|(group, _)| *group));
    let has_births_or_deaths = !leaving.is_empty();
    let mut rows = restored;
    rows.extend(leaving);
    Touched {
        columns: written
            .flat_map(|group| groups[group].iter().copied())
            .chain([builtin::CHANGED_AT])
            .collect(),
        rows,
        has_births_or_deaths,
        ..Touched::default()
    }
}

impl Plan {
    /// The rows that get the values of a group of columns back.
    fn rows_of(&self, group: usize) -> Option<&RowSet> {
        let found = self
            .values
            .binary_search_by_key(&group, |(group, _)| *group);
        found.ok().map(|position| &self.values[position].1)
    }
}
