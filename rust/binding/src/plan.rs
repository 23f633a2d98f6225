//! `Plan`.

use pyo3::prelude::*;
use segue_kernel::rule::Plan;

use crate::error::BindingResult;
use crate::schema::PySchema;

#[pyclass(name = "Plan", module = "segue._kernel", frozen)]
pub(crate) struct PyPlan(pub(crate) Plan);

#[pymethods]
impl PyPlan {
    #[new]
    fn new(
        py: Python<'_>,
        schema: &PySchema,
        condition: &[u8],
        now_millis: i64,
    ) -> BindingResult<Self> {
        let plan = py.detach(|| Plan::compile(&schema.0, condition, now_millis))?;
        Ok(Self(plan))
    }

    fn at(&self, now_millis: i64) -> Self {
        Self(self.0.at(now_millis))
    }

    #[getter]
    fn is_timed(&self) -> bool {
        self.0.is_timed()
    }
}
