//! `MatchValues`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use segue_kernel::rule::{MatchValues, MatchValuesBuilder};

use crate::error::{BindingError, BindingResult};

/// Texts that are read from Python at once: the GIL is held for about a millisecond.
const TEXTS_AT_ONCE: usize = 16_384;

#[pyclass(name = "MatchValues", module = "segue._kernel", frozen)]
pub(crate) struct PyMatchValues(pub(crate) MatchValues);

#[pymethods]
impl PyMatchValues {
    #[new]
    fn new(py: Python<'_>, by: u8, values: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let mut builder = MatchValuesBuilder::new(by).map_err(BindingError::from)?;
        for start in (0..values.len()).step_by(TEXTS_AT_ONCE) {
            let end = values.len().min(start + TEXTS_AT_ONCE);
            let texts = Texts::read(values, start, end)?;
            py.detach(|| texts.iter().for_each(|text| builder.push(text)));
        }
        let values = py.detach(|| builder.finish()).map_err(BindingError::from)?;
        Ok(Self(values))
    }

    #[staticmethod]
    fn decode(py: Python<'_>, data: &[u8]) -> BindingResult<Self> {
        Ok(Self(py.detach(|| MatchValues::decode(data))?))
    }

    #[getter]
    fn wrong_count(&self) -> usize {
        self.0.wrong_count()
    }

    #[getter]
    fn wrong_positions(&self) -> Vec<usize> {
        self.0.wrong_positions().to_vec()
    }

    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.0.digest()))
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.0.encode()))
    }
}

/// Texts copied from Python, to be worked on without the GIL.
struct Texts {
    bytes: String,
    /// Where each ends; `None` for one that has no UTF-8.
    ends: Vec<Option<usize>>,
}

impl Texts {
    fn read(values: &Bound<'_, PyTuple>, start: usize, end: usize) -> PyResult<Self> {
        let mut texts = Self {
            bytes: String::new(),
            ends: Vec::with_capacity(end - start),
        };
        for position in start..end {
            let value = values.get_borrowed_item(position)?;
            let value = value.cast::<PyString>()?;
            let text = value.to_str().ok();
            texts.bytes.push_str(text.unwrap_or_default());
            texts.ends.push(text.map(|_| texts.bytes.len()));
        }
        Ok(texts)
    }

    fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let text = end.map(|end| &self.bytes[start..end]);
            start = end.unwrap_or(start);
            text
        })
    }
}
