//! What an export writes, an import reads: the account it fills cannot be told from the one exported.

#![expect(clippy::unwrap_used)]

mod any_profile;
mod segue_v1;
mod shop;

use std::collections::HashSet;
use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use segue_kernel::table::Table;
use segue_kernel::wire::{BlockFormat, Compression, DecodeOptions, Export, ExportRequest, decode};
use segue_v1::{ProfileBatch, RetrieveExportResponse};
use shop::schema;

const TICK: i64 = 1_700_000_000_003;

/// Formats that are written and read.
const FORMATS: [BlockFormat; 5] = [
    BlockFormat::ProfileBatch,
    BlockFormat::Ndjson,
    BlockFormat::ArrowIpc,
    BlockFormat::Csv,
    BlockFormat::Parquet,
];

/// An account with the good records of a block.
fn filled(format: BlockFormat, data: &[u8], list: Option<&str>, may_have_bad: bool) -> Table {
    let options = DecodeOptions {
        list,
        ..DecodeOptions::default()
    };
    let batch = decode(&schema(), format, data, &options).unwrap();
    assert!(
        may_have_bad || batch.exceptions.is_empty(),
        "{:?}",
        batch.exceptions
    );
    let table = Table::new();
    table.apply(&[&batch], 1, TICK).unwrap();
    table
}

fn exported(table: &Table, format: BlockFormat, list: Option<&str>) -> Vec<u8> {
    let request = ExportRequest {
        format,
        list: list.map(str::to_owned),
        compression: Compression::None,
        columns: None,
        events: None,
        changed_from_millis: None,
        plan_before: None,
        only: None,
        include_removed: false,
        block_bytes: 1 << 20,
    };
    let export = Export::new(table.version(), Arc::new(schema()), None, request).unwrap();
    let mut data = Vec::new();
    while let Some((response, _)) = export.read(data.len() as u64).unwrap() {
        data.extend(segue_v1::read::<RetrieveExportResponse>(&response).data);
    }
    data
}

/// What of a block's profiles flat formats hold too.
fn flat_part(mut block: ProfileBatch) -> ProfileBatch {
    let mut ids = HashSet::new();
    block
        .profiles
        .retain(|profile| ids.insert(profile.profile_id.clone()));
    for profile in &mut block.profiles {
        let emails = profile.emails.iter_mut().chain(&mut profile.phones);
        for one in emails.chain(&mut profile.alternate_ids) {
            one.inactive = false;
        }
        for consent in &mut profile.consents {
            (consent.version, consent.stated_at_millis) = (0, None);
            consent.history.clear();
        }
        profile.addresses.clear();
        profile.preferences.clear();
        profile.groups.clear();
    }
    block
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_export_that_is_imported_and_exported_again_is_the_same(
        block in any_profile::block(),
        format in select(&FORMATS[..]),
        list in option::of(Just("club")),
    ) {
        let is_flat = !matches!(format, BlockFormat::ProfileBatch | BlockFormat::Ndjson);
        let block = if is_flat { flat_part(block) } else { block };
        let first = filled(BlockFormat::ProfileBatch, &block.encode_to_vec(), list, true);
        let data = exported(&first, format, list);
        let second = filled(format, &data, list, false);
        prop_assert_eq!(exported(&second, format, list), data);
        let whole = |table| exported(table, BlockFormat::Ndjson, None);
        prop_assert_eq!(whole(&second), whole(&first));
    }
}
