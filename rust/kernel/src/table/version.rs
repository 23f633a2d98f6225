//! One consistent state of a table.

use std::fmt;
use std::sync::Arc;

use super::apply::Manner;
use super::change_log::ChangeLog;
use super::index::Indexes;
use super::placement::{block_and_row, row_id};
use super::segments::apply;
use super::{Applied, IdentifierKind, RowId, WriteRules};
use crate::batch::Batch;
use crate::bitmap::RowSet;
use crate::column::{BLOCK_ROWS, Column};
use crate::error::Result;
use crate::event::Events;
use crate::member::{Members, Touched};
use crate::schema::{ColumnId, ColumnKind, builtin};
use crate::snapshot::VersionParts;

/// Columns by number; `None` where nothing was ever stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns(Vec<Option<Arc<Column>>>);

impl Columns {
    pub(super) fn get(&self, id: ColumnId) -> Option<&Column> {
        self.0.get(id as usize)?.as_deref()
    }

    /// A column to hold on to.
    pub(super) fn shared(&self, id: ColumnId) -> Option<Arc<Column>> {
        self.0.get(id as usize)?.clone()
    }

    /// Takes a column out to be written to.
    pub(super) fn take(&mut self, id: ColumnId) -> Option<Arc<Column>> {
        self.0.get_mut(id as usize)?.take()
    }

