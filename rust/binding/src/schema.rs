//! `Schema`.

use std::sync::Arc;

use pyo3::prelude::*;
use segue_kernel::schema::Schema;

use crate::error::BindingResult;

#[pyclass(name = "Schema", module = "segue._kernel", frozen)]
pub(crate) struct PySchema(pub(crate) Arc<Schema>);

#[pymethods]
impl PySchema {
    #[new]
    fn new(py: Python<'_>, definition: &[u8]) -> BindingResult<Self> {
        Ok(Self(Arc::new(py.detach(|| Schema::from_json(definition))?)))
    }
}
