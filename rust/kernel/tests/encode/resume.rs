//! Reading on from any byte, in any order, by any number of threads: always the same bytes.

use std::collections::BTreeSet;
use std::thread;

use proptest::prelude::*;
use segue_kernel::error::KernelError;
use segue_kernel::wire::{BlockFormat, Compression, ExportRequest, frame_block};

use crate::account::{Dice, rows, schema};
use crate::history::{History, version};
use crate::segue_v1::{self, RetrieveExportResponse};
use crate::{FORMATS, every_form, export, read_from, request, restored, whole};

/// Small blocks, so that there are many.
fn small(request: ExportRequest) -> ExportRequest {
    ExportRequest {
        block_bytes: 5_000,
        ..request
    }
}

#[test]
fn an_export_resumed_at_any_offset_is_the_rest_of_the_whole() {
    let schema = schema();
    let version = version(&rows(9_000, 1), &BTreeSet::new(), History::Sealed);
    for form in every_form().map(small) {
        let all = whole(&export(&version, &schema, form.clone()));
        let size = all.len() as u64;
        let read = export(&version, &schema, form.clone());
        let mut dice = Dice(11);
        for _ in 0..6 {
            let offset = dice.below(size);
            let fresh = export(&version, &schema, form.clone());
            let start = usize::try_from(offset).expect("small");
            assert!(
                read_from(&fresh, offset) == all[start..],
                "{form:?} at {offset}"
            );
            assert!(
                read_from(&read, offset) == all[start..],
                "{form:?} at {offset}"
            );
        }
    }
}

#[test]
fn blocks_asked_for_backwards_are_those_asked_for_in_order() {
    let schema = schema();
    let version = version(&rows(10_000, 2), &BTreeSet::new(), History::Sealed);
    for form in every_form().map(small) {
        let forwards = export(&version, &schema, form.clone());
        let (mut at, mut blocks) = (0, Vec::new());
        while let Some((bytes, next)) = forwards.read(at).expect("an end of a block") {
            blocks.push((at, bytes));
            at = next;
        }
        let backwards = export(&version, &schema, form.clone());
        for (offset, bytes) in blocks.iter().rev() {
            let (again, _) = backwards.read(*offset).expect("valid").expect("a block");
            assert!(again == *bytes, "{form:?} at {offset}");
        }
        let counted: u32 = blocks
            .iter()
            .map(|block| segue_v1::read::<RetrieveExportResponse>(&block.1).row_count)
            .sum();
        assert_eq!(u64::from(counted), forwards.row_count());
    }
}

#[test]
fn the_rest_of_a_block_counts_the_rows_that_end_in_it() {
    let schema = schema();
    let version = version(&rows(200, 3), &BTreeSet::new(), History::Sealed);
    let export = export(&version, &schema, request(BlockFormat::Ndjson));
    let all = whole(&export);
    for offset in (0..all.len()).step_by(97) {
        let (bytes, _) = export.read(offset as u64).expect("valid").expect("a block");
        let lines = all[offset..].split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(
            segue_v1::read::<RetrieveExportResponse>(&bytes).row_count as usize,
            lines
        );
    }
}

#[test]
fn the_end_is_no_block_and_nothing_lies_behind_it() {
    let schema = schema();
    for (form, n_rows) in every_form()
        .map(small)
        .flat_map(|form| [(form.clone(), 0), (form, 100)])
    {
        let version = version(&rows(n_rows, 4), &BTreeSet::new(), History::Sealed);
        let size = whole(&export(&version, &schema, form.clone())).len() as u64;
        let export = export(&version, &schema, form.clone());
        let behind = Err(KernelError::OffsetOutOfRange {
            offset: size + 1,
            end: size,
        });
        assert_eq!(export.read(size + 1), behind);
        assert_eq!(export.read(size), Ok(None));
        assert_eq!(export.size_bytes(), Some(size));
        let has_frame = ![BlockFormat::ProfileBatch, BlockFormat::Ndjson].contains(&form.format)
            || form.compression != Compression::None;
        assert_eq!(size == 0, n_rows == 0 && !has_frame);
    }
}