    /// Puts a column in its place.
    pub(super) fn put(&mut self, id: ColumnId, column: Option<Arc<Column>>) {
        let at = id as usize;
        if self.0.len() <= at && column.is_some() {
            self.0.resize(at + 1, None);
        }
        if let Some(place) = self.0.get_mut(at) {
            *place = column;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ColumnId, &Column)> {
        (0..)
            .zip(&self.0)
            .filter_map(|(id, column)| Some((id, column.as_deref()?)))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (ColumnId, &mut Arc<Column>)> {
        (0..)
            .zip(&mut self.0)
            .filter_map(|(id, column)| Some((id, column.as_mut()?)))
    }

    /// The text of a row.
    pub(super) fn text(&self, id: ColumnId, row: RowId) -> Option<&str> {
        text(self.get(id), row)
    }
}

/// The option of a row, of a column of single options.
pub(super) fn code(column: Option<&Column>, row: RowId) -> Option<u16> {
    let (block, row) = block_and_row(row);
    match column? {
        Column::MultiSelectOne(blocks) => crate::column::get(blocks, block)?.get(row),
        _ => None,
    }
}

/// The text of a row as it was given.
pub(super) fn text(column: Option<&Column>, row: RowId) -> Option<&str> {
    std::str::from_utf8(text_bytes(column, row)?).ok()
}

/// The bytes of the text of a row as it was given.
pub(super) fn text_bytes(column: Option<&Column>, row: RowId) -> Option<&[u8]> {
    let (block, row) = block_and_row(row);
    match column? {
        Column::Text(blocks) | Column::ExactText(blocks) => {
            crate::column::get(blocks, block)?.original(row)
        }
        _ => None,
    }
}

/// A column to be written to, made when it is missing.
pub(super) fn open(place: &mut Option<Arc<Column>>, kind: ColumnKind) -> &mut Column {
    Arc::make_mut(place.get_or_insert_with(|| Arc::new(Column::new(kind))))
}

/// An immutable picture of a table. A clone shares everything and costs some dozens of counters.
#[derive(Clone)]
pub struct Version {
    pub(super) revision: i64,
    pub(super) tick_millis: i64,
    pub(super) n_rows: usize,
    pub(super) live: Vec<Arc<RowSet>>,
    pub(super) live_count: usize,
    pub(super) columns: Columns,
    pub(super) changes: ChangeLog,
    pub(super) indexes: Arc<Indexes>,
    pub(super) events: Events,
    pub(crate) members: Members,
}

impl Version {
    /// A table without rows.
    pub(super) fn empty() -> Self {
        Self {
            revision: 0,
            tick_millis: 0,
            n_rows: 0,
            live: Vec::new(),
            live_count: 0,
            columns: Columns::default(),
            changes: ChangeLog::new(),
            indexes: Arc::new(Indexes::of(Columns::default())),
            events: Events::default(),
            members: Members::default(),
        }
    }

    /// A version to evaluate plans on: these values, and nothing else.
    pub(crate) fn of_columns(
        values: Vec<(ColumnId, Column)>,
        events: Events,
        is_live: &[bool],
    ) -> Self {
        let mut columns = Columns::default();
        for (id, column) in values {
            columns.put(id, Some(Arc::new(column)));
        }
        let live = |rows: &[bool]| {
            let rows = (0..).zip(rows).filter(|(_, is_live)| **is_live);
            Arc::new(RowSet::from_sorted(
                &rows.map(|(row, _)| row).collect::<Vec<_>>(),
            ))
        };
        Self {
            n_rows: is_live.len(),
            live: is_live.chunks(BLOCK_ROWS).map(live).collect(),
            columns,
            events,
            ..Self::empty()
        }
    }

    /// Takes a version that files held. Its identifier indexes are made when they are first needed.
    pub fn from_parts(parts: VersionParts) -> Self {
        let mut columns = Columns::default();
        for (id, column) in parts.columns {
            columns.put(id, Some(Arc::new(column)));
        }
        Self {
            revision: parts.revision,
            tick_millis: parts.tick_millis,
            n_rows: parts.n_rows,
            live_count: parts.live.iter().map(|live| live.len()).sum(),
            live: parts.live,
            changes: ChangeLog::after(parts.tick_millis),
            indexes: Arc::new(Indexes::of(columns.clone())),
            columns,
            events: parts.events,
            members: Members::default(),
        }
    }

    /// What files hold of the version; shares everything with it.
    pub fn to_parts(&self) -> VersionParts {
        VersionParts {
            revision: self.revision,
            tick_millis: self.tick_millis,
            n_rows: self.n_rows,
            live: self.live.clone(),
            columns: self
                .columns
                .iter()
                .map(|(id, column)| (id, column.clone()))
                .collect(),
            events: self.events.clone(),
        }
    }

    /// Number of the last commit in it.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Tick of the last commit in it, milliseconds since 1970 UTC.
    pub fn tick_millis(&self) -> i64 {
        self.tick_millis
    }

    /// Numbered rows, erased ones included.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Blocks that hold the numbered rows.
    pub fn n_blocks(&self) -> usize {
        self.n_rows.div_ceil(BLOCK_ROWS)
    }

    /// Rows of profiles that are there: not erased, and not only known from events.
    pub fn live_count(&self) -> usize {
        self.live_count
    }

    /// Rows of a block that are not erased.
    ///
    /// # Panics
    /// When there is no such block.
    pub fn live(&self, block: usize) -> &RowSet {
        &self.live[block]
    }

    /// Whether a row is numbered and not erased.
    pub fn is_live(&self, row: RowId) -> bool {
        let (block, row) = block_and_row(row);
        self.live.get(block).is_some_and(|live| live.contains(row))
    }

    /// A column; `None` when nothing was ever stored in it.
    pub fn column(&self, id: ColumnId) -> Option<&Column> {
        self.columns.get(id)
    }

    /// What happened to profiles, those that are not there included.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Bytes of columns, events, members, change log and indexes; parts shared with other versions count in each, mapped ones in none.
    pub fn memory_bytes(&self) -> usize {
        let columns: usize = self
            .columns
            .iter()
            .map(|(_, column)| column.memory_bytes())
            .sum();
        let live: usize = self.live.iter().map(|live| live.memory_bytes()).sum();
        columns
            + live
            + self.members.memory_bytes()
            + self.changes.memory_bytes()
            + self.indexes.memory_bytes()
            + self.events.memory_bytes()
    }

    /// The row of a profile that is not erased.
    pub fn find(&self, profile_id: &str) -> Option<RowId> {
        self.find_row(profile_id).filter(|&row| self.is_live(row))
    }

    /// The row of a profile, or of one that is erased or that only events wait for.
    pub(crate) fn find_row(&self, profile_id: &str) -> Option<RowId> {
        self.indexes
            .find_profile(&self.columns, self.n_rows, profile_id)
    }

    /// Whether there is anything to erase of a profile: itself, or events that wait for it.
    pub fn holds(&self, profile_id: &str) -> bool {
        self.find_row(profile_id)
            .is_some_and(|row| self.holds_row(row))
    }

    /// Whether there is anything to erase of a row.
    pub(super) fn holds_row(&self, row: RowId) -> bool {
        let (block, in_block) = block_and_row(row);
        self.is_live(row) || self.events.has_events(block, in_block)
    }

    /// Rows that hold an identifier, ascending. Only complete for the version that is published.
    pub(super) fn find_by(&self, kind: IdentifierKind, value: &str) -> Vec<RowId> {
        let mut rows = self.indexes.find_identifier(&self.columns, kind, value);
        rows.retain(|&row| self.is_live(row));
        rows
    }

    /// Rows whose `CHANGED_AT` is at or after a time, ascending, erased ones included.
    ///
    /// # Cost
    /// The changes since, as far back as the change log reaches (as many entries as a quarter of the rows, and never less than a
    /// million); else the blocks that have such a row.
    pub fn changed_rows(&self, from_millis: i64) -> Vec<RowId> {
        self.changes
            .rows_from(from_millis)
            .unwrap_or_else(|| self.scan_changed_rows(from_millis))
    }

    fn scan_changed_rows(&self, from_millis: i64) -> Vec<RowId> {
        let Some(Column::DateTime(blocks)) = self.column(builtin::CHANGED_AT) else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        for (number, block) in blocks.iter().enumerate() {
            let Some(block) = block.as_deref() else {
                continue;
            };
            if block.range().is_none_or(|(_, last)| last < from_millis) {
                continue;
            }
            let values = block.values();
            let changed = block
                .presence()
                .iter()
                .filter(|&row| values[usize::from(row)] >= from_millis);
            rows.extend(changed.map(|row| row_id(number, row)));
        }
        rows
    }

    /// Applies batches in order, as one commit.
    pub(super) fn commit(
        &mut self,
        batches: &[&Batch],
        revision: i64,
        tick_millis: i64,
    ) -> Result<(Applied, Touched)> {
        let (mut touched, mut created) = (Touched::default(), 0);
        let manner = Manner {
            rules: &WriteRules::default(),
            part_number: 0,
            tick_millis,
        };
        for batch in batches {
            let written = apply(self, batch, manner)?;
            touched.extend(written.touched);
            created += written.part.created;
        }
        touched.sort();
        self.stamp(revision, tick_millis, &touched.rows);
        let written = touched.rows.len();
        Ok((Applied { written, created }, touched))
    }

    /// Ends a commit that wrote some rows, ascending.
    pub(super) fn stamp(&mut self, revision: i64, tick_millis: i64, rows: &[RowId]) {
        self.revision = revision;
        self.tick_millis = tick_millis;
        self.changes.push(tick_millis, rows, self.n_rows);
    }

    /// Numbers further rows, which are not live.
    pub(super) fn add_waiting_rows(&mut self, count: usize) {
        self.n_rows += count;
        self.live.resize(self.n_blocks(), Arc::default());
    }

    /// Numbers further rows, which are live.
    pub(super) fn add_rows(&mut self, count: usize) {
        let first = self.n_rows;
        self.add_waiting_rows(count);
        self.live_count += count;
        for (number, live) in self.live.iter_mut().enumerate().skip(first / BLOCK_ROWS) {
            let start = number * BLOCK_ROWS;
            let new: Vec<u16> = (first.max(start)..self.n_rows.min(start + BLOCK_ROWS))
                .map(|row| crate::bitmap::to_row(row - start))
                .collect();
            Arc::make_mut(live).insert_sorted(&new);
        }
    }

    /// Makes an erased row live again.
    pub(super) fn revive(&mut self, row: RowId) {
        let (block, row) = block_and_row(row);
        self.live_count += usize::from(Arc::make_mut(&mut self.live[block]).insert(row));
    }

    /// Makes live rows of a block erased ones.
    pub(super) fn remove_live(&mut self, block: usize, rows: &[u16]) {
        Arc::make_mut(&mut self.live[block]).remove_sorted(rows);
        self.live_count -= rows.len();
    }

    /// Frees the version on another thread: a large one takes some time.
    pub(super) fn free_later(self) {
        rayon::spawn(move || drop(self));
    }
}

/// Shows counts only: values are personal.
impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Version")
            .field("revision", &self.revision)
            .field("n_rows", &self.n_rows)
            .field("live_count", &self.live_count)
            .finish_non_exhaustive()
    }
}
