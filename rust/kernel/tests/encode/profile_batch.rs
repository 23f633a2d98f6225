//! `ProfileBatch`: read back by a generated reader, it is what is stored.

use std::collections::BTreeSet;

use proptest::prelude::*;
use prost::Message;
use segue_kernel::schema::{ColumnId, ColumnKind, MarkKind, Schema, builtin as b};
use segue_kernel::wire::{BlockFormat, ExportRequest, encode_profile};

use crate::account::{Row, Value, rows, schema};
use crate::history::{History, version};
use crate::segue_v1::{self, ProfileBatch, RetrieveExportResponse};
use crate::{export, request, whole};

/// A profile as plain values.
pub(crate) fn row_of(schema: &Schema, keys: &[String], profile: segue_v1::Profile) -> Row {
    let mut row = Row::new();
    row.insert(b::PROFILE_ID, Value::Text(profile.profile_id));
    identifiers(b::ALTERNATE_ID, profile.alternate_ids, &mut row);
    identifiers(b::EMAIL, profile.emails, &mut row);
    identifiers(b::PHONE, profile.phones, &mut row);
    let name = profile.name.unwrap_or_default();
    for (column, text) in [
        (b::CUSTOMER_TYPE, profile.customer_type),
        (b::NAME_PREFIX, name.prefix),
        (b::GIVEN_NAME, name.given_name),
        (b::MIDDLE_NAME, name.middle_name),
        (b::FAMILY_NAME, name.family_name),
        (b::NAME_SUFFIX, name.suffix),
        (b::FULL_NAME, name.full_name),
        (b::LOCALE, profile.locale),
        (b::COUNTRY, profile.country),
        (b::REGION, profile.region),
    ] {
        row.extend(text.map(|text| (column, Value::Text(text))));
    }
    row.extend(
        profile
            .latitude
            .map(|degrees| (b::LATITUDE, Value::Number(degrees))),
    );
    row.extend(
        profile
            .longitude
            .map(|degrees| (b::LONGITUDE, Value::Number(degrees))),
    );
    fields(schema, keys, None, profile.fields, &mut row);
    for membership in profile.memberships {
        let list = schema.list(&membership.list).expect("a list of the schema");
        row.insert(
            list.state(),
            code(membership.state).expect("a member has a state"),
        );
        row.extend(
            membership
                .joined_at_millis
                .map(|at| (list.joined_at(), Value::DateTime(at))),
        );
        row.extend(
            membership
                .active_at_millis
                .map(|at| (list.active_at(), Value::DateTime(at))),
        );
        row.extend(code(membership.consent_to_track).map(|code| (list.consent_to_track(), code)));
        fields(schema, keys, Some(&list.id), membership.fields, &mut row);
    }
    marks(
        schema,
        &profile.tags,
        &profile.topics,
        &profile.consents,
        &mut row,
    );
    row.insert(b::CREATED_AT, Value::DateTime(profile.created_at_millis));
    row.insert(b::CHANGED_AT, Value::DateTime(profile.changed_at_millis));
    row
}

