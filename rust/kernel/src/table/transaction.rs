//! A commit of many batches on a private fork.

use std::sync::Arc;

use super::apply::{Manner, Written};
use super::restore::{Commit, Restored, restore};
use super::review::review;
use super::segments::apply;
use super::version::Version;
use super::writer::WritePermit;
use super::{Applied, AppliedPart, MAX_ROWS, Shared, WriteRules};
use crate::batch::Batch;
use crate::error::Result;
use crate::member::Touched;
use crate::schema::{ColumnId, Schema};
use crate::wire::encode_review;

/// A commit in the making. Readers see nothing of it until [`commit`](Self::commit); dropped without, it leaves no trace.
///
/// # Cost
/// Copies each block that it writes to once, the rest of the table is shared.
#[derive(Debug)]
pub struct Transaction {
    table: Arc<Shared>,
    /// Taken only when the transaction ends.
    fork: Option<Version>,
    rules: WriteRules,
    tick_millis: i64,
    touched: Touched,
    created: usize,
    /// Rows without a profile whose waiting events were erased.
    waiting: usize,
    _permit: WritePermit,
}

impl Transaction {
    pub(super) fn new(
        table: Arc<Shared>,
        permit: WritePermit,
        rules: WriteRules,
        tick_millis: i64,
    ) -> Self {
        let fork = Some(table.version());
        Self {
            table,
            fork,
            rules,
            tick_millis,
            touched: Touched::default(),
            created: 0,
            waiting: 0,
            _permit: permit,
        }
    }

    /// Applies a batch on the fork, record after record; answers what that batch did.
    ///
    /// `part_number` goes into the ids made for new profiles. The batch was decoded for what the rules match by.
    ///
    /// # Errors
    /// [`KernelError::TableFull`](crate::error::KernelError::TableFull), with nothing of the batch applied.
    ///
    /// # Panics
    /// When applying an earlier batch panicked.
    pub fn apply(&mut self, batch: &Batch, part_number: u32) -> Result<AppliedPart> {
        let mut fork = self.fork.take().expect("no earlier batch panicked");
        let before = (fork.n_rows() + batch.n_rows() > MAX_ROWS as usize).then(|| fork.clone());
        let manner = Manner {
            rules: &self.rules,
            part_number,
            tick_millis: self.tick_millis,
        };
        let written = apply(&mut fork, batch, manner);
        let is_failed = written.is_err();
        self.fork = Some(before.filter(|_| is_failed).unwrap_or(fork));
        let Written {
            touched,
            part,
            waiting,
        } = written?;
        self.touched.extend(touched);
        self.created += part.created;
        self.waiting += waiting;
        Ok(part)
    }

    /// Tells what a commit would do, as a serialized `segue.v1.ImportReview` of created, updated, unchanged and erased profiles, the
    /// columns in which they change, and the differences of the first `sample` of them in order of rows.
    ///
    /// # Cost
    /// Values are read of samples, and compared of updated profiles in the blocks that were written to; of created profiles those present
    /// are counted. All cores.
    ///
    /// # Panics
    /// When applying a batch panicked.
    pub fn review(&mut self, sample: usize, schema: &Schema) -> Vec<u8> {
        self.touched.sort();
        // Nobody else writes meanwhile, so what is published is what the transaction began on.
        let before = self.table.version();
        let after = self.fork.as_ref().expect("no batch panicked");
        let review = review(&before, after, &self.touched.rows, sample);
        encode_review(&review, &before, after, schema)
    }

    /// Takes a former commit back: profiles become what they were `before` it, those that it created leave with their events waiting.
    ///
    /// Profiles of which anything that the commit wrote is now other than `after` it, or that were erased since, are exceptions. What it
    /// wrote without changing a value is left alone, and so is what it erased. `columns` are the only ones that are brought back, besides
    /// those that every account has; `None` for all.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`](crate::error::KernelError::DefinitionInvalid) when the states are of another table, with nothing
    /// restored.
    ///
    /// # Cost
    /// What versions share is neither compared nor copied. All cores.
    ///
    /// # Panics
    /// When applying a batch panicked.
    pub fn restore(
        &mut self,
        before: &Version,
        after: &Version,
        columns: Option<&[ColumnId]>,
    ) -> Result<Restored> {
        let mut fork = self.fork.take().expect("no batch panicked");
        let done = restore(
            &mut fork,
            Commit { before, after },
            columns,
            self.tick_millis,
        );
        self.fork = Some(fork);
        let (restored, touched) = done?;
        self.touched.extend(touched);
        Ok(restored)
    }

    /// Distinct profiles written or erased so far.
    ///
    /// # Cost
    /// Sorts the rows that were written since it was asked last.
    pub fn profile_count(&mut self) -> usize {
        self.touched.sort();
        self.touched.rows.len() + self.waiting
    }

    /// Makes everything applied visible at once. Profiles erased count as written.
    ///
    /// # Panics
    /// When applying a batch panicked.
    pub fn commit(mut self, revision: i64) -> Applied {
        let mut version = self.fork.take().expect("no batch panicked");
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort();
        let (written, created) = (touched.rows.len() + self.waiting, self.created);
        version.stamp(revision, self.tick_millis, &touched.rows);
        self.table.maintainer().follow(&mut version, touched);
        self.table.publish(version);
        Applied { written, created }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(fork) = self.fork.take() {
            fork.free_later();
        }
    }
}
