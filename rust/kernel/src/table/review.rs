//! What a commit in the making would do.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::RowId;
use super::difference::{by_block, columns_of_any, combined, differing, live_words};
use super::placement::row_id;
use super::version::Version;
use crate::bitmap::{BLOCK_WORDS, RowSet, Words, count};
use crate::schema::{ColumnId, builtin};

/// Columns that say which profile it is and when it was written, and nothing about it.
const APART: [ColumnId; 3] = [
    builtin::PROFILE_ID,
    builtin::CREATED_AT,
    builtin::CHANGED_AT,
];

/// What becomes of the profiles that a commit wrote.
#[derive(Debug, Default)]
pub(crate) struct Review {
    /// Profiles that are new.
    pub(crate) created: usize,
    /// Profiles of which a value changes.
    pub(crate) updated: usize,
    /// Profiles that were written without changing a value.
    pub(crate) unchanged: usize,
    /// Profiles that go.
    pub(crate) erased: usize,
    /// Profiles of which the value of a column changes, by column; those that are new or go count where they have a value.
    pub(crate) by_column: BTreeMap<ColumnId, usize>,
    /// The first rows that are new, change or go, ascending.
    pub(crate) samples: Vec<RowId>,
}

/// Compares rows that a commit wrote, ascending, as they are before and after it.
///
/// # Cost
/// All cores, a block at a time. Columns that the commit did not write cost nothing; values are compared only of profiles that are live
/// before and after, of the others those present are counted.
pub(super) fn review(
    before: &Version,
    after: &Version,
    rows: &[RowId],
    n_samples: usize,
) -> Review {
    let columns: Vec<ColumnId> = columns_of_any(&[before, after])
        .into_iter()
        .filter(|id| !APART.contains(id))
        .collect();
    let blocks = by_block(rows);
    let reviews: Vec<Review> = blocks
        .par_iter()
        .map(|(block, rows)| review_block(before, after, &columns, *block, rows, n_samples))
        .collect();
    let mut whole = reviews
        .into_iter()
        .fold(Review::default(), Review::followed_by);
    whole.samples.truncate(n_samples);
    whole
}

fn review_block(
    before: &Version,
    after: &Version,
    columns: &[ColumnId],
    block: usize,
    rows: &RowSet,
    n_samples: usize,
) -> Review {
    let (rows, was, is) = (
        rows.to_words(),
        live_words(before, block),
        live_words(after, block),
    );
    let created = combined([&rows, &was, &is], |[row, was, is]| row & is & !was);
    let erased = combined([&rows, &was, &is], |[row, was, is]| row & was & !is);
    let kept = combined([&rows, &was, &is], |[row, was, is]| row & was & is);
    let mut updated = [0; BLOCK_WORDS];
    let mut by_column = BTreeMap::new();
    for &column in columns {
        let changed = differing(before, after, column, block, &kept);
        changed.or_into(&mut updated);
        let n_profiles = changed.len()
            + count_present(after, column, block, &created)
            + count_present(before, column, block, &erased);
        if n_profiles > 0 {
            by_column.insert(column, n_profiles);
        }
    }
    let any = combined([&created, &updated, &erased], |[a, b, c]| a | b | c);
    let any = RowSet::from_words(&any);
    Review {
        created: count(&created),
        updated: count(&updated),
        unchanged: count(&kept) - count(&updated),
        erased: count(&erased),
        by_column,
        samples: any
            .iter()
            .take(n_samples)
            .map(|row| row_id(block, row))
            .collect(),
    }
}

fn count_present(version: &Version, column: ColumnId, block: usize, within: &Words) -> usize {
    let presence = version
        .column(column)
        .and_then(|column| column.presence(block));
    presence.map_or(0, |presence| {
        let mut present = *within;
        presence.and_into(&mut present);
        count(&present)
    })
}

impl Review {
    /// Adds what is told of further rows, all above those of this one.
    fn followed_by(mut self, next: Self) -> Self {
        self.created += next.created;
        self.updated += next.updated;
        self.unchanged += next.unchanged;
        self.erased += next.erased;
        self.samples.extend(next.samples);
        for (column, n_profiles) in next.by_column {
            *self.by_column.entry(column).or_default() += n_profiles;
        }
        self
    }
}