fn identifiers(column: ColumnId, given: Vec<segue_v1::Identifier>, row: &mut Row) {
    let mut given = given.into_iter();
    let Some(first) = given.next() else { return };
    row.insert(column, Value::Text(first.value));
    if !first.r#type.is_empty() {
        row.insert(column + 1, Value::Text(first.r#type));
    }
    let more: Vec<_> = given
        .map(|identifier| (identifier.r#type, identifier.value))
        .collect();
    if !more.is_empty() {
        row.insert(column + 2, Value::Identifiers(more));
    }
}

fn marks(
    schema: &Schema,
    tags: &[String],
    topics: &[segue_v1::TopicState],
    consents: &[segue_v1::Consent],
    row: &mut Row,
) {
    let mut insert = |kind, id: &str, state: i32| {
        let mark = schema.mark(kind, id).expect("a mark of the schema");
        assert!([1, 2].contains(&state), "absent states are left out");
        row.insert(mark.column, Value::Boolean(state == 1));
    };
    for tag in tags {
        insert(MarkKind::Tag, tag, 1);
    }
    for topic in topics {
        insert(MarkKind::Topic, &topic.topic, topic.state);
    }
    for consent in consents {
        insert(MarkKind::Consent, &consent.consent_type, consent.state);
    }
}

fn code(number: i32) -> Option<Value> {
    u16::try_from(number - 1).ok().map(Value::One)
}

fn fields(
    schema: &Schema,
    keys: &[String],
    list: Option<&str>,
    given: Vec<segue_v1::FieldValue>,
    row: &mut Row,
) {
    for value in given {
        let key = match value.key_index {
            0 => value.key,
            index => keys[index as usize - 1].clone(),
        };
        let field = schema.field(list, &key).expect("a field of the schema");
        let code = |name: &String| {
            let code = field.options.iter().position(|option| option == name);
            u16::try_from(code.expect("an option of the field")).expect("few options")
        };
        let value = match value.value.expect("a value") {
            segue_v1::Value::Text(name) if field.kind == ColumnKind::MultiSelectOne => {
                Value::One(code(&name))
            }
            segue_v1::Value::Text(text) => Value::Text(text),
            segue_v1::Value::Number(number) => Value::Number(number),
            segue_v1::Value::Boolean(boolean) => Value::Boolean(boolean),
            segue_v1::Value::DateDays(days) => Value::Date(days),
            segue_v1::Value::DateTimeMillis(millis) => Value::DateTime(millis),
            segue_v1::Value::Options(list) => Value::Many(list.options.iter().map(code).collect()),
            segue_v1::Value::Null(_) => panic!("absent values are left out"),
        };
        row.insert(field.column, value);
    }
}

#[test]
fn blocks_read_back_by_a_generated_reader_are_what_is_stored() {
    let schema = schema();
    for n_rows in [0, 1, 63, 64, 65, 4_095, 4_096, 4_097] {
        let rows = rows(n_rows, n_rows as u64);
        let version = version(&rows, &BTreeSet::new(), History::Sealed);
        let export = export(&version, &schema, request(BlockFormat::ProfileBatch));
        let batch = segue_v1::read::<ProfileBatch>(&whole(&export));
        let read: Vec<Row> = batch
            .profiles
            .into_iter()
            .map(|profile| row_of(&schema, &batch.field_keys, profile))
            .collect();
        assert_eq!(read, rows);
        assert_eq!(export.row_count(), n_rows as u64);
    }
}

#[test]
fn each_block_is_a_batch_of_its_own() {
    let schema = schema();
    let rows = rows(500, 7);
    let version = version(&rows, &BTreeSet::new(), History::Sealed);
    let request = ExportRequest {
        block_bytes: 10_000,
        ..request(BlockFormat::ProfileBatch)
    };
    let export = export(&version, &schema, request);
    let (mut at, mut read) = (0, Vec::new());
    while let Some((bytes, next)) = export.read(at).expect("an end of a block") {
        let response = segue_v1::read::<RetrieveExportResponse>(&bytes);
        let batch = segue_v1::read::<ProfileBatch>(&response.data);
        assert_eq!(batch.profiles.len(), response.row_count as usize);
        assert!(next - at >= 10_000 || read.len() + batch.profiles.len() == rows.len());
        read.extend(
            batch
                .profiles
                .into_iter()
                .map(|one| row_of(&schema, &batch.field_keys, one)),
        );
        at = next;
    }
    assert_eq!(read, rows);
    assert_eq!(export.size_bytes(), Some(at));
}

#[test]
fn records_take_the_bytes_that_a_generated_writer_takes() {
    let schema = schema();
    let rows = rows(300, 3);
    let version = version(&rows, &BTreeSet::new(), History::Sealed);
    let data = whole(&export(
        &version,
        &schema,
        request(BlockFormat::ProfileBatch),
    ));
    assert_eq!(segue_v1::read::<ProfileBatch>(&data).encode_to_vec(), data);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_single_profile_is_what_is_stored(seed: u64, n_rows in 1..200_usize) {
        let schema = schema();
        let rows = rows(n_rows, seed);
        let version = version(&rows, &BTreeSet::new(), History::Overwritten);
        for (number, row) in rows.iter().enumerate() {
            let number = u32::try_from(number).expect("few rows");
            let profile = segue_v1::read(&encode_profile(&version, &schema, number));
            prop_assert_eq!(&row_of(&schema, &[], profile), row);
        }
    }
}
