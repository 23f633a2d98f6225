//! `fold`, `crc32c` and `take_bytes`.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use segue_kernel::wire::protobuf;

#[pyfunction]
pub(crate) fn fold(py: Python<'_>, text: &str) -> String {
    py.detach(|| segue_kernel::fold::fold(text))
}

#[pyfunction]
pub(crate) fn crc32c(py: Python<'_>, data: &[u8]) -> u32 {
    py.detach(|| ::crc32c::crc32c(data))
}

#[pyfunction]
pub(crate) fn take_bytes<'py>(
    py: Python<'py>,
    message: &[u8],
    field: u32,
) -> Option<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let (others, taken) = protobuf::without_bytes(message, field).ok()?;
    Some((PyBytes::new(py, &others), PyBytes::new(py, taken)))
}
