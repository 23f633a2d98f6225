//! A commit of many batches on a private fork.

use std::sync::Arc;

use super::apply::{Manner, Written};
use super::segments::apply;
use super::version::Version;
use super::writer::WritePermit;
use super::{Applied, AppliedPart, MAX_ROWS, Shared, WriteRules};
use crate::batch::Batch;
use crate::error::Result;
use crate::member::Touched;

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
