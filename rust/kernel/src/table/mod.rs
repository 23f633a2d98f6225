//! An account: rows, columns, identifier indexes, versions, commits.
//!
//! A profile gets a row when it first comes and keeps it for ever: erased, the row holds the id and the tick of the erasure; when the id
//! comes again, it takes its row again. Columns are in blocks that versions share; a writer copies a block only when somebody else holds
//! it. There is one writer at a time. A small commit writes in place while readers, who hold nothing for longer than it takes to clone
//! some counters, wait; a large one writes to a private fork that is then published.

mod apply;
mod change_log;
mod erase;
mod identifiers;
mod index;
mod members;
mod names;
mod placement;
pub(crate) mod prefetch;
mod profile_ids;
mod record;
pub(crate) mod slots;
#[cfg(test)]
mod tests;
mod transaction;
mod values;
mod version;
mod writer;

use std::sync::{Arc, RwLock};

pub(crate) use placement::block_and_row;
pub use record::Recorded;
pub use transaction::Transaction;
pub use version::Version;

use crate::batch::{Batch, IdentifierKind};
use crate::error::Result;
use crate::event::EventBatch;
use crate::schema::ColumnId;
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

/// The profiles of an account. May be shared by threads.
#[derive(Debug)]
pub struct Table(Arc<Shared>);

/// What a table and its open transaction share.
#[derive(Debug)]
struct Shared {
    published: RwLock<Version>,
    writer: Arc<WriterLock>,
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
        Self(Arc::new(Shared {
            published: RwLock::new(version),
            writer: Arc::default(),
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
        let mut published = self.0.published.write().expect(WRITER_PANICKED);
        let applied = if published.n_rows() + rows <= MAX_ROWS as usize {
            published.commit(batches, revision, tick_millis)?
        } else {
            let mut fork = published.clone();
            let applied = fork.commit(batches, revision, tick_millis)?;
            *published = fork;
            applied
        };
        drop(published);
        self.0.drop_outdated();
        Ok(applied)
    }

    /// Begins a commit of many batches, stamped with a tick, on a private fork. Waits until no other writer is there.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn begin(&self, tick_millis: i64) -> Transaction {
        let permit = self.0.writer.acquire();
        Transaction::new(Arc::clone(&self.0), permit, tick_millis)
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
        let mut published = self.0.published.write().expect(WRITER_PANICKED);
        let recorded = record::record(&mut published, batch, refuse_unknown_profiles, tick_millis)?;
        published.stamp(revision, tick_millis, &recorded.rows);
        Ok(recorded)
    }

    /// Erases profiles and returns how many there were: values and events go, ids stay, with the tick as the time of the last change.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn erase(&self, profile_ids: &[&str], revision: i64, tick_millis: i64) -> usize {
        self.write(|version| {
            let rows = erase::erase(version, profile_ids, tick_millis);
            version.stamp(revision, tick_millis, &rows);
            rows.len()
        })
    }

    /// Forgets columns with all their values. Does not count as a change of the profiles.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn drop_columns(&self, columns: &[ColumnId], revision: i64, tick_millis: i64) {
        self.write(|version| {
            erase::drop_columns(version, columns);
            version.stamp(revision, tick_millis, &[]);
        });
    }

    /// Publishes what a function makes of the version.
    fn write<R>(&self, change: impl FnOnce(&mut Version) -> R) -> R {
        let _permit = self.0.writer.acquire();
        let mut fork = self.version();
        let answer = change(&mut fork);
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
