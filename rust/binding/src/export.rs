//! `Export`.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use segue_kernel::wire::Export;

use crate::error::BindingResult;

/// An encoded block and the offset that follows it.
type Block<'py> = (Bound<'py, PyBytes>, u64);

#[pyclass(name = "Export", module = "segue._kernel", frozen)]
pub(crate) struct PyExport(pub(crate) Export);

#[pymethods]
impl PyExport {
    #[getter]
    fn row_count(&self) -> u64 {
        self.0.row_count()
    }

    #[getter]
    fn size_bytes(&self) -> Option<u64> {
        self.0.size_bytes()
    }

    fn read<'py>(&self, py: Python<'py>, offset: u64) -> BindingResult<Option<Block<'py>>> {
        let block = py.detach(|| self.0.read(offset))?;
        Ok(block.map(|(bytes, next_offset)| (PyBytes::new(py, &bytes), next_offset)))
    }
}
