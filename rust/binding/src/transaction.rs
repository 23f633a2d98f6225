//! `Transaction`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use segue_kernel::table::Transaction;

use crate::error::{BindingError, BindingResult};
use crate::part::PyPart;

#[pyclass(name = "Transaction", module = "segue._kernel", frozen)]
pub(crate) struct PyTransaction(Mutex<Option<Transaction>>);

impl PyTransaction {
    pub(crate) fn new(transaction: Transaction) -> Self {
        Self(Mutex::new(Some(transaction)))
    }

    /// Waits for the transaction; only ever called without the GIL. One that panicked can still be rolled back.
    fn open(&self) -> MutexGuard<'_, Option<Transaction>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyTransaction {
    fn apply(&self, py: Python<'_>, part: &PyPart) -> BindingResult<(usize, usize)> {
        py.detach(|| {
            let mut open = self.open();
            let transaction = open.as_mut().ok_or(BindingError::TransactionEnded)?;
            let applied = transaction.apply(&part.0)?;
            Ok((applied.written, applied.created))
        })
    }

    fn commit(&self, py: Python<'_>, revision: i64) -> BindingResult<(usize, usize)> {
        py.detach(|| {
            let transaction = self.open().take().ok_or(BindingError::TransactionEnded)?;
            let applied = transaction.commit(revision);
            Ok((applied.written, applied.created))
        })
    }

    fn roll_back(&self, py: Python<'_>) {
        py.detach(|| drop(self.open().take()));
    }
}
