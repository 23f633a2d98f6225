//! Records that have problems, as they were sent, each with its problems: what a sender corrects and sends again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{arrow, csv, ndjson, parquet, profile_batch};
use crate::error::{KernelError, Result};
use crate::wire::{BlockFormat, SizeLimits};

/// Column, or member of an object, that tells a record's problems. Imports pass over it.
pub(super) const EXCEPTIONS: &str = "import_exceptions";

/// Between the problems of a record.
const SEPARATOR: &str = "; ";

/// A problem of a record, by the record's number in its block from 1.
#[derive(Debug, Clone, Copy)]
pub struct RejectedBecause<'a> {
    /// Of the record.
    pub record_number: u32,
    /// What in it is wrong.
    pub field_path: &'a str,
    /// Why, and what to do.
    pub message: &'a str,
}

/// The problems of each record in one text, by position of the record in its block.
pub(super) struct Reasons(BTreeMap<usize, String>);

impl Reasons {
    fn new(problems: &[RejectedBecause]) -> Self {
        let mut reasons: BTreeMap<usize, String> = BTreeMap::new();
        for problem in problems {
            let Some(position) = (problem.record_number as usize).checked_sub(1) else {
                continue;
            };
            let reason = reasons.entry(position).or_default();
            let separator = if reason.is_empty() { "" } else { SEPARATOR };
            let _ = match problem.field_path {
                "" => write!(reason, "{separator}{}", problem.message),
                path => write!(reason, "{separator}{path}: {}", problem.message),
            };
        }
        Self(reasons)
    }

    /// What is wrong with a record; `None` when nothing is.
    pub(super) fn get(&self, position: usize) -> Option<&str> {
        self.0.get(&position).map(String::as_str)
    }
}

/// Writes the records of a block that have problems as a block of the same format.
///
/// CSV, Arrow and Parquet get a last column `import_exceptions`, objects of NDJSON a member of that name, and a `ProfileBatch` one text for
/// each profile. Lines that cannot be parsed stand as they were sent: in CSV with the reason as their last cell, in NDJSON as a text in
/// `{"import_line": …}`.
///
/// # Errors
/// [`KernelError::BlockInvalid`] when the bytes are not of the format, or the format is not one of imports.
///
/// # Cost
/// One pass over the block.
pub fn rejected(
    format: BlockFormat,
    data: &[u8],
    problems: &[RejectedBecause],
    limits: SizeLimits,
) -> Result<Vec<u8>> {
    let reasons = Reasons::new(problems);
    match format {
        BlockFormat::ProfileBatch => profile_batch::rejected(data, &reasons),
        BlockFormat::ArrowIpc => arrow::rejected(data, &reasons),
        BlockFormat::Ndjson => Ok(ndjson::rejected(data, &reasons)),
        BlockFormat::Csv => csv::rejected(data, &reasons),
        BlockFormat::Parquet => parquet::rejected(data, &reasons, limits),
        BlockFormat::Json | BlockFormat::SubscribersJson => Err(KernelError::BlockInvalid {
            format: format.name(),
            problem: "imports do not read this format".to_owned(),
            offset: 0,
        }),
    }
}
