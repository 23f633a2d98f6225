//! Slices of an export: each an export of its own, together the whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use segue_kernel::rule::Plan;
use segue_kernel::wire::{BlockFormat, Compression, Export, ExportRequest};

use crate::account::{Dice, rows, schema};
use crate::history::{History, version};
use crate::readers;
use crate::{FORMATS, every_form, export, read_from, request, restored, whole};

/// Ids of an export's rows, read as its format is.
fn ids(export: &Export, format: BlockFormat, compression: Compression) -> Vec<String> {
    let data = whole(export);
    // A file of Parquet is compressed within.
    let data = match format {
        BlockFormat::Parquet => data,
        _ => restored(compression, &data),
    };
    let ids = readers::ids(format, data).into_iter();
    ids.map(|(id, _)| id).collect()
}

fn small(request: ExportRequest) -> ExportRequest {
    ExportRequest {
        block_bytes: 3_000,
        ..request
    }
}

/// A slice that ends with so many rows or bytes.
type Cut = (Option<u64>, Option<u64>);

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![
        (1..400_u64).prop_map(|rows| (Some(rows), None)),
        (0..60_000_u64).prop_map(|bytes| (None, Some(bytes))),
        (1..400_u64, 0..60_000_u64).prop_map(|(rows, bytes)| (Some(rows), Some(bytes))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn slices_that_follow_one_another_have_the_rows_of_the_whole(
        seed: u64, n_rows in 0..1_500_usize, erased in proptest::collection::btree_set(0..1_500_usize, 0..8), cuts in vec(cut(), 1..6),
    ) {
        let schema = schema();
        let erased: BTreeSet<usize> = erased.into_iter().filter(|row| *row < n_rows).collect();
        let version = version(&rows(n_rows, seed), &erased, History::Sealed);
        for form in every_form().map(small) {
            let (format, compression) = (form.format, form.compression);
            let all = export(&version, &schema, form);
            let (mut found, mut at) = (Vec::new(), 0);
            for &(max_rows, max_bytes) in cuts.iter().cycle() {
                let slice = all.slice(at, max_rows, max_bytes);
                let of_slice = ids(&slice, format, compression);
                prop_assert_eq!(of_slice.len() as u64, slice.row_count());
                prop_assert!(max_rows.is_none_or(|max| slice.row_count() <= max));
                found.extend(of_slice);
                let end = slice.end_row().expect("read to its end");
                prop_assert_eq!(end, at + slice.row_count());
                if end == all.row_count() {
                    break;
                }
                let size = slice.size_bytes().expect("read to its end");
                let ends_by_bytes = max_bytes.is_some_and(|max| size >= max);
                prop_assert!(ends_by_bytes || max_rows == Some(slice.row_count()));
                at = end;
            }
            prop_assert_eq!(found, ids(&all, format, compression));
        }
    }
}

#[test]
fn a_slice_begins_at_the_row_of_its_ordinal_in_every_block() {
    let schema = schema();
    let rows = rows(140_000, 2);
    let version = version(&rows, &BTreeSet::from([0, 64, 65_535]), History::Sealed);
    let vips = br#"{"predicate": {"column": 82, "op": "any_of", "codes": [1]}}"#;
    let plan = Plan::compile(&schema, vips, 0).expect("a valid condition");
    for plan in [None, Some(&plan)] {
        let (format, none) = (BlockFormat::Ndjson, Compression::None);
        let all = Export::new(version.clone(), Arc::clone(&schema), plan, request(format));
        let all = all.expect("a valid request");
        let expected = ids(&all, format, none);
        let mut dice = Dice(5);
        for _ in 0..200 {
            let first = dice.below(all.row_count() + 5);
            let found = ids(&all.slice(first, Some(2), None), format, none);
            let first = usize::try_from(first).expect("small").min(expected.len());
            assert_eq!(found, expected[first..expected.len().min(first + 2)]);
        }
    }
}

#[test]
fn a_slice_resumed_at_any_offset_is_the_rest_of_it() {
    let schema = schema();
    let version = version(&rows(5_000, 3), &BTreeSet::new(), History::Sealed);
    for form in every_form().map(small) {
        let all = export(&version, &schema, form.clone());
        for (max_rows, max_bytes) in [(Some(1_000), None), (None, Some(50_000))] {
            let whole = whole(&all.slice(1_234, max_rows, max_bytes));
            let mut dice = Dice(13);
            for _ in 0..5 {
                let offset = dice.below(whole.len() as u64);
                let start = usize::try_from(offset).expect("small");
                let slice = all.slice(1_234, max_rows, max_bytes);
                assert!(read_from(&slice, offset) == whole[start..], "{form:?}");
            }
        }
    }
}

#[test]
fn a_slice_of_no_rows_is_an_export_of_no_rows() {
    let schema = schema();
    let full = version(&rows(100, 4), &BTreeSet::new(), History::Sealed);
    for form in every_form() {
        let all = export(&full, &schema, form.clone());
        let behind = all.slice(100, None, None);
        for empty in [all.slice(1_000, None, Some(5)), all.slice(3, Some(0), None)] {
            assert_eq!(whole(&empty), whole(&behind));
            assert_eq!(empty.row_count(), 0);
        }
        assert_eq!(behind.end_row(), Some(100));
        assert!(ids(&behind, form.format, form.compression).is_empty());
    }
}

#[test]
fn a_slice_of_a_slice_counts_from_the_first_row_of_all() {
    let schema = schema();
    let version = version(&rows(100, 4), &BTreeSet::new(), History::Sealed);
    for format in FORMATS {
        let all = export(&version, &schema, request(format));
        let again = all.slice(50, Some(10), None).slice(20, Some(30), None);
        assert_eq!(whole(&again), whole(&all.slice(20, Some(30), None)));
    }
}

#[test]
fn an_export_knows_whose_rows_it_has() {
    let schema = schema();
    let version = version(&rows(300, 5), &BTreeSet::from([7, 299]), History::Sealed);
    let changed = ExportRequest {
        changed_from_millis: Some(0),
        include_removed: true,
        ..small(request(BlockFormat::ProfileBatch))
    };
    let all = export(&version, &schema, changed);
    for row in [0, 7, 150, 299] {
        assert!(all.contains(&format!("p{row:07}")));
    }
    assert!(!all.contains("p0000300"));
    assert!(!all.contains(""));
    let kept = export(&version, &schema, request(BlockFormat::ProfileBatch));
    assert!(!kept.contains("p0000007"));
    let middle = all.slice(100, Some(50), None);
    let within = [99, 100, 149, 150].map(|row| middle.contains(&format!("p{row:07}")));
    assert_eq!(within, [false, true, true, false]);
    let bounded = all.slice(0, None, Some(1));
    assert!(bounded.contains("p0000299"));
    whole(&bounded);
    assert!(!bounded.contains("p0000299"));
    assert!(bounded.contains("p0000000"));
}
