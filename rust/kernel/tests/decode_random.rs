//! Any messages at all: the reader agrees with generated code and a slow reader behind it, and damage never does more than it says.

#![expect(clippy::unwrap_used)]

mod segue_v1;
mod shop;
mod slow_reader;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use segue_kernel::batch::Batch;
use segue_kernel::error::KernelError;
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode};
use segue_v1::{
    FieldValue, Identifier, Membership, OptionList, PersonName, Profile, ProfileBatch, Value,
};
use shop::schema;

/// Texts that some field somewhere takes, and some that none does.
fn text() -> impl Strategy<Value = String> {
    let texts = [
        "",
        "a",
        "räksmörgås",
        "\0",
        "42",
        "-1e3",
        "true",
        "no",
        "2024-02-29",
        "2024-02-29T12:00Z",
        "red",
        "BLÅ",
        "Red; Green",
        "a@b.se",
        "+46701234567",
        "eleven byte",
        "twenty-one bytes long",
    ];
    prop_oneof![
        8 => select(texts.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (0..300_usize).prop_map(|length| "x".repeat(length)),
    ]
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.2, text())
}

fn email() -> impl Strategy<Value = String> {
    let emails = [
        "",
        "a@b.se",
        "Anna@Example.com",
        "å@ä.ö",
        "a@b@c",
        "a b@c",
        "a@-b",
        "a@b..c",
        "a",
        "@",
    ];
    prop_oneof![4 => select(emails.to_vec()).prop_map(str::to_owned), 1 => text()]
}

fn phone() -> impl Strategy<Value = String> {
    let phones = [
        "",
        "+46701234567",
        "+46 (70) 12-34.567",
        "+4670123",
        "+467012",
        "0701234567",
        "+0123456789",
    ];
    prop_oneof![4 => select(phones.to_vec()).prop_map(str::to_owned), 1 => text()]
}

fn identifiers(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<Identifier>> {
    let kind = prop_oneof![4 => Just(String::new()), 2 => Just("work".to_owned()), 1 => text()];
    let identifier = (value, kind).prop_map(|(value, kind)| Identifier {
        value,
        r#type: kind,
    });
    prop_oneof![2 => Just(Vec::new()), 3 => vec(identifier, 0..3)]
}

fn field_value() -> impl Strategy<Value = FieldValue> {
    let keys = [
        "City", "age", "VIP", "Born", "Seen", "Level", "Likes", "Shoe", "",
    ];
    let options = vec(
        select(&["Red", "green", "blå", "Off White", "Pink"][..]),
        0..4,
    );
    let value = prop_oneof![
        4 => text().prop_map(Value::Text),
        2 => any::<f64>().prop_map(Value::Number),
        1 => any::<bool>().prop_map(Value::Boolean),
        1 => prop_oneof![any::<i32>(), -1_000..1_000].prop_map(Value::DateDays),
        1 => prop_oneof![any::<i64>(), -1_000..1_000_i64].prop_map(Value::DateTimeMillis),
        2 => options.prop_map(|options| Value::Options(OptionList { options: options.into_iter().map(str::to_owned).collect() })),
        1 => Just(Value::Null(true)),
    ];
    let index = prop_oneof![2 => Just(0_u32), 2 => 1..5_u32, 1 => any::<u32>()];
    (select(keys.to_vec()), index, option::weighted(0.9, value)).prop_map(
        |(key, key_index, value)| FieldValue {
            key: key.to_owned(),
            key_index,
            value,
        },
    )
}

fn membership() -> impl Strategy<Value = Membership> {
    let list = select(&["newsletter", "newsletter", "club", "nobody"][..]);
    let number = prop_oneof![4 => 0..3, 1 => any::<i32>()];
    let time = || option::weighted(0.3, prop_oneof![4 => 0..1_000_i64, 1 => any::<i64>()]);
    (
        list,
        number.clone(),
        time(),
        time(),
        number,
        vec(field_value(), 0..3),
    )
        .prop_map(
            |(list, state, joined_at_millis, active_at_millis, consent_to_track, fields)| {
                Membership {
                    list: list.to_owned(),
                    state,
                    joined_at_millis,
                    active_at_millis,
                    consent_to_track,
                    fields,
                }
            },
        )
}

prop_compose! {
    fn person_name()(parts in vec(some_text(), 6)) -> PersonName {
        let [prefix, given_name, middle_name, family_name, suffix, full_name] = parts.try_into().unwrap();
        PersonName { prefix, given_name, middle_name, family_name, suffix, full_name }
    }
}

prop_compose! {
    fn profile()(
        id in prop_oneof![8 => (0..40_u8).prop_map(|n| format!("p{n}")), 1 => text()],
        alternate_ids in identifiers(text()),
        emails in identifiers(email()),
        phones in identifiers(phone()),
        texts in vec(some_text(), 4),
        name in option::of(person_name()),
        degrees in vec(option::weighted(0.3, prop_oneof![4 => -100.0..100.0, 1 => any::<f64>()]), 2),
        fields in vec(field_value(), 0..3),
        memberships in vec(membership(), 0..3),
        output in any::<(i64, bool)>(),
    ) -> Profile {
        let [customer_type, locale, country, region] = texts.try_into().unwrap();
        Profile {
            profile_id: id, alternate_ids, emails, phones, customer_type, name, locale, country, region,
            latitude: degrees[0], longitude: degrees[1], fields, memberships,
            created_at_millis: output.0, changed_at_millis: output.0, removed: output.1,
        }
    }
}

fn block() -> impl Strategy<Value = ProfileBatch> {
    vec(profile(), 0..12).prop_map(|profiles| ProfileBatch {
        field_keys: ["Age", "city", "Shoe"].map(str::to_owned).to_vec(),
        profiles,
    })
}

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_reader_agrees_with_generated_code_and_a_slow_reader(
        block in block(),
        list in option::of(Just("newsletter")),
        ignore_unknown_fields: bool,
    ) {
        let options = DecodeOptions { list, ignore_unknown_fields, max_text_bytes: 20 };
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