#[test]
fn a_compressed_export_is_the_export_compressed_block_by_block() {
    let schema = schema();
    for n_rows in [0, 1, 3_000] {
        let version = version(&rows(n_rows, 7), &BTreeSet::new(), History::Sealed);
        // Files of Parquet are compressed within.
        let is_outside = |form: &ExportRequest| form.format != BlockFormat::Parquet;
        for form in every_form().map(small).filter(is_outside) {
            let plain = ExportRequest {
                compression: Compression::None,
                ..form.clone()
            };
            let plain = whole(&export(&version, &schema, plain));
            let compressed = whole(&export(&version, &schema, form.clone()));
            assert!(restored(form.compression, &compressed) == plain, "{form:?}");
        }
    }
}

#[test]
fn the_rest_of_a_compressed_block_counts_all_of_its_rows() {
    let schema = schema();
    let version = version(&rows(200, 3), &BTreeSet::new(), History::Sealed);
    let form = ExportRequest {
        compression: Compression::Gzip,
        ..request(BlockFormat::Ndjson)
    };
    let export = export(&version, &schema, form);
    for offset in [0, 1, whole(&export).len() as u64 - 1] {
        let block = export.read_raw(offset).expect("valid").expect("a block");
        assert_eq!(block.row_count, 200);
    }
}

#[test]
fn stored_blocks_become_the_responses_that_they_were() {
    let schema = schema();
    let version = version(&rows(2_000, 8), &BTreeSet::new(), History::Sealed);
    for form in every_form().map(small) {
        let export = export(&version, &schema, form);
        let mut at = 0;
        while let Some((response, next)) = export.read(at).expect("valid") {
            let block = export.read_raw(at).expect("valid").expect("a block");
            assert_eq!(block.next_offset, next);
            assert_eq!(block.crc32c, crc32c::crc32c(&block.data));
            assert!(frame_block(&block.data, at, block.row_count) == response);
            at = next;
        }
        assert_eq!(export.read_raw(at), Ok(None));
    }
}

#[test]
fn threads_that_read_one_export_at_once_all_read_the_same() {
    let schema = schema();
    let version = version(&rows(4_000, 5), &BTreeSet::new(), History::Sealed);
    for form in every_form().map(small) {
        let all = whole(&export(&version, &schema, form.clone()));
        let shared = export(&version, &schema, form);
        thread::scope(|scope| {
            for reader in 0..4 {
                let (shared, all) = (&shared, &all);
                scope.spawn(move || {
                    let start = reader * all.len() / 5;
                    assert!(read_from(shared, start as u64) == all[start..]);
                });
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_do_not_depend_on_the_history_of_writes(seed: u64, n_rows in 0..600_usize, erased in proptest::collection::btree_set(0..600_usize, 0..8)) {
        let schema = schema();
        let rows = rows(n_rows, seed);
        let erased: BTreeSet<usize> = erased.into_iter().filter(|row| *row < n_rows).collect();
        let one = version(&rows, &erased, History::Sealed);
        let other = version(&rows, &erased, History::Overwritten);
        for form in FORMATS.map(request).map(small) {
            prop_assert!(whole(&export(&one, &schema, form.clone())) == whole(&export(&other, &schema, form)));
        }
    }
}

#[test]
fn bytes_do_not_depend_on_the_history_of_writes_around_the_ends_of_blocks() {
    let schema = schema();
    for n_rows in [65_535, 65_536, 65_537] {
        let rows = rows(n_rows, 6);
        let one = version(&rows, &BTreeSet::new(), History::Sealed);
        let other = version(&rows, &BTreeSet::new(), History::Overwritten);
        // One format for each way to read cells.
        for format in [BlockFormat::Ndjson, BlockFormat::ArrowIpc] {
            let all = whole(&export(&one, &schema, request(format)));
            assert!(
                all == whole(&export(&other, &schema, request(format))),
                "{format:?}"
            );
        }
    }
}
