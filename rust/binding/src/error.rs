//! The only place that makes a Python exception.

use std::collections::HashMap;

use pyo3::import_exception;
use pyo3::prelude::*;
use segue_kernel::error::KernelError;

import_exception!(segue.errors, BlockInvalid);
import_exception!(segue.errors, BlockTooLarge);
import_exception!(segue.errors, DefinitionInvalid);
import_exception!(segue.errors, FileFailed);
import_exception!(segue.errors, InternalError);
import_exception!(segue.errors, OffsetOutOfRange);
import_exception!(segue.errors, PatternTooCostly);
import_exception!(segue.errors, SnapshotInvalid);
import_exception!(segue.errors, TableFull);
import_exception!(segue.errors, TimeOutOfRange);

/// Why a call failed. Needed because neither `KernelError` nor `PyErr` belongs to this crate.
pub(crate) enum BindingError {
    /// The kernel refused.
    Kernel(KernelError),
    /// A transaction was used after `commit` or `roll_back`.
    TransactionEnded,
}

pub(crate) type BindingResult<T> = Result<T, BindingError>;

impl From<KernelError> for BindingError {
    fn from(error: KernelError) -> Self {
        Self::Kernel(error)
    }
}

impl From<BindingError> for PyErr {
    fn from(error: BindingError) -> Self {
        match error {
            BindingError::Kernel(error) => raise(error),
            BindingError::TransactionEnded => {
                InternalError::new_err("the transaction has ended; begin another one")
            }
        }
    }
}

fn raise(error: KernelError) -> PyErr {
    let message = error.to_string();
    match error {
        KernelError::TimeOutOfRange { row } => {
            TimeOutOfRange::new_err((message, metadata([("row", row.to_string())])))
        }
        KernelError::BlockInvalid {
            format,
            problem,
            offset,
        } => {
            let offset = offset.to_string();
            let values = [
                ("format", format.to_owned()),
                ("problem", problem),
                ("offset", offset),
            ];
            BlockInvalid::new_err((message, metadata(values)))
        }
        KernelError::BlockTooLarge {
            size_bytes,
            maximum,
            ..
        } => {
            let values = [
                ("size_bytes", size_bytes.to_string()),
                ("maximum", maximum.to_string()),
            ];
            BlockTooLarge::new_err((message, metadata(values)))
        }
        KernelError::OffsetOutOfRange { offset, end } => {
            let values = [("offset", offset.to_string()), ("end", end.to_string())];
            OffsetOutOfRange::new_err((message, metadata(values)))
        }
        KernelError::DefinitionInvalid { what, problem } => {
            let values = [("what", what.to_owned()), ("problem", problem)];
            DefinitionInvalid::new_err((message, metadata(values)))
        }
        KernelError::PatternTooCostly { problem } => {
            PatternTooCostly::new_err((message, metadata([("problem", problem)])))
        }
        KernelError::SnapshotInvalid { file, problem } => {
            SnapshotInvalid::new_err((message, metadata([("file", file), ("problem", problem)])))
        }
        KernelError::FileFailed {
            operation,
            file,
            problem,
        } => {
            let values = [
                ("operation", operation.to_owned()),
                ("file", file),
                ("problem", problem),
            ];
            FileFailed::new_err((message, metadata(values)))
        }
        KernelError::TableFull { maximum } => {
            TableFull::new_err((message, metadata([("maximum", maximum.to_string())])))
        }
    }
}

fn metadata<const N: usize>(values: [(&'static str, String); N]) -> HashMap<&'static str, String> {
    HashMap::from(values)
}
