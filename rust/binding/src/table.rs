//! `Table`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use segue_kernel::batch::Batch;
use segue_kernel::member::Position;
use segue_kernel::schema::ColumnId;
use segue_kernel::snapshot;
use segue_kernel::table::{Table, Version, WriteRules};

use crate::error::BindingResult;
use crate::event_part::PyEventPart;
use crate::part::PyPart;
use crate::plan::PyPlan;
use crate::rules::PyWriteRules;
use crate::snapshot::PySnapshot;
use crate::transaction::PyTransaction;

/// Events recorded, known and waiting, and each problem: record number, event id, field path, reason and message.
type PyRecorded = (usize, usize, usize, Vec<(u32, String, String, u8, String)>);

#[pyclass(name = "Table", module = "segue._kernel", frozen)]
pub(crate) struct PyTable(Table);

#[pymethods]
impl PyTable {
    #[new]
    fn new() -> Self {
        Self(Table::new())
    }

    #[staticmethod]
    fn open(py: Python<'_>, directory: PathBuf) -> BindingResult<Self> {
        let parts = py.detach(|| snapshot::open(&directory))?;
        Ok(Self(Table::from_version(Version::from_parts(parts))))
    }

    #[getter]
    fn memory_bytes(&self, py: Python<'_>) -> usize {
        py.detach(|| self.0.memory_bytes())
    }

    fn snapshot(&self, py: Python<'_>) -> PySnapshot {
        PySnapshot(py.detach(|| self.0.version()))
    }

    fn apply(
        &self,
        py: Python<'_>,
        parts: Vec<PyRef<'_, PyPart>>,
        revision: i64,
        tick_millis: i64,
    ) -> BindingResult<(usize, usize)> {
        let batches: Vec<Arc<Batch>> = parts.iter().map(|part| Arc::clone(&part.0)).collect();
        let applied = py.detach(|| {
            let batches: Vec<&Batch> = batches.iter().map(|batch| &**batch).collect();
            self.0.apply(&batches, revision, tick_millis)
        })?;
        Ok((applied.written, applied.created))
    }

    fn record(
        &self,
        py: Python<'_>,
        part: PyRef<'_, PyEventPart>,
        refuse_unknown_profiles: bool,
        revision: i64,
        tick_millis: i64,
    ) -> BindingResult<PyRecorded> {
        let batch = Arc::clone(&part.0);
        let recorded = py.detach(|| {
            self.0
                .record(&batch, refuse_unknown_profiles, revision, tick_millis)
        })?;
        let exceptions = recorded.exceptions.into_iter().map(|it| {
            (
                it.record_number,
                it.profile_id,
                it.field_path,
                it.reason as u8,
                it.message,
            )
        });
        Ok((
            recorded.recorded,
            recorded.known,
            recorded.waiting,
            exceptions.collect(),
        ))
    }

    #[pyo3(signature = (tick_millis, rules=None))]
    fn begin(
        &self,
        py: Python<'_>,
        tick_millis: i64,
        rules: Option<&PyWriteRules>,
    ) -> PyTransaction {
        let rules = rules.map_or_else(WriteRules::default, |rules| rules.0.clone());
        PyTransaction::new(py.detach(|| self.0.begin(tick_millis, rules)))
    }

    fn maintain(&self, py: Python<'_>, segment: &str, plan: &PyPlan) {
        py.detach(|| self.0.maintain(segment, plan.0.clone()));
    }

    fn release(&self, py: Python<'_>, segment: &str) {
        py.detach(|| self.0.release(segment));
    }

    fn next_due(&self, py: Python<'_>) -> Option<i64> {
        py.detach(|| self.0.next_due())
    }

    fn advance(&self, py: Python<'_>, now_millis: i64) -> usize {
        py.detach(|| self.0.advance(now_millis))
    }

    fn changes<'py>(
        &self,
        py: Python<'py>,
        segment: &str,
        after_revision: i64,
        after_millis: i64,
        limit: usize,
    ) -> Option<(Bound<'py, PyBytes>, i64, i64)> {
        let after = Position {
            revision: after_revision,
            millis: after_millis,
        };
        let (changes, position) = py.detach(|| self.0.changes(segment, after, limit))?;
        let changes = PyBytes::new(py, &changes);
        Some((changes, position.revision, position.millis))
    }

    fn erase(
        &self,
        py: Python<'_>,
        profile_ids: Vec<String>,
        revision: i64,
        tick_millis: i64,
    ) -> usize {
        py.detach(|| {
            let ids: Vec<&str> = profile_ids.iter().map(String::as_str).collect();
            self.0.erase(&ids, revision, tick_millis)
        })
    }

    fn drop_columns(
        &self,
        py: Python<'_>,
        columns: Vec<ColumnId>,
        revision: i64,
        tick_millis: i64,
    ) {
        py.detach(|| self.0.drop_columns(&columns, revision, tick_millis));
    }
}
