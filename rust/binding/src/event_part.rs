//! `EventPart` and `decode_events`.

use std::sync::Arc;

use pyo3::prelude::*;
use segue_kernel::event::EventBatch;
use segue_kernel::wire;

use crate::error::BindingResult;
use crate::part::{PyException, exceptions_of};
use crate::schema::PySchema;

#[pyclass(name = "EventPart", module = "segue._kernel", frozen)]
pub(crate) struct PyEventPart(pub(crate) Arc<EventBatch>);

#[pymethods]
impl PyEventPart {
    #[getter]
    fn record_count(&self) -> u32 {
        self.0.record_count
    }

    #[getter]
    fn valid_count(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn exceptions(&self) -> Vec<PyException<'_>> {
        exceptions_of(&self.0.exceptions)
    }
}

#[pyfunction]
pub(crate) fn decode_events(
    py: Python<'_>,
    schema: &PySchema,
    data: &[u8],
) -> BindingResult<PyEventPart> {
    let batch = py.detach(|| wire::decode_events(&schema.0, data))?;
    Ok(PyEventPart(Arc::new(batch)))
}
