//! Writing records of distinct profiles to a version that nobody else writes to.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::absent::{of_absent, retain_absent};
use super::consents::answered;
use super::entries::{self, RowEntries};
use super::identifiers::{Collection, KINDS, columns_of};
use super::index::Indexes;
use super::members::{constant_time, implied};
use super::names::composed_names;
use super::placement::Placement;
use super::profile_ids::{self, Resolved};
use super::values;
use super::version::{Version, open};
use super::{AppliedPart, IdentifierKind, Refresh, RowId, WriteMode, WriteRules};
use crate::batch::{Batch, BatchColumn, BatchValues, Texts};
use crate::column::Column;
use crate::error::Result;
use crate::member::Touched;
use crate::schema::{ColumnId, ColumnKind, builtin};

/// Cells of a batch from which its columns are written on all cores: below it, handing out the work costs more than the work.
const PARALLEL_CELLS: usize = 1 << 13;

/// How a batch is applied.
#[derive(Clone, Copy)]
pub(super) struct Manner<'a> {
    pub(super) rules: &'a WriteRules,
    /// Number of the batch's part of an import.
    pub(super) part_number: u32,
    pub(super) tick_millis: i64,
}

/// What applying a batch did.
#[derive(Default)]
pub(super) struct Written {
    /// Rows written or erased, and their columns.
    pub(super) touched: Touched,
    /// Counts and exceptions.
    pub(super) part: AppliedPart,
    /// Rows without a profile whose waiting events were erased.
    pub(super) waiting: usize,
}

/// Applies records of distinct profiles, all of which are honored.
///
/// # Errors
/// [`KernelError::TableFull`](crate::error::KernelError::TableFull), with nothing applied.
///
/// # Cost
/// Resolves all profile ids, then writes every column by itself, block by block.
pub(super) fn apply_segment(
    version: &mut Version,
    batch: &Batch,
    manner: Manner<'_>,
    written: &mut Written,
) -> Result<()> {
    let tick_millis = manner.tick_millis;
    let resolved = profile_ids::resolve(version, &batch.profile_ids)?;
    let placement = Placement::new(resolved.rows.clone());
    let skips = manner.rules.write_mode == WriteMode::SkipIfSet;
    let reduced = skips.then(|| of_absent(&version.columns, batch, &placement));
    let batch = reduced.as_ref().unwrap_or(batch);
    let refresh = if skips {
        Refresh::default()
    } else {
        manner.rules.refresh
    };
    let answered = answered(&version.columns, batch, &placement, tick_millis);
    let mut implied = implied(&version.columns, batch, &placement, tick_millis);
    if skips {
        for given in &mut implied {
            retain_absent(&version.columns, given, &placement);
        }
    }
    let all_rows = (0..).take(batch.n_rows()).collect();
    let changed_at = constant_time(builtin::CHANGED_AT, all_rows, tick_millis);
    let created_at = constant_time(builtin::CREATED_AT, resolved.created.clone(), tick_millis);
    for &created in &resolved.created {
        if (placement.row(created) as usize) < version.n_rows {
            version.revive(placement.row(created));
        }
    }
    version.add_rows(resolved.unnumbered.len());

    let mut tasks = value_tasks(batch, implied.into_iter().chain([changed_at, created_at]));
    tasks.extend(identifier_tasks(batch, refresh));
    tasks.extend(entry_tasks(batch, refresh, tick_millis));
    if !answered.is_empty() {
        let work = Work::Answers(answered);
        tasks.push(Task::new(&[builtin::CONSENT_ANSWERS], work));
    }
    tasks.push(Task::new(
        &[builtin::PROFILE_ID],
        Work::ProfileIds(&resolved),
    ));
    let mut columns: BTreeSet<ColumnId> = tasks.iter().flat_map(|task| task.ids.clone()).collect();
    run_all(version, batch, &placement, tasks);
    if !batch.compose_name.is_empty() {
        let names = composed_names(&version.columns, &batch.compose_name, &placement);
        let task = Task::new(&[builtin::FULL_NAME], Work::Values(vec![Cow::Owned(names)]));
        run_all(version, batch, &placement, vec![task]);
        columns.insert(builtin::FULL_NAME);
    }
    written.touched.extend(Touched {
        rows: placement.sorted_rows(),
        columns,
        has_births_or_deaths: !resolved.created.is_empty(),
        ..Touched::default()
    });
    written.part.applied += batch.n_rows();
    written.part.created += resolved.created.len();
    Ok(())
}

/// Columns taken out of a version, and what is to be written to them. Tasks share no column, so they may run at the same time.
struct Task<'a> {
    ids: Vec<ColumnId>,
    columns: Vec<Option<Arc<Column>>>,
    work: Work<'a>,
}

