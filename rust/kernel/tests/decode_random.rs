//! Any messages at all: the reader agrees with generated code and a slow reader behind it, and damage never does more than it says.

#![expect(clippy::unwrap_used)]

mod any_profile;
mod segue_v1;
mod shop;
mod slow_reader;

use any_profile::block;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use prost::Message;
use segue_kernel::batch::{Batch, IdentifierKind};
use segue_kernel::error::KernelError;
use segue_kernel::table::Refresh;
use segue_kernel::wire::{BlockFormat, DecodeOptions, Key, decode};
use segue_v1::ProfileBatch;
use shop::schema;

/// Exceptions without their words and in an order of their own.
fn comparable(mut batch: Batch) -> Batch {
    for exception in &mut batch.exceptions {
        exception.message.clear();
    }
    batch.exceptions.sort_by(|a, b| {
        let key = |e: &segue_kernel::batch::RecordException| {
            (e.record_number, e.field_path.clone(), e.reason as u8)
        };
        key(a).cmp(&key(b))
    });
    batch
}

fn read(data: &[u8]) -> Result<Batch, KernelError> {
    decode(
        &schema(),
        BlockFormat::ProfileBatch,
        data,
        &DecodeOptions::default(),
    )
}

fn key() -> impl Strategy<Value = Key<'static>> {
    let kind = prop::sample::select(IdentifierKind::ALL.to_vec());
    let of_type = option::of(prop::sample::select(vec!["", "work", "WORK"]));
    (kind, of_type).prop_map(|(kind, of_type)| Key { kind, of_type })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_reader_agrees_with_generated_code_and_a_slow_reader(
        block in block(),
        list in option::of(Just("newsletter")),
        ignore_unknown_fields: bool,
        key in option::of(key()),
        names_only in prop::bool::weighted(0.2),
        refreshed in prop::option::weighted(0.3, any::<(bool, bool)>()),
    ) {
        let (custom_fields, tags) = refreshed.unwrap_or_default();
        let refresh = Refresh { custom_fields, tags, ..Refresh::default() };
        let options = DecodeOptions { list, ignore_unknown_fields, max_text_bytes: 20, key, names_only, refresh, ..DecodeOptions::default() };
        let fast = decode(&schema(), BlockFormat::ProfileBatch, &block.encode_to_vec(), &options).unwrap();
        let slow = slow_reader::read(&schema(), &block, &options);
        prop_assert_eq!(comparable(fast), comparable(slow));
    }

    #[test]
    fn a_block_cut_short_is_whole_records_or_refused_with_a_place(block in block(), cut in 0.0..1.0) {
        let data = block.encode_to_vec();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let length = (cut * data.len() as f64) as usize;
        match (read(&data[..length]), ProfileBatch::decode(&data[..length])) {
            (Ok(cut_short), Ok(block)) => {
                prop_assert_eq!(cut_short.record_count as usize, block.profiles.len());
                prop_assert_eq!(cut_short, read(&block.encode_to_vec()).unwrap());
            }
            (Err(KernelError::BlockInvalid { offset, .. }), Err(_)) => prop_assert!(offset <= length),
            (read, _) => prop_assert!(false, "one reader takes what the other refuses: {read:?}"),
        }
    }

    #[test]
    fn changed_bytes_are_read_or_refused(
        block in block(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut data = block.encode_to_vec();
        prop_assume!(!data.is_empty());
        for (place, byte) in changes {
            *place.get_mut(&mut data) = byte;
        }
        let batch = read(&data);
        // Whatever generated code still reads as UTF-8 messages, the reader reads, and to the same end.
        if let Ok(block) = ProfileBatch::decode(&data[..]) {
            let slow = slow_reader::read(&schema(), &block, &DecodeOptions::default());
            prop_assert_eq!(comparable(batch.unwrap()), comparable(slow));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(data: Vec<u8>) {
        let _ = read(&data);
    }

    #[test]
    fn damage_in_a_record_leaves_the_others_alone(
        block in block(),
        place: prop::sample::Index,
        damaged in vec(any::<u8>(), 0..40),
    ) {
        prop_assume!(!block.profiles.is_empty());
        let place = place.index(block.profiles.len());
        let mut others = block.clone();
        others.profiles.remove(place);
        let mut data = ProfileBatch { profiles: Vec::new(), ..block.clone() }.encode_to_vec();
        for (position, profile) in block.profiles.iter().enumerate() {
            let record = if position == place { damaged.clone() } else { profile.encode_to_vec() };
            prost::encoding::bytes::encode(2, &record, &mut data);
        }
        let batch = read(&data).unwrap();
        let others = read(&others.encode_to_vec()).unwrap();
        prop_assert_eq!(batch.record_count, others.record_count + 1);
        if batch.exceptions.iter().any(|exception| exception.record_number as usize == place + 1) {
            prop_assert_eq!(batch.columns, others.columns);
            prop_assert_eq!(batch.profile_ids, others.profile_ids);
            prop_assert_eq!(batch.members, others.members);
        }
    }
}
