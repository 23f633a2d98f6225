//! Applying the records of a batch as if one after the other.
//!
//! Records that do not depend on each other are a segment and are written together, column by column. A segment ends before a record of a
//! profile that it writes already, or whose profile may be another one once it is written.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::apply::{Manner, Written, apply_segment};
use super::consents::prior_rows;
use super::erase::erase_rows;
use super::matching::Matcher;
use super::profile_ids;
use super::version::Version;
use super::{MatchBy, RowId, WriteAction, WriteMode, WriteRules};
use crate::batch::Batch;
use crate::error::Result;

/// Applies a batch.
///
/// # Errors
/// [`KernelError::TableFull`](crate::error::KernelError::TableFull), with nothing applied of the segment that did not fit, nor of those after
/// it.
///
/// # Cost
/// One pass for a batch of distinct profiles, which nearly all are; otherwise one for each segment.
pub(super) fn apply(version: &mut Version, batch: &Batch, manner: Manner<'_>) -> Result<Written> {
    let mut written = Written::default();
    match (manner.rules.action, &manner.rules.match_by) {
        (WriteAction::Delete, _) => erase_named(version, batch, manner, &mut written),
        (WriteAction::Add, MatchBy::ProfileId) => {
            for run in batch.runs() {
                apply_honored(version, part_of(batch, run), manner, &mut written)?;
            }
        }
        (WriteAction::Add, MatchBy::Identifier { kind, of_type }) => {
            let matcher = Matcher::new(&version.indexes, batch, *kind, of_type.as_deref());
            let mut next = 0;
            while (next as usize) < batch.n_rows() {
                let segment = matcher.segment(version, next, manner);
                next = segment.end;
                written.part.exceptions.extend(segment.exceptions);
                apply_honored(version, Cow::Owned(segment.records), manner, &mut written)?;
            }
        }
    }
    Ok(written)
}

/// The batch itself when the rows are all of it.
fn part_of(batch: &Batch, rows: Range<u32>) -> Cow<'_, Batch> {
    if rows.len() == batch.n_rows() {
        Cow::Borrowed(batch)
    } else {
        Cow::Owned(batch.slice(rows))
    }
}

/// Applies those records of a segment that the write mode allows.
fn apply_honored(
    version: &mut Version,
    mut segment: Cow<'_, Batch>,
    manner: Manner<'_>,
    written: &mut Written,
) -> Result<()> {
    let forbidden = forbidden_rows(version, &segment, manner.rules);
    if !forbidden.is_empty() {
        segment.to_mut().remove_rows(&forbidden);
        written.part.not_honored += forbidden.len();
    }
    apply_segment(version, &segment, manner, written)
}

/// Batch rows, ascending, that the rules leave out: of profiles that the write mode leaves alone, or with a consent of an older version than
/// the stored one.
fn forbidden_rows(version: &Version, segment: &Batch, rules: &WriteRules) -> Vec<u32> {
    let mut rows = forbidden_by_mode(version, segment, rules.write_mode);
    // Where only absent values are written, no consent is replaced.
    if !rules.allow_prior_consents && rules.write_mode != WriteMode::SkipIfSet {
        rows.extend(prior_rows(version, segment));
        rows.sort_unstable();
        rows.dedup();
    }
    rows
}

/// Batch rows, ascending, whose profiles the write mode leaves alone.
fn forbidden_by_mode(version: &Version, segment: &Batch, mode: WriteMode) -> Vec<u32> {
    let forbids_stored = match mode {
        WriteMode::Upsert | WriteMode::SkipIfSet => return Vec::new(),
        WriteMode::CreateOnly => true,
        WriteMode::UpdateOnly => false,
    };
    let found = profile_ids::find_all(version, &segment.profile_ids);
    let is_stored = |row: Option<RowId>| row.is_some_and(|row| version.is_live(row));
    (0..)
        .zip(found)
        .filter(|(_, row)| is_stored(*row) == forbids_stored)
        .map(|(batch_row, _)| batch_row)
        .collect()
}

/// Erases the profiles that records name. Once erased, a profile is not there for the records after.
fn erase_named(version: &mut Version, batch: &Batch, manner: Manner<'_>, written: &mut Written) {
    let (matcher, mut by_id) = match &manner.rules.match_by {
        MatchBy::ProfileId => (None, profile_ids::find_all(version, &batch.profile_ids)),
        MatchBy::Identifier { kind, of_type } => {
            let matcher = Matcher::new(&version.indexes, batch, *kind, of_type.as_deref());
            (Some(matcher), Vec::new())
        }
    };
    let mut by_id = by_id.drain(..);
    let mut erased: HashSet<RowId, RandomState> = HashSet::default();
    for (batch_row, _) in (0..).zip(&batch.profile_ids.ends) {
        let named = match &matcher {
            None => Ok(by_id.next().flatten()),
            Some(matcher) => matcher.named(version, batch_row, |row| !erased.contains(&row)),
        };
        match named {
            Ok(Some(row)) if version.holds_row(row) && erased.insert(row) => {
                written.part.applied += 1;
            }
            Ok(_) => written.part.not_honored += 1,
            Err(exception) => written.part.exceptions.push(exception),
        }
    }
    let erased = erase_rows(version, erased.into_iter().collect(), manner.tick_millis);
    written.waiting += erased.waiting;
    written.touched.extend(erased.touched());
}
