//! Which row a profile has, and which row a new one gets.

use super::prefetch::AHEAD;
use super::version::{Version, text_bytes};
use super::{MAX_ROWS, RowId};
use crate::batch::Texts;
use crate::error::{KernelError, Result};
use crate::schema::builtin;

/// The rows of a batch's profiles.
pub(super) struct Resolved {
    /// The row of each profile.
    pub(super) rows: Vec<RowId>,
    /// The hash of each profile's id.
    pub(super) hashes: Vec<u32>,
    /// Batch rows, ascending, whose profiles have a row that is yet to be numbered; they follow the last numbered one in this order.
    pub(super) unnumbered: Vec<u32>,
    /// Batch rows, ascending, whose profiles are new: those yet to be numbered, and those that were erased.
    pub(super) created: Vec<u32>,
}

/// Finds the rows of profiles, and gives the next rows to those that have none.
///
/// # Errors
/// [`KernelError::TableFull`] when there are not enough rows.
pub(super) fn resolve(version: &Version, ids: &Texts) -> Result<Resolved> {
    let hashes = hashes(version, ids);
    let mut rows = Vec::with_capacity(ids.len());
    let (mut unnumbered, mut created) = (Vec::new(), Vec::new());
    for (i, found) in (0..).zip(find_by(version, ids, &hashes)) {
        if found.is_none_or(|row| !version.is_live(row)) {
            created.push(i);
        }
        if found.is_none() {
            unnumbered.push(i);
        }
        let next = || numbered(version.n_rows + unnumbered.len() - 1);
        rows.push(found.map_or_else(next, Ok)?);
    }
    Ok(Resolved {
        rows,
        hashes,
        unnumbered,
        created,
    })
}

/// Finds the rows of profiles that have one, live or not.
pub(super) fn find_all(version: &Version, ids: &Texts) -> Vec<Option<RowId>> {
    find_by(version, ids, &hashes(version, ids))
}

fn hashes(version: &Version, ids: &Texts) -> Vec<u32> {
    let index = version.indexes.profile_ids();
    (0..ids.len()).map(|i| index.hash(ids.get(i))).collect()
}

fn find_by(version: &Version, ids: &Texts, hashes: &[u32]) -> Vec<Option<RowId>> {
    let column = version.column(builtin::PROFILE_ID);
    let slots = version.indexes.profile_ids().read();
    let find = |(i, &hash): (usize, &u32)| {
        if let Some(&ahead) = hashes.get(i + AHEAD) {
            slots.prefetch(ahead);
        }
        let id = ids.get(i);
        let mut candidates = slots.candidates(hash);
        candidates
            .find(|&row| (row as usize) < version.n_rows && text_bytes(column, row) == Some(id))
    };
    hashes.iter().enumerate().map(find).collect()
}

fn numbered(row: usize) -> Result<RowId> {
    let row = RowId::try_from(row).ok().filter(|&row| row < MAX_ROWS);
    row.ok_or(KernelError::TableFull { maximum: MAX_ROWS })
}
