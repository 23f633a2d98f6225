//! An account: rows, columns, identifier indexes, versions, commits.
//!
//! A profile gets a row when it first comes and keeps it for ever: erased, the row holds the id and the tick of the erasure; when the id
//! comes again, it takes its row again. Columns are in blocks that versions share; a writer copies a block only when somebody else holds
//! it. There is one writer at a time. A small commit writes in place while readers, who hold nothing for longer than it takes to clone
//! some counters, wait; a large one writes to a private fork that is then published.

mod absent;
mod apply;
mod change_log;
mod consents;
mod difference;
mod entries;
mod erase;
mod identifiers;
mod index;
mod maintain;
mod matching;
mod members;
mod names;
mod placement;
pub(crate) mod prefetch;
mod profile_ids;
mod record;
mod restore;
pub(crate) mod review;
mod rules;
mod segments;
pub(crate) mod slots;
#[cfg(test)]
mod tests;
mod transaction;
mod values;
mod version;
mod writer;

use std::sync::{Arc, Mutex, MutexGuard, RwLock};

pub(crate) use placement::{block_and_row, row_id};
pub use record::Recorded;
pub use restore::Restored;
pub use rules::{MatchBy, Refresh, WriteAction, WriteMode, WriteRules};
pub use transaction::Transaction;
pub use version::Version;

use crate::batch::{Batch, IdentifierKind, RecordException};
use crate::error::Result;
use crate::event::EventBatch;
use crate::member::{History, Maintainer, Touched};
use crate::schema::{ColumnId, builtin};
use index::Indexes;
use writer::WriterLock;

/// Number of a profile's row in an account.
pub type RowId = u32;

/// Rows that can be numbered: whole blocks below 2^32.
pub const MAX_ROWS: u32 = u32::MAX - 65_535;

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Profiles written.
    pub written: usize,
    /// Those of them that were new.
    pub created: usize,
}

/// What applying a batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedPart {
    /// Records honored, also those of a profile that an earlier record wrote.
    pub applied: usize,
    /// Profiles that were new.
    pub created: usize,
    /// Valid records left out because the rules forbid them, or because there is nothing to erase.
    pub not_honored: usize,
    /// Problems that only the table shows, in order of records, which are left out.
    pub exceptions: Vec<RecordException>,
}

/// The profiles of an account. May be shared by threads.
#[derive(Debug)]
pub struct Table(Arc<Shared>);

/// What a table and its open transaction share.
#[derive(Debug)]
struct Shared {
    published: RwLock<Version>,
    writer: Arc<WriterLock>,
    /// Used by the one writer alone.
    maintainer: Mutex<Maintainer>,
    /// What the maintainer tells others.
    history: Arc<Mutex<History>>,
}

impl Table {
    /// A table without profiles.
    pub fn new() -> Self {
        Self::with(Version::empty())
    }

    /// A table that goes on from a version. The identifier indexes are made on another thread; what needs them first waits.
    ///
    /// That thread is none of the pool's: a first count, which wants the whole pool, does not wait for the indexes.
    pub fn from_version(version: Version) -> Self {
        let indexes = Arc::clone(&version.indexes);
        let events = version.events.clone();
        std::thread::spawn(move || {
            indexes.make();
            drop(events.ids());
        });
        Self::with(version)
    }

    fn with(version: Version) -> Self {
        let maintainer = Maintainer::default();
        Self(Arc::new(Shared {
            published: RwLock::new(version),
            writer: Arc::default(),
            history: maintainer.history(),
            maintainer: Mutex::new(maintainer),
        }))
    }

    /// The state as it is now. Later commits do not show in it.
    pub fn version(&self) -> Version {
        self.0.version()
    }

    /// The row of a profile that is not erased.
    pub fn find(&self, profile_id: &str) -> Option<RowId> {
        self.version().find(profile_id)
    }

    /// Rows that hold an identifier now, ascending. E-mail addresses compare folded, the others exactly.
    ///
    /// # Panics
    /// When a writer panicked.
    pub fn find_by(&self, kind: IdentifierKind, value: &str) -> Vec<RowId> {
        self.0.indexes().make();
        self.0
            .published
            .read()
            .expect(WRITER_PANICKED)
            .find_by(kind, value)
    }

    /// Applies batches in order, visible together. A profile that stands in several is written by each, so the last value wins.
    ///
    /// # Errors
    /// [`KernelError::TableFull`](crate::error::KernelError::TableFull), with nothing applied.
    ///
    /// # Cost
    /// Writes in place while readers wait; for a commit of many blocks, see [`begin`](Self::begin).
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn apply(&self, batches: &[&Batch], revision: i64, tick_millis: i64) -> Result<Applied> {
        let rows: usize = batches.iter().map(|batch| batch.n_rows()).sum();
        let _permit = self.0.writer.acquire();
        self.0.indexes().make();
        self.0.advance(tick_millis);
        let mut maintainer = self.0.maintainer();
        let mut published = self.0.published.write().expect(WRITER_PANICKED);
        let (applied, touched) = if published.n_rows() + rows <= MAX_ROWS as usize {
            published.commit(batches, revision, tick_millis)?
        } else {
            let mut fork = published.clone();
            let done = fork.commit(batches, revision, tick_millis)?;
            *published = fork;
            done
        };
        maintainer.follow(&mut published, touched);
        drop(published);
        self.0.drop_outdated();
        Ok(applied)
    }

