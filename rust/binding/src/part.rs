//! `Part` and `decode`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use segue_kernel::batch::{Batch, RecordException};
use segue_kernel::wire::{self, DecodeOptions, RejectedBecause, SizeLimits};

use crate::error::BindingResult;
use crate::format::{block_format_of, compression_of};
use crate::rules::PyWriteRules;
use crate::schema::PySchema;

#[pyclass(name = "Part", module = "segue._kernel", frozen)]
pub(crate) struct PyPart(pub(crate) Arc<Batch>);

#[pymethods]
impl PyPart {
    #[getter]
    fn record_count(&self) -> u32 {
        self.0.record_count
    }

    #[getter]
    fn valid_count(&self) -> usize {
        self.0.n_rows()
    }

    #[getter]
    fn memory_bytes(&self) -> usize {
        self.0.memory_bytes()
    }

    #[getter]
    fn exceptions(&self) -> Vec<PyException<'_>> {
        exceptions_of(&self.0.exceptions)
    }
}

/// Record number, id, field path, reason and message of a problem.
pub(crate) type PyException<'a> = (u32, &'a str, &'a str, u8, &'a str);

/// Each problem as a tuple.
pub(crate) fn exceptions_of(exceptions: &[RecordException]) -> Vec<PyException<'_>> {
    let parts = exceptions.iter().map(|it| {
        (
            it.record_number,
            &*it.profile_id,
            &*it.field_path,
            it.reason as u8,
            &*it.message,
        )
    });
    parts.collect()
}

#[pyfunction]
#[pyo3(signature = (schema, block_format, data, list_id, ignore_unknown_fields, *, compression = 0, max_bytes = 26_214_400, max_ratio = 100, rules = None))]
#[expect(clippy::too_many_arguments, reason = "those of the stub")]
pub(crate) fn decode(
    py: Python<'_>,
    schema: &PySchema,
    block_format: i32,
    data: &[u8],
    list_id: Option<&str>,
    ignore_unknown_fields: bool,
    compression: i32,
    max_bytes: usize,
    max_ratio: usize,
    rules: Option<&PyWriteRules>,
) -> BindingResult<PyPart> {
    let format = block_format_of(block_format)?;
    let compression = compression_of(compression)?;
    let limits = SizeLimits {
        max_bytes,
        max_ratio,
    };
    let options = DecodeOptions {
        list: list_id,
        ignore_unknown_fields,
        limits,
        ..DecodeOptions::default()
    };
    let options = rules.map_or(options, |rules| rules.of_decoding(options));
    let batch = py.detach(|| {
        let opened = compression.open(data, limits)?;
        wire::decode(&schema.0, format, &opened, &options)
    })?;
    Ok(PyPart(Arc::new(batch)))
}

#[pyfunction]
pub(crate) fn rejected<'py>(
    py: Python<'py>,
    block_format: i32,
    compression: i32,
    data: &[u8],
    problems: Vec<(u32, String, String)>,
) -> BindingResult<Bound<'py, PyBytes>> {
    let format = block_format_of(block_format)?;
    let compression = compression_of(compression)?;
    let block = py.detach(|| {
        let problems: Vec<RejectedBecause> = problems
            .iter()
            .map(|(record_number, field_path, message)| RejectedBecause {
                record_number: *record_number,
                field_path,
                message,
            })
            .collect();
        let data = compression.open(data, TAKEN)?;
        wire::rejected(format, &data, &problems, TAKEN)
    })?;
    Ok(PyBytes::new(py, &block))
}

/// Limits of blocks that were taken: they were within those of their day.
const TAKEN: SizeLimits = SizeLimits {
    max_bytes: u32::MAX as usize,
    max_ratio: u32::MAX as usize,
};
