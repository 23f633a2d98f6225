//! `Plan`.

use pyo3::prelude::*;
use segue_kernel::rule::Plan;

use crate::error::BindingResult;
use crate::match_values::PyMatchValues;
use crate::schema::PySchema;

#[pyclass(name = "Plan", module = "segue._kernel", frozen)]
pub(crate) struct PyPlan(pub(crate) Plan);

#[pymethods]
impl PyPlan {
    #[new]
    #[pyo3(signature = (schema, condition, now_millis, match_values=None))]
    fn new(
        py: Python<'_>,
        schema: &PySchema,
        condition: &[u8],
        now_millis: i64,
        match_values: Option<&PyMatchValues>,
    ) -> BindingResult<Self> {
        let values = match_values.map(|values| &values.0);
        let plan = py.detach(|| Plan::compile_with(&schema.0, condition, now_millis, values))?;
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