enum Work<'a> {
    /// Values of one column; no row stands twice.
    Values(Vec<Cow<'a, BatchColumn>>),
    /// The three columns and the index of a kind of identifiers, and whether the collection is refreshed.
    Identifiers(IdentifierKind, bool),
    /// Entries of one collection.
    Entries(entries::Given<'a>),
    /// All answers to consents of some rows.
    Answers(RowEntries),
    /// The ids of new rows, and their index.
    ProfileIds(&'a Resolved),
}

impl<'a> Task<'a> {
    fn new(ids: &[ColumnId], work: Work<'a>) -> Self {
        Self {
            ids: ids.to_vec(),
            columns: Vec::new(),
            work,
        }
    }

    /// About how long it takes, in values: texts count more, and what is entered into an index most.
    fn weight(&self, batch: &Batch) -> usize {
        const TEXT: usize = 4;
        const INDEXED: usize = 10;
        match &self.work {
            Work::Values(columns) => columns
                .iter()
                .map(|given| match given.values {
                    BatchValues::Text(_) => TEXT * given.rows.len(),
                    _ => given.rows.len(),
                })
                .sum(),
            Work::Identifiers(kind, _) => {
                let given = &batch.identifiers[*kind as usize];
                INDEXED * (given.plain_rows.len() + given.typed.len())
            }
            Work::Entries(_) | Work::Answers(_) => TEXT * batch.n_rows(),
            Work::ProfileIds(resolved) => INDEXED * resolved.unnumbered.len(),
        }
    }

    fn run(&mut self, batch: &Batch, placement: &Placement, indexes: &Indexes) {
        match &mut self.work {
            Work::Values(columns) => {
                for given in columns {
                    values::write(&mut self.columns[0], given, placement);
                }
            }
            Work::Identifiers(kind, is_refreshed) => {
                let given = &batch.identifiers[*kind as usize];
                Collection {
                    kind: *kind,
                    columns: &mut self.columns,
                    is_refreshed: *is_refreshed,
                }
                .apply(given, placement, indexes);
            }
            Work::Entries(given) => given.write(&mut self.columns[0], placement),
            Work::Answers(rows) => {
                entries::replace(&mut self.columns[0], std::mem::take(rows), placement);
            }
            Work::ProfileIds(resolved) => {
                write_profile_ids(
                    &mut self.columns[0],
                    &batch.profile_ids,
                    resolved,
                    placement,
                    indexes,
                );
            }
        }
    }
}

/// One task a column: what the batch gives and what is implied.
fn value_tasks<'a>(batch: &'a Batch, implied: impl Iterator<Item = BatchColumn>) -> Vec<Task<'a>> {
    let given = batch.columns.iter().map(Cow::Borrowed);
    let mut by_column: BTreeMap<ColumnId, Vec<Cow<'a, BatchColumn>>> = BTreeMap::new();
    let all = given.chain(implied.map(Cow::Owned));
    for values in all.filter(|values| !values.is_empty()) {
        by_column.entry(values.column).or_default().push(values);
    }
    by_column
        .into_iter()
        .map(|(id, values)| Task::new(&[id], Work::Values(values)))
        .collect()
}

fn identifier_tasks(batch: &Batch, refresh: Refresh) -> impl Iterator<Item = Task<'_>> {
    let is_refreshed = move |kind| match kind {
        IdentifierKind::Email | IdentifierKind::Phone => refresh.contacts,
        IdentifierKind::AlternateId => refresh.alternate_ids,
    };
    let is_written = move |kind: &IdentifierKind| {
        is_refreshed(*kind) || !batch.identifiers[*kind as usize].is_empty()
    };
    let kinds = KINDS.into_iter().filter(is_written);
    kinds.map(move |kind| {
        let work = Work::Identifiers(kind, is_refreshed(kind));
        Task::new(&columns_of(kind), work)
    })
}

fn entry_tasks(
    batch: &Batch,
    refresh: Refresh,
    tick_millis: i64,
) -> impl Iterator<Item = Task<'_>> {
    let given = move |column| {
        let entries = &batch.entries;
        entries::Given::of(entries, column, refresh, batch.n_rows(), tick_millis)
    };
    let written = entries::COLLECTIONS.into_iter().filter_map(given);
    written.map(|given| Task::new(&[given.column], Work::Entries(given)))
}

fn run_all(version: &mut Version, batch: &Batch, placement: &Placement, mut tasks: Vec<Task<'_>>) {
    for task in &mut tasks {
        task.columns = task
            .ids
            .iter()
            .map(|&id| version.columns.take(id))
            .collect();
    }
    let indexes = &*version.indexes;
    if batch.n_rows() * tasks.len() < PARALLEL_CELLS {
        for task in &mut tasks {
            task.run(batch, placement, indexes);
        }
    } else {
        // The longest first: one that began last would be waited for by all.
        tasks.sort_by_key(|task| Reverse(task.weight(batch)));
        rayon::scope_fifo(|scope| {
            for task in &mut tasks {
                scope.spawn_fifo(|_| task.run(batch, placement, indexes));
            }
        });
    }
    for task in tasks {
        for (id, column) in task.ids.into_iter().zip(task.columns) {
            version.columns.put(id, column);
        }
    }
}

/// Writes the ids of new rows, and enters them into their index.
pub(super) fn write_profile_ids(
    place: &mut Option<Arc<Column>>,
    ids: &Texts,
    resolved: &Resolved,
    placement: &Placement,
    indexes: &Indexes,
) {
    let new = &resolved.unnumbered;
    let entries: Vec<(u32, RowId)> = new
        .iter()
        .map(|&i| (resolved.hashes[i as usize], placement.row(i)))
        .collect();
    indexes.profile_ids().insert(&entries);
    if new.is_empty() {
        return;
    }
    let column = open(place, ColumnKind::ExactText);
    if new.len() == ids.len() {
        values::write_texts(column, new, ids, placement);
    } else {
        let mut texts = Texts::default();
        for &i in new {
            texts.push(ids.get(i as usize));
        }
        values::write_texts(column, new, &texts, placement);
    }
}
