//! `Snapshot` and `verify_snapshot`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use segue_kernel::schema::ColumnId;
use segue_kernel::snapshot;
use segue_kernel::table::Version;
use segue_kernel::wire::{self, EventSelection, Export, ExportRequest, PageOf, PageRequest};

use crate::error::BindingResult;
use crate::export::PyExport;
use crate::format::{block_format_of, compression_of, page_order_of};
use crate::plan::PyPlan;
use crate::schema::PySchema;

/// A plan, or the key of a maintained segment.
#[derive(FromPyObject)]
enum PyPageOf<'py> {
    Plan(Bound<'py, PyPlan>),
    Maintained(String),
}

#[pyclass(name = "Snapshot", module = "segue._kernel", frozen)]
pub(crate) struct PySnapshot(pub(crate) Version);

#[pymethods]
impl PySnapshot {
    #[getter]
    fn revision(&self) -> i64 {
        self.0.revision()
    }

    #[getter]
    fn tick_millis(&self) -> i64 {
        self.0.tick_millis()
    }

    #[getter]
    fn profile_count(&self) -> usize {
        self.0.live_count()
    }

    #[getter]
    fn moment_millis(&self) -> i64 {
        self.0.moment_millis()
    }

    fn member_count(&self, segment: &str) -> Option<usize> {
        self.0.member_count(segment)
    }

    fn segments_of(&self, py: Python<'_>, profile_id: &str) -> Option<Vec<String>> {
        py.detach(|| {
            let segments = self.0.segments_of(self.0.find(profile_id)?);
            Some(segments.into_iter().map(str::to_owned).collect())
        })
    }

    fn count(&self, py: Python<'_>, plan: &PyPlan) -> usize {
        py.detach(|| plan.0.count(&self.0))
    }

    fn matches(&self, py: Python<'_>, plan: &PyPlan, profile_id: &str) -> bool {
        py.detach(|| {
            self.0
                .find(profile_id)
                .is_some_and(|row| plan.0.matches(&self.0, row))
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the page as the stub spells it out"
    )]
    fn page<'py>(
        &self,
        py: Python<'py>,
        schema: &PySchema,
        of: PyPageOf<'py>,
        order: i32,
        descending: bool,
        list_id: String,
        active_from_millis: Option<i64>,
        offset: usize,
        limit: usize,
    ) -> BindingResult<(Bound<'py, PyBytes>, usize)> {
        let request = PageRequest {
            order: page_order_of(order)?,
            descending,
            list: Some(list_id).filter(|id| !id.is_empty()),
            active_from_millis,
            offset,
            limit,
        };
        let of = match &of {
            PyPageOf::Plan(plan) => PageOf::Plan(&plan.get().0),
            PyPageOf::Maintained(segment) => PageOf::Maintained(segment),
        };
        let (batch, total) = py.detach(|| wire::page(&self.0, &schema.0, of, &request))?;
        Ok((PyBytes::new(py, &batch), total))
    }

    fn cost(&self, py: Python<'_>, plan: &PyPlan) -> usize {
        py.detach(|| plan.0.cost(&self.0))
    }

    fn explain<'py>(
        &self,
        py: Python<'py>,
        plan: &PyPlan,
        profile_id: &str,
    ) -> Option<(bool, Bound<'py, PyBytes>, Option<i64>)> {
        let explanation = py.detach(|| {
            self.0
                .find(profile_id)
                .map(|row| plan.0.explain(&self.0, row))
        })?;
        let values = PyBytes::new(py, explanation.values_json().as_bytes());
        Some((explanation.holds, values, explanation.next_change_millis))
    }

    fn holds(&self, py: Python<'_>, profile_id: &str) -> bool {
        py.detach(|| self.0.holds(profile_id))
    }

    fn profile<'py>(
        &self,
        py: Python<'py>,
        schema: &PySchema,
        profile_id: &str,
    ) -> Option<Bound<'py, PyBytes>> {
        let encoded = py.detach(|| {
            self.0
                .find(profile_id)
                .map(|row| wire::encode_profile(&self.0, &schema.0, row))
        });
        encoded.map(|bytes| PyBytes::new(py, &bytes))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the export as the stub spells it out"
    )]
    #[pyo3(signature = (
        schema, plan, block_format, *, compression=0, list_id=None, columns=None, events=None, changed_from_millis=None,
        plan_before=None, only=None, include_removed=false, block_bytes
    ))]
    fn export(
        &self,
        py: Python<'_>,
        schema: &PySchema,
        plan: Option<&PyPlan>,
        block_format: i32,
        compression: i32,
        list_id: Option<String>,
        columns: Option<Vec<ColumnId>>,
        events: Option<(Vec<String>, i64, i64)>,
        changed_from_millis: Option<i64>,
        plan_before: Option<&PyPlan>,
        only: Option<&PyPlan>,
        include_removed: bool,
        block_bytes: usize,
    ) -> BindingResult<PyExport> {
        let request = ExportRequest {
            format: block_format_of(block_format)?,
            list: list_id,
            compression: compression_of(compression)?,
            columns,
            events: events.map(|(types, from_millis, until_millis)| EventSelection {
                types,
                from_millis,
                until_millis,
            }),
            changed_from_millis,
            plan_before: plan_before.map(|plan| plan.0.clone()),
            only: only.map(|plan| plan.0.clone()),
            include_removed,
            block_bytes,
        };
        let schema = Arc::clone(&schema.0);
        let plan = plan.map(|plan| &plan.0);
        let export = py.detach(|| Export::new(self.0.clone(), schema, plan, request))?;
        Ok(PyExport(export))
    }

    fn write(&self, py: Python<'_>, directory: PathBuf) -> BindingResult<()> {
        Ok(py.detach(|| snapshot::write(&self.0.to_parts(), &directory))?)
    }
}

#[pyfunction]
pub(crate) fn verify_snapshot(py: Python<'_>, directory: PathBuf) -> BindingResult<()> {
    Ok(py.detach(|| snapshot::verify(&directory))?)
}
