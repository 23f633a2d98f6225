//! Arrow streams become the same batches as profiles that say the same.

#![expect(clippy::unwrap_used)]

mod segue_v1;
mod shop;

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::{Int8Type, TimestampNanosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Date64Array, DictionaryArray, Float32Array,
    Float64Array, Int64Array, LargeStringArray, ListArray, NullArray, PrimitiveArray, RecordBatch,
    StringArray, StringViewArray, StructArray, TimestampMillisecondArray, TimestampSecondArray,
    UInt8Array,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use segue_kernel::batch::{Batch, BatchValues, RecordReason as R};
use segue_kernel::error::{KernelError, Result};
use segue_kernel::schema::{ColumnId, builtin};
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode};
use segue_v1::{
    Membership, OptionList, PersonName, Profile, ProfileBatch, TopicState, Value, member, plain,
    value,
};
use shop::{
    ACCOUNT_FIELDS, MARK_COLUMNS, NEWSLETTER, NEWSLETTER_FIELDS, column, ids, problems, schema,
    texts,
};

/// Writes record batches of the same columns as one stream.
fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn batch_of(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

fn read_with(data: &[u8], options: &DecodeOptions) -> Result<Batch> {
    decode(&schema(), BlockFormat::ArrowIpc, data, options)
}

fn read(columns: Vec<(&str, ArrayRef)>) -> Result<Batch> {
    read_with(&stream(&[batch_of(columns)]), &DecodeOptions::default())
}

fn strings(texts: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

/// A column of ids `p0`, `p1`, …
fn some_ids(count: usize) -> ArrayRef {
    Arc::new(
        (0..count)
            .map(|n| Some(format!("p{n}")))
            .collect::<StringArray>(),
    )
}

fn problem_of(result: Result<Batch>) -> String {
    match result {
        Err(KernelError::BlockInvalid { problem, .. }) => problem,
        other => panic!("refused as a block was expected, not {other:?}"),
    }
}

/// A row of a flat table.
#[derive(Debug, Clone, Default)]
struct Row {
    id: String,
    email: Option<String>,
    phone: Option<String>,
    given_name: Option<String>,
    full_name: Option<String>,
    latitude: Option<f64>,
    city: Option<String>,
    age: Option<f64>,
    vip: Option<bool>,
    born: Option<i32>,
    seen: Option<i64>,
    level: Option<String>,
    likes: Option<Vec<String>>,
    state: Option<usize>,
    club_city: Option<String>,
    tag: Option<bool>,
    topic: Option<bool>,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = || option::of(select(vec!["", "Malmö", "Oslo", "\0"]).prop_map(str::to_owned));
    let email = option::of(select(vec!["", "a@b.se", "å@ä.ö", "a@"]).prop_map(str::to_owned));
    let phone = option::of(
        select(vec!["", "+46701234567", "+46 701 23-45", "070"]).prop_map(str::to_owned),
    );
    let level = || select(vec!["red", "Green", "BLÅ", "Pink"]).prop_map(str::to_owned);
    let id = (0..30_u8).prop_map(|n| format!("p{n}"));
    let who = (id, email, phone, text(), text(), option::of(-100.0..100.0));
    let fields = (
        text(),
        option::of(any::<f64>()),
        option::of(any::<bool>()),
        option::of(prop_oneof![9 => -1_000..1_000, 1 => any::<i32>()]),
        option::of(prop_oneof![9 => -1_000..1_000_i64, 1 => any::<i64>()]),
        option::of(level()),
        option::of(vec(level(), 0..3)),
    );
    let places = (option::of(0..6_usize), text());
    let marks = any::<(Option<bool>, Option<bool>)>();
    let row = (who, fields, places, marks).prop_map(|(who, fields, places, (tag, topic))| {
        let (state, club_city) = places;
        let (id, email, phone, given_name, full_name, latitude) = who;
        let (city, age, vip, born, seen, level, likes) = fields;
        Row {
            id,
            email,
            phone,
            given_name,
            full_name,
            latitude,
            city,
            age,
            vip,
            born,
            seen,
            level,
            likes,
            state,
            club_city,
            tag,
            topic,
        }
    });
    vec(row, 0..20)
}

/// The rows as a table, text in one of several layouts.
fn table(rows: &[Row], layout: usize) -> RecordBatch {
    let text = |get: fn(&Row) -> Option<&str>| -> ArrayRef {
        let texts = rows.iter().map(get);
        match layout {
            0 => Arc::new(texts.collect::<StringArray>()),
            1 => Arc::new(texts.collect::<LargeStringArray>()),
            2 => Arc::new(texts.collect::<StringViewArray>()),
            _ => Arc::new(texts.collect::<DictionaryArray<Int8Type>>()),
        }
    };
    let mut likes = ListBuilder::new(StringBuilder::new());
    for row in rows {
        likes.append_option(row.likes.as_ref().map(|likes| likes.iter().map(Some)));
    }
    let states = segue_kernel::schema::MEMBERSHIP_STATES;
    let seen = rows
        .iter()
        .map(|row| row.seen)
        .collect::<TimestampMillisecondArray>();
    batch_of(vec![
        ("profile_id", text(|row| Some(&row.id))),
        ("email", text(|row| row.email.as_deref())),
        ("phone", text(|row| row.phone.as_deref())),
        ("given_name", text(|row| row.given_name.as_deref())),
        ("full_name", text(|row| row.full_name.as_deref())),
        (
            "latitude",
            Arc::new(
                rows.iter()
                    .map(|row| row.latitude)
                    .collect::<Float64Array>(),
            ),
        ),
        ("City", text(|row| row.city.as_deref())),
        (
            "age",
            Arc::new(rows.iter().map(|row| row.age).collect::<Float64Array>()),
        ),
        (
            "Vip",
            Arc::new(rows.iter().map(|row| row.vip).collect::<BooleanArray>()),
        ),
        (
            "Born",
            Arc::new(rows.iter().map(|row| row.born).collect::<Date32Array>()),
        ),
        ("Seen", Arc::new(seen.with_timezone("Europe/Stockholm"))),
        ("Level", text(|row| row.level.as_deref())),
        ("Likes", Arc::new(likes.finish())),
        (
            "state",
            Arc::new(
                rows.iter()
                    .map(|row| row.state.map(|s| states[s]))
                    .collect::<StringArray>(),
            ),
        ),
        ("club/City", text(|row| row.club_city.as_deref())),
        ("created_at", Arc::new(NullArray::new(rows.len()))),
        (
            "tag:vip",
            Arc::new(rows.iter().map(|row| row.tag).collect::<BooleanArray>()),
        ),
        (
            "topic:sport",
            text(|row| row.topic.map(|topic| if topic { "Yes" } else { "0" })),
        ),
    ])
}

fn topic_state(is_subscribed: bool) -> TopicState {
    TopicState {
        topic: "sport".to_owned(),
        state: if is_subscribed { 1 } else { 2 },
    }
}

/// The rows as profiles: bare keys are fields of `newsletter`.
fn profiles(rows: &[Row]) -> ProfileBatch {
    let text = |text: &String| Value::Text(text.clone());
    let profile = |row: &Row| {
        let likes = |likes: &Vec<String>| {
            Value::Options(OptionList {
                options: likes.clone(),
            })
        };
        let fields = [
            ("City", row.city.as_ref().map(text)),
            ("Age", row.age.map(Value::Number)),
            ("Vip", row.vip.map(Value::Boolean)),
            ("Born", row.born.map(Value::DateDays)),
            ("Seen", row.seen.map(Value::DateTimeMillis)),
            ("Level", row.level.as_ref().map(text)),
            ("Likes", row.likes.as_ref().map(likes)),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(key, given)| Some(value(key, given?)))
            .collect();
        let state = row
            .state
            .map_or(0, |state| i32::try_from(state).unwrap() + 1);
        let mut memberships = vec![Membership {
            state,
            ..member("newsletter", fields)
        }];
        memberships.extend(
            row.club_city
                .as_ref()
                .map(|city| member("club", vec![value("City", text(city))])),
        );
        Profile {
            profile_id: row.id.clone(),
            emails: row.email.iter().map(|email| plain(email)).collect(),
            phones: row.phone.iter().map(|phone| plain(phone)).collect(),
            name: Some(PersonName {
                given_name: row.given_name.clone(),
                full_name: row.full_name.clone(),
                ..PersonName::default()
            }),
            latitude: row.latitude,
            memberships,
            tags: vec!["vip".to_owned(); usize::from(row.tag == Some(true))],
            removed_tags: vec!["vip".to_owned(); usize::from(row.tag == Some(false))],
            topics: row.topic.iter().map(|&topic| topic_state(topic)).collect(),
            ..Profile::default()
        }
    };
    ProfileBatch {
        field_keys: Vec::new(),
        profiles: rows.iter().map(profile).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn streams_and_profiles_of_the_same_rows_are_the_same_batch(rows in rows(), layout in 0..4_usize, cut: prop::sample::Index) {
        let options = DecodeOptions { list: Some("newsletter"), ..DecodeOptions::default() };
        let table = table(&rows, layout);
        let cut = cut.index(rows.len() + 1);
        let data = stream(&[table.slice(0, cut), table.slice(cut, rows.len() - cut)]);
        let mut flat = read_with(&data, &options).unwrap();
        let block = prost::Message::encode_to_vec(&profiles(&rows));
        let mut nested = decode(&schema(), BlockFormat::ProfileBatch, &block, &options).unwrap();
        let reasons = |batch: &Batch| {
            let mut reasons: Vec<_> =
                batch.exceptions.iter().map(|e| (e.record_number, e.profile_id.clone(), e.reason as u8)).collect();
            reasons.sort_unstable();
            reasons
        };
        prop_assert_eq!(reasons(&flat), reasons(&nested));
        flat.exceptions.clear();
        nested.exceptions.clear();
        prop_assert_eq!(flat, nested);
    }

    #[test]
    fn changed_bytes_are_read_or_refused(
        rows in rows(),
        layout in 0..4_usize,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut data = stream(&[table(&rows, layout)]);
        for (place, byte) in changes {
            *place.get_mut(&mut data) = byte;
        }
        let _ = read_with(&data, &DecodeOptions { list: Some("newsletter"), ..DecodeOptions::default() });
    }

    #[test]
    fn a_stream_cut_short_is_refused(rows in rows(), cut: prop::sample::Index) {
        let data = stream(&[table(&rows, 0)]);
        let length = cut.index(data.len());
        let cut_short = read_with(&data[..length], &DecodeOptions { list: Some("newsletter"), ..DecodeOptions::default() });
        prop_assert!(cut_short.is_err());
    }

    #[test]
    fn any_bytes_are_refused(data: Vec<u8>) {
        prop_assert!(read_with(&data, &DecodeOptions::default()).is_err());
    }
}

#[test]
fn numbers_and_times_of_every_width_are_taken() {
    let nanos = PrimitiveArray::<TimestampNanosecondType>::from(vec![Some(-1), None]);
    let batch = read(vec![
        ("profile_id", some_ids(2)),
        ("Age", Arc::new(UInt8Array::from(vec![None, Some(7)]))),
        (
            "newsletter/Age",
            Arc::new(Float32Array::from(vec![Some(0.5), None])),
        ),
        (
            "Born",
            Arc::new(Date64Array::from(vec![Some(86_400_000), None])),
        ),
        (
            "newsletter/Born",
            Arc::new(TimestampSecondArray::from(vec![Some(86_400), None])),
        ),
        ("Seen", Arc::new(nanos)),
        (
            "newsletter/Seen",
            Arc::new(Date32Array::from(vec![None, Some(1)])),
        ),
        (
            "club/Seen",
            Arc::new(TimestampSecondArray::from(vec![Some(1), Some(i64::MAX)])),
        ),
    ])
    .unwrap();
    assert_eq!(problems(&batch), [(2, "club/Seen", R::DateInvalid)]);
    let values: Vec<_> = batch
        .columns
        .iter()
        .map(|column| column.values.clone())
        .collect();
    assert_eq!(
        values,
        [
            BatchValues::Date(vec![1]),
            BatchValues::DateTime(vec![-1]),
            BatchValues::Number(vec![0.5]),
            BatchValues::Date(vec![1]),
            BatchValues::DateTime(vec![1_000]),
        ]
    );
}

#[test]
fn integers_and_truth_values_are_read_as_text_where_text_is_wanted() {
    let batch = read(vec![
        (
            "profile_id",
            Arc::new(Int64Array::from(vec![-1, 1_000_000])),
        ),
        ("City", Arc::new(Int64Array::from(vec![Some(21_120), None]))),
        ("Vip", Arc::new(UInt8Array::from(vec![1, 2]))),
        ("country", Arc::new(BooleanArray::from(vec![true, false]))),
    ])
    .unwrap();
    assert_eq!(problems(&batch), [(2, "Vip", R::TypeMismatch)]);
    assert_eq!(batch.exceptions[0].profile_id, "1000000");
    assert_eq!(
        (ids(&batch), texts(&batch, ACCOUNT_FIELDS)),
        (vec!["-1".to_owned()], vec!["21120".to_owned()])
    );
    assert_eq!(texts(&batch, builtin::COUNTRY), ["true"]);
}

#[test]
fn bare_names_mean_the_list_of_the_import_first() {
    let data = stream(&[batch_of(vec![
        ("profile_id", some_ids(2)),
        ("City", strings(&[Some("Oslo"), None])),
        ("consent_to_track", strings(&[None, Some("NO")])),
        ("club/joined_at", strings(&[None, Some("1970-01-02")])),
    ])]);
    let options = DecodeOptions {
        list: Some("newsletter"),
        ..DecodeOptions::default()
    };
    let batch = read_with(&data, &options).unwrap();
    assert_eq!(texts(&batch, NEWSLETTER_FIELDS), ["Oslo"]);
    assert_eq!(
        column(&batch, NEWSLETTER + 3).unwrap().values,
        BatchValues::MultiSelectOne(vec![1])
    );
    let members: Vec<_> = batch
        .members
        .iter()
        .map(|m| (&*m.list.id, &*m.rows))
        .collect();
    assert_eq!(members, [("newsletter", &[0, 1][..]), ("club", &[1][..])]);
    let problem = problem_of(read_with(&data, &DecodeOptions::default()));
    assert!(
        problem.contains("consent_to_track") && !problem.contains("City"),
        "{problem}"
    );
    let ignored = DecodeOptions {
        ignore_unknown_fields: true,
        ..DecodeOptions::default()
    };
    assert_eq!(
        texts(&read_with(&data, &ignored).unwrap(), ACCOUNT_FIELDS),
        ["Oslo"]
    );
}

#[test]
fn columns_at_fault_are_named_all_at_once() {
    let problem = problem_of(read(vec![
        ("Shoe", strings(&[None])),
        ("club/Shoe", strings(&[None])),
        ("Born", Arc::new(Float64Array::from(vec![1.0]))),
        ("emails", strings(&[None])),
        ("CITY", strings(&[None])),
        ("city", strings(&[None])),
    ]));
    for part in [
        "profile_id",
        "\"Shoe\"",
        "club/Shoe",
        "Born",
        "Float64",
        "emails",
        "city",
    ] {
        assert!(problem.contains(part), "{part}: {problem}");
    }
}

/// Lists of one identifier each, of a type and a value.
fn nested(identifiers: &[Option<(&str, &str)>]) -> ArrayRef {
    let given = || identifiers.iter().flatten();
    let kinds = given()
        .map(|(kind, _)| Some(*kind))
        .collect::<StringArray>();
    let values = given()
        .map(|(_, value)| Some(*value))
        .collect::<StringArray>();
    let member = |name, array: StringArray| {
        (
            Arc::new(Field::new(name, DataType::Utf8, true)),
            Arc::new(array) as ArrayRef,
        )
    };
    let structs = StructArray::from(vec![member("type", kinds), member("value", values)]);
    let lengths = identifiers
        .iter()
        .map(|identifier| usize::from(identifier.is_some()));
    let item = Arc::new(Field::new("item", structs.data_type().clone(), true));
    Arc::new(ListArray::new(
        item,
        OffsetBuffer::from_lengths(lengths),
        Arc::new(structs),
        None,
    ))
}

#[test]
fn nested_identifiers_stand_beside_the_flat_one_or_are_it() {
    let batch = read(vec![
        ("profile_id", some_ids(4)),
        (
            "email",
            strings(&[Some("a@b.se"), Some("a@b.se"), None, Some("x")]),
        ),
        (
            "emails",
            nested(&[
                Some(("", "a@b.se")),
                Some(("work", "c@d.se")),
                Some(("work", "")),
                Some(("", "c@d.se")),
            ]),
        ),
    ])
    .unwrap();
    assert_eq!(problems(&batch), [(4, "email", R::EmailInvalid)]);
    let emails = &batch.identifiers[0];
    assert_eq!(emails.plain_rows, [0]);
    let typed: Vec<Vec<_>> = emails
        .typed
        .iter()
        .map(|(_, given)| {
            given
                .iter()
                .map(|identifier| (&*identifier.kind, &*identifier.value))
                .collect()
        })
        .collect();
    assert_eq!(
        typed,
        [vec![("", "a@b.se"), ("work", "c@d.se")], vec![("work", "")]]
    );
}

#[test]
fn rows_without_bytes_are_refused_before_they_are_counted_out() {
    let nulls = batch_of(vec![(
        "profile_id",
        Arc::new(NullArray::new(1_000_000)) as ArrayRef,
    )]);
    let problem = problem_of(read_with(&stream(&[nulls]), &DecodeOptions::default()));
    assert!(problem.contains("more rows"), "{problem}");
}

#[test]
fn absent_columns_and_nulls_keep_and_empty_text_clears() {
    let batch = read(vec![
        ("profile_id", some_ids(2)),
        ("City", strings(&[Some(""), None])),
        ("Age", Arc::new(NullArray::new(2))),
        ("given_name", strings(&[None, Some("")])),
        (
            "longitude",
            Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(12.5)])),
        ),
    ])
    .unwrap();
    assert_eq!(problems(&batch), []);
    let columns: Vec<_> = batch
        .columns
        .iter()
        .map(|c| (c.column, &*c.rows, &*c.cleared))
        .collect();
    assert_eq!(
        columns,
        [
            (builtin::GIVEN_NAME, &[][..], &[1][..]),
            (builtin::LONGITUDE, &[1], &[0]),
            (ACCOUNT_FIELDS, &[], &[0]),
        ]
    );
    assert_eq!(batch.compose_name, [1]);
}

