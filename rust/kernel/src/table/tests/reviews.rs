//! Reviews of commits against a look at every value.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::records::{Record, any_block, batch_of};
use super::value;
use crate::batch::Batch;
use crate::schema::{ColumnId, builtin};
use crate::table::review::{Review, review};
use crate::table::{RowId, Table, Version};

/// The columns in which a row differs.
fn differences(before: &Version, after: &Version, row: RowId) -> Vec<ColumnId> {
    let apart = [builtin::CREATED_AT, builtin::CHANGED_AT];
    (1..90)
        .filter(|column| !apart.contains(column))
        .filter(|&column| value(before, column, row) != value(after, column, row))
        .collect()
}

fn expected(before: &Version, after: &Version, rows: &[RowId]) -> Review {
    let mut expected = Review::default();
    for &row in rows {
        let columns = differences(before, after, row);
        let count = match (before.is_live(row), after.is_live(row)) {
            (false, false) => continue,
            (false, true) => &mut expected.created,
            (true, false) => &mut expected.erased,
            (true, true) if columns.is_empty() => &mut expected.unchanged,
            (true, true) => &mut expected.updated,
        };
        *count += 1;
        let is_kept = before.is_live(row) && after.is_live(row);
        if !is_kept || !columns.is_empty() {
            expected.samples.push(row);
        }
        for column in columns {
            *expected.by_column.entry(column).or_default() += 1;
        }
    }
    expected
}

fn counts(review: &Review) -> ([usize; 4], &BTreeMap<ColumnId, usize>) {
    let counts = [
        review.created,
        review.updated,
        review.unchanged,
        review.erased,
    ];
    (counts, &review.by_column)
}

proptest! {
    #[test]
    fn a_review_counts_what_a_look_at_every_value_finds(
        first in prop::collection::vec(any_block(), 0..4),
        second in prop::collection::vec(any_block(), 0..4),
        erased in prop::collection::vec(0..24_u8, 0..4),
        n_samples in 0..5_usize,
    ) {
        let apply = |table: &Table, blocks: &[Vec<Record>], revision| {
            let batches: Vec<Batch> = blocks.iter().map(|records| batch_of(records)).collect();
            table.apply(&batches.iter().collect::<Vec<_>>(), revision, revision * 2).unwrap();
        };
        let table = Table::new();
        apply(&table, &first, 1);
        let before = table.version();
        apply(&table, &second, 2);
        let ids: Vec<String> = erased.iter().map(|id| format!("p{id}")).collect();
        table.erase(&ids.iter().map(String::as_str).collect::<Vec<_>>(), 3, 6);
        let after = table.version();

        let rows = after.changed_rows(3);
        let found = review(&before, &after, &rows, n_samples);
        let expected = expected(&before, &after, &rows);
        prop_assert_eq!(counts(&found), counts(&expected));
        prop_assert!(found.samples.iter().eq(expected.samples.iter().take(n_samples)));
    }
}
