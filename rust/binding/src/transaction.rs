//! `Transaction` and `Applied`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use segue_kernel::schema::ColumnId;
use segue_kernel::table::{AppliedPart, Transaction};

use crate::error::{BindingError, BindingResult};
use crate::part::{PyException, PyPart, exceptions_of};
use crate::schema::PySchema;
use crate::snapshot::PySnapshot;

/// Profiles restored, and each that was not: record number, profile id, field path, reason and message.
type PyRestored = (usize, Vec<(u32, String, String, u8, String)>);

#[pyclass(name = "Applied", module = "segue._kernel", frozen)]
pub(crate) struct PyApplied(AppliedPart);

#[pymethods]
impl PyApplied {
    #[getter]
    fn applied(&self) -> usize {
        self.0.applied
    }

    #[getter]
    fn created(&self) -> usize {
        self.0.created
    }

    #[getter]
    fn not_honored(&self) -> usize {
        self.0.not_honored
    }

    #[getter]
    fn exceptions(&self) -> Vec<PyException<'_>> {
        exceptions_of(&self.0.exceptions)
    }
}

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
    #[pyo3(signature = (part, part_number=0))]
    fn apply(&self, py: Python<'_>, part: &PyPart, part_number: u32) -> BindingResult<PyApplied> {
        py.detach(|| {
            let mut open = self.open();
            let transaction = open.as_mut().ok_or(BindingError::TransactionEnded)?;
            Ok(PyApplied(transaction.apply(&part.0, part_number)?))
        })
    }

    #[getter]
    fn profile_count(&self, py: Python<'_>) -> BindingResult<usize> {
        py.detach(|| {
            let mut open = self.open();
            let transaction = open.as_mut().ok_or(BindingError::TransactionEnded)?;
            Ok(transaction.profile_count())
        })
    }

    fn review<'py>(
        &self,
        py: Python<'py>,
        sample: usize,
        schema: &PySchema,
    ) -> BindingResult<Bound<'py, PyBytes>> {
        let review = py.detach(|| {
            let mut open = self.open();
            let transaction = open.as_mut().ok_or(BindingError::TransactionEnded)?;
            Ok::<_, BindingError>(transaction.review(sample, &schema.0))
        })?;
        Ok(PyBytes::new(py, &review))
    }

    fn restore(
        &self,
        py: Python<'_>,
        before: &PySnapshot,
        after: &PySnapshot,
        columns: Option<Vec<ColumnId>>,
    ) -> BindingResult<PyRestored> {
        let done = py.detach(|| {
            let mut open = self.open();
            let transaction = open.as_mut().ok_or(BindingError::TransactionEnded)?;
            let done = transaction.restore(&before.0, &after.0, columns.as_deref())?;
            Ok::<_, BindingError>(done)
        })?;
        let exceptions = done.exceptions.into_iter().map(|it| {
            (
                it.record_number,
                it.profile_id,
                it.field_path,
                it.reason as u8,
                it.message,
            )
        });
        Ok((done.restored, exceptions.collect()))
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