    /// Begins a commit of many batches, stamped with a tick, on a private fork. Waits until no other writer is there.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn begin(&self, tick_millis: i64, rules: WriteRules) -> Transaction {
        let permit = self.0.writer.acquire();
        self.0.advance(tick_millis);
        Transaction::new(Arc::clone(&self.0), permit, rules, tick_millis)
    }

    /// Records events, visible together. Counts as a change of the profiles they happened to.
    ///
    /// Events known by their ids with the same content are left out. Profiles that are not there get a row that is not live, which the
    /// profile takes when it comes; `refuse_unknown_profiles` makes their events exceptions instead.
    ///
    /// # Errors
    /// [`KernelError::TableFull`](crate::error::KernelError::TableFull), with nothing recorded.
    ///
    /// # Cost
    /// Writes in place while readers wait, about a microsecond an event.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn record(
        &self,
        batch: &EventBatch,
        refuse_unknown_profiles: bool,
        revision: i64,
        tick_millis: i64,
    ) -> Result<Recorded> {
        let _permit = self.0.writer.acquire();
        self.0.indexes().make();
        drop(self.0.version().events.ids());
        self.0.advance(tick_millis);
        let mut maintainer = self.0.maintainer();
        let mut published = self.0.published.write().expect(WRITER_PANICKED);
        let recorded = record::record(&mut published, batch, refuse_unknown_profiles, tick_millis)?;
        published.stamp(revision, tick_millis, &recorded.rows);
        let touched = Touched {
            rows: recorded.rows.clone(),
            columns: [builtin::CHANGED_AT].into(),
            event_types: recorded.type_codes.iter().copied().collect(),
            ..Touched::default()
        };
        maintainer.follow(&mut published, touched);
        Ok(recorded)
    }

    /// Erases profiles and returns how many there were: values and events go, ids stay, with the tick as the time of the last change.
    /// Events that wait for a profile go as well, and count as one.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn erase(&self, profile_ids: &[&str], revision: i64, tick_millis: i64) -> usize {
        self.write(tick_millis, |version, maintainer| {
            let erased = erase::erase(version, profile_ids, tick_millis);
            let count = erased.rows.len() + erased.waiting;
            version.stamp(revision, tick_millis, &erased.rows);
            maintainer.follow(version, erased.touched());
            count
        })
    }

    /// Forgets columns with all their values. Does not count as a change of the profiles.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn drop_columns(&self, columns: &[ColumnId], revision: i64, tick_millis: i64) {
        self.write(tick_millis, |version, maintainer| {
            erase::drop_columns(version, columns);
            version.stamp(revision, tick_millis, &[]);
            maintainer.follow_drop(version, columns);
        });
    }

    /// Publishes what a function makes of the version, after what falls due before it.
    fn write<R>(
        &self,
        tick_millis: i64,
        change: impl FnOnce(&mut Version, &mut Maintainer) -> R,
    ) -> R {
        let _permit = self.0.writer.acquire();
        self.0.advance(tick_millis);
        let mut fork = self.version();
        let answer = change(&mut fork, &mut self.0.maintainer());
        self.0.publish(fork);
        answer
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn version(&self) -> Version {
        self.published.read().expect(WRITER_PANICKED).clone()
    }

    /// What keeps the members right. Only for the one writer.
    fn maintainer(&self) -> MutexGuard<'_, Maintainer> {
        self.maintainer.lock().expect(WRITER_PANICKED)
    }

    fn indexes(&self) -> Arc<Indexes> {
        Arc::clone(&self.published.read().expect(WRITER_PANICKED).indexes)
    }

    /// Makes a version the current one. Only for the one writer.
    fn publish(&self, version: Version) {
        let mut published = self.published.write().expect(WRITER_PANICKED);
        let replaced = std::mem::replace(&mut *published, version);
        drop(published);
        replaced.free_later();
        self.drop_outdated();
    }

    /// Builds indexes anew that are mostly outdated entries. Only for the one writer.
    ///
    /// Whoever looks up identifiers holds the published version meanwhile, so an index and the values it was built from change together.
    fn drop_outdated(&self) {
        let version = self.version();
        let rebuilt = version.indexes.rebuilt(&version.columns);
        if !rebuilt.is_empty() {
            let _nobody_reads = self.published.write().expect(WRITER_PANICKED);
            version.indexes.replace(rebuilt);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Ok(version) = self.published.get_mut() {
            std::mem::replace(version, Version::empty()).free_later();
        }
    }
}

const WRITER_PANICKED: &str = "a writer panicked halfway; the account must be loaded again";
