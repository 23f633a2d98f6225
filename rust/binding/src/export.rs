//! `Export`, and what is done with its blocks.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use segue_kernel::wire::{self, Export};

use crate::error::BindingResult;
use crate::format::compression_of;

/// An encoded block and the offset that follows it.
type Block<'py> = (Bound<'py, PyBytes>, u64);

/// The bytes of a block, the offset that follows it, its rows and its checksum.
type RawBlock<'py> = (Bound<'py, PyBytes>, u64, u32, u32);

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

    #[getter]
    fn end_row(&self) -> Option<u64> {
        self.0.end_row()
    }

    fn slice(
        &self,
        py: Python<'_>,
        first_row: u64,
        max_rows: Option<u64>,
        max_bytes: Option<u64>,
    ) -> Self {
        Self(py.detach(|| self.0.slice(first_row, max_rows, max_bytes)))
    }

    fn contains(&self, py: Python<'_>, profile_id: &str) -> bool {
        py.detach(|| self.0.contains(profile_id))
    }

    fn read<'py>(&self, py: Python<'py>, offset: u64) -> BindingResult<Option<Block<'py>>> {
        let block = py.detach(|| self.0.read(offset))?;
        Ok(block.map(|(bytes, next_offset)| (PyBytes::new(py, &bytes), next_offset)))
    }

    fn read_raw<'py>(&self, py: Python<'py>, offset: u64) -> BindingResult<Option<RawBlock<'py>>> {
        let block = py.detach(|| self.0.read_raw(offset))?;
        Ok(block.map(|block| {
            let data = PyBytes::new(py, &block.data);
            (data, block.next_offset, block.row_count, block.crc32c)
        }))
    }
}

#[pyfunction]
pub(crate) fn frame_block<'py>(
    py: Python<'py>,
    data: &[u8],
    offset: u64,
    row_count: u32,
) -> Bound<'py, PyBytes> {
    let framed = py.detach(|| wire::frame_block(data, offset, row_count));
    PyBytes::new(py, &framed)
}

#[pyfunction]
pub(crate) fn compress<'py>(
    py: Python<'py>,
    data: &[u8],
    compression: i32,
) -> BindingResult<Bound<'py, PyBytes>> {
    let compression = compression_of(compression)?;
    let mut compressed = Vec::new();
    py.detach(|| compression.push(data, &mut compressed));
    Ok(PyBytes::new(py, &compressed))
}
