//! `next_tick` and `next_ticks`.

use pyo3::prelude::*;
use segue_kernel::tick;

use crate::error::BindingResult;

#[pyfunction]
pub(crate) fn next_tick(py: Python<'_>, millis: i64) -> BindingResult<i64> {
    Ok(py.detach(|| tick::next_tick(millis))?)
}

#[pyfunction]
pub(crate) fn next_ticks(py: Python<'_>, millis: Vec<i64>) -> BindingResult<Vec<i64>> {
    Ok(py.detach(|| tick::next_ticks(&millis))?)
}
