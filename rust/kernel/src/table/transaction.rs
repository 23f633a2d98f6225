//! A commit of many batches on a private fork.

use std::sync::Arc;

use super::apply::{Written, apply};
use super::version::Version;
use super::writer::WritePermit;
use super::{Applied, Shared};
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
    tick_millis: i64,
    touched: Touched,
    created: usize,
    _permit: WritePermit,
}

impl Transaction {
    pub(super) fn new(table: Arc<Shared>, permit: WritePermit, tick_millis: i64) -> Self {
        let fork = Some(table.version());
        Self {
            table,
            fork,
            tick_millis,
            touched: Touched::default(),
            created: 0,
            _permit: permit,
        }
    }

    /// Applies a batch on the fork; answers what that batch did.
    ///
    /// # Errors
    /// [`KernelError::TableFull`](crate::error::KernelError::TableFull), with nothing of the batch applied.
    ///
    /// # Panics
    /// When applying an earlier batch panicked.
    pub fn apply(&mut self, batch: &Batch) -> Result<Applied> {
        let mut fork = self.fork.take().expect("no earlier batch panicked");
        let applied = apply(&mut fork, batch, self.tick_millis);
        self.fork = Some(fork);
        let Written { touched, created } = applied?;
        let written = touched.rows.len();
        self.touched.extend(touched);
        self.created += created;
        Ok(Applied { written, created })
    }

    /// Makes everything applied visible at once.
    ///
    /// # Panics
    /// When applying a batch panicked.
    pub fn commit(mut self, revision: i64) -> Applied {
        let mut version = self.fork.take().expect("no batch panicked");
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort();
        let (written, created) = (touched.rows.len(), self.created);
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
