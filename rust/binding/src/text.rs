//! `fold` and `crc32c`.

use pyo3::prelude::*;

#[pyfunction]
pub(crate) fn fold(py: Python<'_>, text: &str) -> String {
    py.detach(|| segue_kernel::fold::fold(text))
}

#[pyfunction]
pub(crate) fn crc32c(py: Python<'_>, data: &[u8]) -> u32 {
    py.detach(|| ::crc32c::crc32c(data))
}
