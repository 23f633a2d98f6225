//! Blocks of profiles become batches: what is kept, what is refused, and in which words.

#![expect(clippy::unwrap_used)]

mod segue_v1;
mod shop;

use prost::Message;
use segue_kernel::batch::{Batch, BatchValues, RecordReason as R};
use segue_kernel::error::KernelError;
use segue_kernel::schema::builtin;
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode};
use segue_v1::{
    FieldValue, Identifier, Membership, OptionList, PersonName, Profile, ProfileBatch, Value,
    member, plain, profile, value,
};
use shop::{
    ACCOUNT_FIELDS, NEWSLETTER, NEWSLETTER_FIELDS, column, decoded, ids, problems, schema, texts,
};

fn block(profiles: Vec<Profile>) -> ProfileBatch {
    ProfileBatch {
        field_keys: Vec::new(),
        profiles,
    }
}

fn one(profile: Profile) -> Batch {
    decoded(&block(vec![profile]))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn options(names: &[&str]) -> Value {
    Value::Options(OptionList {
        options: names.iter().map(|&name| name.to_owned()).collect(),
    })
}

fn decoded_with(block: &ProfileBatch, options: &DecodeOptions) -> Batch {
    decode(
        &schema(),
        BlockFormat::ProfileBatch,
        &block.encode_to_vec(),
        options,
    )
    .unwrap()
}

#[test]
fn an_empty_block_is_an_empty_batch() {
    assert_eq!(decoded(&block(Vec::new())), Batch::default());
}

#[test]
fn every_part_of_a_profile_lands_in_its_column() {
    let batch = one(Profile {
        profile_id: "p1".to_owned(),
        emails: vec![plain("anna@example.com")],
        phones: vec![plain("+46 (70) 123-45.67")],
        alternate_ids: vec![Identifier {
            value: "x1".to_owned(),
            r#type: "crm".to_owned(),
            ..Identifier::default()
        }],
        customer_type: Some("private".to_owned()),
        name: Some(PersonName {
            given_name: Some("Anna".to_owned()),
            family_name: Some(String::new()),
            ..PersonName::default()
        }),
        latitude: Some(59.3),
        longitude: Some(f64::NAN),
        fields: vec![value("age", Value::Number(42.0))],
        memberships: vec![Membership {
            state: 3,
            joined_at_millis: Some(5),
            consent_to_track: 2,
            ..member("newsletter", vec![value("City", text("Malmö"))])
        }],
        created_at_millis: 7,
        removed: true,
        ..Profile::default()
    });
    assert_eq!(problems(&batch), []);
    assert_eq!(ids(&batch), ["p1"]);
    let [emails, phones, alternate_ids] = &batch.identifiers;
    assert_eq!(
        (&*emails.plain_rows, emails.plain.get(0)),
        (&[0][..], &b"anna@example.com"[..])
    );
    assert_eq!(phones.plain.get(0), b"+46701234567");
    assert_eq!(
        (
            &*alternate_ids.typed[0].1[0].kind,
            &*alternate_ids.typed[0].1[0].value
        ),
        ("crm", "x1")
    );
    assert_eq!(texts(&batch, builtin::CUSTOMER_TYPE), ["private"]);
    assert_eq!(texts(&batch, builtin::GIVEN_NAME), ["Anna"]);
    assert_eq!(column(&batch, builtin::FAMILY_NAME).unwrap().cleared, [0]);
    assert_eq!(
        column(&batch, builtin::LATITUDE).unwrap().values,
        BatchValues::Number(vec![59.3])
    );
    assert_eq!(column(&batch, builtin::LONGITUDE).unwrap().cleared, [0]);
    assert_eq!(
        column(&batch, ACCOUNT_FIELDS + 1).unwrap().values,
        BatchValues::Number(vec![42.0])
    );
    assert_eq!(
        column(&batch, NEWSLETTER).unwrap().values,
        BatchValues::MultiSelectOne(vec![2])
    );
    assert_eq!(
        column(&batch, NEWSLETTER + 1).unwrap().values,
        BatchValues::DateTime(vec![5])
    );
    assert_eq!(
        column(&batch, NEWSLETTER + 3).unwrap().values,
        BatchValues::MultiSelectOne(vec![1])
    );
    assert_eq!(texts(&batch, NEWSLETTER_FIELDS), ["Malmö"]);
    assert_eq!(
        (&*batch.members[0].list.id, &*batch.members[0].rows),
        ("newsletter", &[0][..])
    );
    assert_eq!(batch.compose_name, [0]);
    assert!(column(&batch, builtin::CREATED_AT).is_none());
}

#[test]
fn a_whole_name_is_not_made_from_parts() {
    let named = |name| Profile {
        name: Some(name),
        ..profile("p")
    };
    let whole = PersonName {
        full_name: Some("A B".to_owned()),
        ..PersonName::default()
    };
    assert!(
        one(named(PersonName {
            given_name: Some("A".to_owned()),
            ..whole.clone()
        }))
        .compose_name
        .is_empty()
    );
    assert!(one(named(whole)).compose_name.is_empty());
    assert!(one(named(PersonName::default())).compose_name.is_empty());
}

#[test]
fn text_is_read_as_every_type() {
    let fields = [
        ("City", "42"),
        ("Age", "-4.5e1"),
        ("Vip", "YES"),
        ("Born", "2024-02-29"),
        ("Seen", "2024-02-29T12:00:00.5+01:00"),
        ("Level", "gREEN"),
        ("Likes", "BLÅ; red;Red"),
    ];
    let fields = fields.map(|(key, form)| value(key, text(form))).to_vec();
    let batch = one(Profile {
        fields,
        ..profile("p")
    });
    assert_eq!(problems(&batch), []);
    let values: Vec<_> = batch
        .columns
        .iter()
        .map(|column| column.values.clone())
        .collect();
    assert_eq!(texts(&batch, ACCOUNT_FIELDS), ["42"]);
    assert_eq!(
        values[1..],
        [
            BatchValues::Number(vec![-45.0]),
            BatchValues::Boolean(vec![true]),
            BatchValues::Date(vec![19_782]),
            BatchValues::DateTime(vec![1_709_204_400_500]),
            BatchValues::MultiSelectOne(vec![1]),
            BatchValues::MultiSelectMany {
                codes: vec![0, 2],
                ends: vec![2]
            },
        ]
    );
}

#[test]
fn empty_text_null_and_no_options_clear_every_type() {
    for clearing in [text(""), Value::Null(true), options(&[])] {
        let fields = shop::FIELDS
            .map(|(key, _)| value(key, clearing.clone()))
            .to_vec();
        let batch = one(Profile {
            fields,
            ..profile("p")
        });
        assert_eq!(problems(&batch), []);
        assert_eq!(batch.columns.len(), shop::FIELDS.len());
        assert!(
            batch
                .columns
                .iter()
                .all(|column| column.rows.is_empty() && column.cleared == [0])
        );
    }
}

#[test]
fn a_value_that_is_not_set_keeps_what_is_stored() {
    let kept = FieldValue {
        key: "Age".to_owned(),
        ..FieldValue::default()
    };
    let batch = one(Profile {
        fields: vec![kept],
        ..profile("p")
    });
    assert_eq!((problems(&batch), batch.columns.len()), (Vec::new(), 0));
}

#[test]
fn keys_may_be_counted() {
    let counted = |key_index| FieldValue {
        key_index,
        value: Some(Value::Number(1.0)),
        ..FieldValue::default()
    };
    let batch = decoded(&ProfileBatch {
        field_keys: vec!["Shoe".to_owned(), "AGE".to_owned()],
        profiles: vec![
            Profile {
                fields: vec![counted(2)],
                ..profile("a")
            },
            Profile {
                memberships: vec![member("club", vec![counted(2)])],
                ..profile("b")
            },
            Profile {
                fields: vec![counted(1)],
                ..profile("c")
            },
            Profile {
                fields: vec![counted(3)],
                ..profile("d")
            },
        ],
    });
    assert_eq!(
        problems(&batch),
        [
            (3, "fields[Shoe]", R::FieldUnknown),
            (4, "fields[0]", R::RecordInvalid)
        ]
    );
    assert_eq!(column(&batch, ACCOUNT_FIELDS + 1).unwrap().rows, [0]);
    assert_eq!(column(&batch, shop::CLUB_FIELDS + 1).unwrap().rows, [1]);
}

#[test]
fn unknown_fields_are_left_out_when_asked() {
    let unknown = || {
        vec![
            value("Shoe", Value::Number(45.0)),
            value("Age", Value::Number(7.0)),
        ]
    };
    let block = block(vec![Profile {
        fields: unknown(),
        memberships: vec![member("club", unknown())],
        ..profile("p")
    }]);
    assert_eq!(
        problems(&decoded(&block)),
        [
            (1, "fields[Shoe]", R::FieldUnknown),
            (1, "memberships[club].fields[Shoe]", R::FieldUnknown),
        ]
    );
    let options = DecodeOptions {
        ignore_unknown_fields: true,
        ..DecodeOptions::default()
    };
    let batch = decoded_with(&block, &options);
    assert_eq!(problems(&batch), []);
    assert_eq!(batch.columns.len(), 2);
}

#[test]
fn every_valid_record_joins_the_list_of_the_import() {
    let block = block(vec![
        profile("a"),
        Profile {
            memberships: vec![member("newsletter", Vec::new())],
            ..profile("b")
        },
        profile(""),
        Profile {
            memberships: vec![member("club", Vec::new())],
            ..profile("c")
        },
    ]);
    let options = DecodeOptions {
        list: Some("newsletter"),
        ..DecodeOptions::default()
    };
    let batch = decoded_with(&block, &options);
    let members: Vec<_> = batch
        .members
        .iter()
        .map(|m| (&*m.list.id, &*m.rows))
        .collect();
    assert_eq!(
        members,
        [("newsletter", &[0, 1, 2][..]), ("club", &[2][..])]
    );
    let unknown = DecodeOptions {
        list: Some("nobody"),
        ..DecodeOptions::default()
    };
    let error = decode(&schema(), BlockFormat::ProfileBatch, &[], &unknown).unwrap_err();
    assert!(matches!(error, KernelError::DefinitionInvalid { .. }));
}

#[test]
fn all_problems_of_a_record_are_listed_up_to_a_hundred() {
    let shoe = |n: usize| value(&format!("Shoe{n}"), text("45"));
    let batch = decoded(&block(vec![
        Profile {
            fields: (0..150).map(shoe).collect(),
            ..profile("")
        },
        Profile {
            fields: vec![shoe(0), shoe(1)],
            ..profile("p")
        },
    ]));
    assert_eq!((batch.exceptions.len(), batch.invalid_count), (102, 2));
    assert_eq!(batch.exceptions[101].profile_id, "p");
}

#[test]
fn records_with_one_id_are_kept_and_the_batch_is_cut_between_them() {
    let bad = |id: &str| Profile {
        emails: vec![plain("x")],
        ..profile(id)
    };
    let named = |id: &str, kind: &str| Profile {
        customer_type: Some(kind.to_owned()),
        ..profile(id)
    };
    let batch = decoded(&block(vec![
        bad("a"),
        named("a", "1"),
        named("b", "2"),
        named("a", "3"),
        named("a", "4"),
        bad("b"),
        named("b", "5"),
    ]));
    assert_eq!(
        problems(&batch),
        [
            (1, "emails[0].value", R::EmailInvalid),
            (6, "emails[0].value", R::EmailInvalid),
        ]
    );
    assert_eq!(ids(&batch), ["a", "b", "a", "a", "b"]);
    assert_eq!(
        texts(&batch, builtin::CUSTOMER_TYPE),
        ["1", "2", "3", "4", "5"]
    );
    assert_eq!(batch.record_numbers, [2, 3, 4, 5, 7]);
    assert_eq!(batch.cuts, [2, 3]);
    assert_eq!(batch.runs().collect::<Vec<_>>(), [0..2, 2..3, 3..5]);
}

#[test]
fn good_records_close_ranks_where_bad_ones_stood() {
    let numbered = |n: u32| Profile {
        fields: vec![
            value("Age", Value::Number(f64::from(n))),
            value("City", text(&n.to_string())),
            value(
                "Likes",
                if n.is_multiple_of(3) {
                    text("")
                } else {
                    options(&["Red", "Blå"][..n as usize % 3])
                },
            ),
        ],
        emails: vec![plain(if n % 1_000 == 7 { "nobody" } else { "a@b.se" })],
        memberships: vec![member("club", Vec::new())],
        ..profile(&format!("p{n}"))
    };
    let count = 65_537;
    let batch = decoded(&block((0..count).map(numbered).collect()));
    let good: Vec<u32> = (0..count).filter(|n| n % 1_000 != 7).collect();
    let rows: Vec<u32> = (0..).take(good.len()).collect();
    assert_eq!((batch.record_count, batch.invalid_count), (count, 66));
    assert_eq!(
        ids(&batch),
        good.iter().map(|n| format!("p{n}")).collect::<Vec<_>>()
    );
    assert_eq!(
        texts(&batch, ACCOUNT_FIELDS),
        good.iter().map(u32::to_string).collect::<Vec<_>>()
    );
    let ages = good.iter().map(|&n| f64::from(n)).collect();
    assert_eq!(
        column(&batch, ACCOUNT_FIELDS + 1).unwrap().values,
        BatchValues::Number(ages)
    );
    let likes = column(&batch, ACCOUNT_FIELDS + 6).unwrap();
    let cleared: Vec<u32> = rows
        .iter()
        .copied()
        .filter(|&row| good[row as usize].is_multiple_of(3))
        .collect();
    assert_eq!(likes.cleared, cleared);
    let codes: Vec<u16> = good
        .iter()
        .flat_map(|n| [0, 2].into_iter().take(*n as usize % 3))
        .collect();
    assert!(
        matches!(&likes.values, BatchValues::MultiSelectMany { codes: found, .. } if *found == codes)
    );
    assert_eq!(
        (&batch.identifiers[0].plain_rows, &batch.members[0].rows),
        (&rows, &rows)
    );
}

#[test]
fn what_stands_twice_on_the_wire_is_merged_as_protobuf_says() {
    let first = Profile {
        customer_type: Some("\0 is not taken".to_owned()),
        name: Some(PersonName {
            given_name: Some("A".to_owned()),
            suffix: Some("x".to_owned()),
            ..Default::default()
        }),
        emails: vec![plain("a@b.se")],
        ..profile("first")
    };
    let second = Profile {
        customer_type: Some("last".to_owned()),
        name: Some(PersonName {
            given_name: Some("B".to_owned()),
            ..Default::default()
        }),
        emails: vec![Identifier {
            value: "c@d.se".to_owned(),
            r#type: "work".to_owned(),
            ..Identifier::default()
        }],
        ..profile("second")
    };
    let record = [first.encode_to_vec(), second.encode_to_vec()].concat();
    let mut data = vec![0x12, u8::try_from(record.len()).unwrap()];
    data.extend_from_slice(&record);
    // Keys may follow the profiles that count them, as when two batches are written one behind the other.
    data.extend_from_slice(
        &ProfileBatch {
            field_keys: vec!["Age".to_owned()],
            profiles: Vec::new(),
        }
        .encode_to_vec(),
    );
    let batch = decode(
        &schema(),
        BlockFormat::ProfileBatch,
        &data,
        &DecodeOptions::default(),
    )
    .unwrap();
    assert_eq!(
        (problems(&batch), ids(&batch)),
        (Vec::new(), vec!["second".to_owned()])
    );
    assert_eq!(texts(&batch, builtin::CUSTOMER_TYPE), ["last"]);
    assert_eq!(
        (
            texts(&batch, builtin::GIVEN_NAME),
            texts(&batch, builtin::NAME_SUFFIX)
        ),
        (vec!["B".to_owned()], vec!["x".to_owned()])
    );
    assert_eq!(batch.identifiers[0].typed[0].1.len(), 2);
}