#[test]
fn dictionaries_without_values_and_empty_streams_are_read() {
    let none = StringArray::from(Vec::<&str>::new());
    let keys =
        PrimitiveArray::<Int8Type>::new(ScalarBuffer::from(vec![0]), Some(vec![false].into()));
    let dictionary = DictionaryArray::new(keys, Arc::new(none));
    let batch = read(vec![
        ("profile_id", some_ids(1)),
        ("City", Arc::new(dictionary)),
    ])
    .unwrap();
    assert_eq!((problems(&batch), batch.columns.len()), (Vec::new(), 0));
    assert_eq!(
        read(vec![("profile_id", some_ids(0))]).unwrap(),
        Batch::default()
    );
}

#[test]
fn marks_are_columns_of_truth_values() {
    let batch = read(vec![
        ("profile_id", some_ids(4)),
        (
            "tag:vip",
            strings(&[Some("true"), Some("no"), Some(""), None]),
        ),
        (
            "topic:sport",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                Some(false),
                None,
                None,
            ])),
        ),
        (
            "consent:mail",
            strings(&[Some("1"), Some("0"), Some(""), None]),
        ),
    ])
    .unwrap();
    let states = |position: ColumnId| {
        let column = column(&batch, MARK_COLUMNS + position).unwrap();
        let BatchValues::Boolean(values) = &column.values else {
            panic!("truth values")
        };
        (&*column.rows, &**values, &*column.cleared)
    };
    assert_eq!(problems(&batch), []);
    assert_eq!(states(0), (&[0][..], &[true][..], &[1, 2][..]));
    assert_eq!(states(1), (&[0, 1][..], &[true, false][..], &[][..]));
    assert_eq!(states(5), (&[0, 1][..], &[true, false][..], &[2][..]));
}

#[test]
fn a_mark_goes_before_a_field_of_its_name_and_unknown_ones_are_no_columns() {
    let truth = || -> ArrayRef { Arc::new(BooleanArray::from(vec![true])) };
    let batch = read(vec![
        ("profile_id", some_ids(1)),
        ("tag:vip", truth()),
        ("/tag:vip", truth()),
        ("club/tag:vip", truth()),
    ])
    .unwrap();
    let columns: Vec<_> = batch.columns.iter().map(|column| column.column).collect();
    assert!(columns.contains(&MARK_COLUMNS) && columns.contains(&(ACCOUNT_FIELDS + 7)));
    let problem = problem_of(read(vec![
        ("profile_id", some_ids(1)),
        ("tag:Vip", truth()),
        ("tag:sport", truth()),
        ("topic:", truth()),
        ("consents:sms", truth()),
        ("consent:sms", Arc::new(Float64Array::from(vec![1.0]))),
    ]));
    for name in ["tag:sport", "topic:", "consents:sms", "consent:sms"] {
        assert!(problem.contains(&format!("{name:?}")), "{problem}");
    }
}
