//! Parquet files become the same batches as Arrow streams of the same columns, and hostile ones are refused before they cost anything.

#![expect(clippy::unwrap_used)]

mod shop;

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int8Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array,
    ListArray, NullArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use proptest::prelude::*;
use segue_kernel::batch::{Batch, RecordReason as R};
use segue_kernel::error::{KernelError, Result};
use segue_kernel::wire::{BlockFormat, DecodeOptions, SizeLimits, decode};
use shop::{ACCOUNT_FIELDS, ids, problems, schema, texts};

fn file_with(batch: &RecordBatch, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut file, batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    file
}

fn file(batch: &RecordBatch) -> Vec<u8> {
    file_with(batch, WriterProperties::builder())
}

fn batch_of(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn read_with(data: &[u8], options: &DecodeOptions) -> Result<Batch> {
    decode(&schema(), BlockFormat::Parquet, data, options)
}

fn read(data: &[u8]) -> Result<Batch> {
    read_with(data, &DecodeOptions::default())
}

fn problem_of(result: Result<Batch>) -> String {
    match result {
        Err(KernelError::BlockInvalid { problem, .. }) => problem,
        other => panic!("refused as a block was expected, not {other:?}"),
    }
}

fn is_too_large(result: &Result<Batch>) -> bool {
    matches!(result, Err(KernelError::BlockTooLarge { .. }))
}

fn text_column(n_rows: usize, text: impl Fn(usize) -> Option<String>) -> ArrayRef {
    Arc::new((0..n_rows).map(text).collect::<StringArray>())
}

fn some_ids(n_rows: usize) -> ArrayRef {
    text_column(n_rows, |row| Some(format!("p{row}")))
}

/// Lists of one identifier of a type each, in every second row.
fn identifiers(n_rows: usize) -> ArrayRef {
    let kinds = text_column(n_rows, |row| Some(format!("kind {}", row % 3)));
    let values = text_column(n_rows, |row| Some(format!("name{row}@example.com")));
    let members = [("type", kinds), ("value", values)]
        .map(|(name, array)| (Arc::new(Field::new(name, DataType::Utf8, true)), array));
    let structs = StructArray::from(members.to_vec());
    let item = Field::new("item", structs.data_type().clone(), true);
    let offsets = OffsetBuffer::from_lengths(vec![1; n_rows]);
    let nulls = (0..n_rows).map(|row| row % 2 == 0).collect();
    Arc::new(ListArray::new(
        Arc::new(item),
        offsets,
        Arc::new(structs),
        Some(nulls),
    ))
}

/// A column of every kind that files have.
fn table(n_rows: usize) -> RecordBatch {
    let number = |row: usize| i32::try_from(row).unwrap();
    let mut likes = ListBuilder::new(StringBuilder::new());
    for row in 0..n_rows {
        let names = [Some("Red"), Some("Blå")];
        likes.append_option((row % 3 > 0).then(|| names.into_iter().take(row % 3)));
    }
    let levels = (0..n_rows).map(|row| (row % 5 > 0).then_some(["Red", "green"][row % 2]));
    batch_of(vec![
        ("profile_id", some_ids(n_rows)),
        ("emails", identifiers(n_rows)),
        (
            "phone",
            Arc::new(
                (0..n_rows)
                    .map(|row| Some(46_701_234_567 + i64::from(number(row))))
                    .collect::<Int64Array>(),
            ),
        ),
        (
            "City",
            text_column(n_rows, |row| {
                (row % 4 > 0).then(|| format!("city of {} and more", row % 7))
            }),
        ),
        (
            "Age",
            Arc::new(
                (0..n_rows)
                    .map(|row| (row % 7 > 0).then(|| f64::from(number(row)) / 3.0))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "Vip",
            Arc::new(
                (0..n_rows)
                    .map(|row| Some(row % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "Born",
            Arc::new(
                (0..n_rows)
                    .map(|row| Some(number(row)))
                    .collect::<Date32Array>(),
            ),
        ),
        (
            "Seen",
            Arc::new(
                (0..n_rows)
                    .map(|row| Some(i64::from(number(row)) * 1_000))
                    .collect::<TimestampMicrosecondArray>(),
            ),
        ),
        (
            "Level",
            Arc::new(levels.collect::<DictionaryArray<Int8Type>>()),
        ),
        ("Likes", Arc::new(likes.finish())),
        ("country", Arc::new(NullArray::new(n_rows))),
        (
            "removed",
            Arc::new(
                (0..n_rows)
                    .map(|row| Some(row == 1))
                    .collect::<BooleanArray>(),
            ),
        ),
    ])
}

fn streamed(batch: &RecordBatch) -> Batch {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    let data = writer.into_inner().unwrap();
    decode(
        &schema(),
        BlockFormat::ArrowIpc,
        &data,
        &DecodeOptions::default(),
    )
    .unwrap()
}

#[test]
fn a_file_says_what_a_stream_of_its_columns_says() {
    let codecs = [
        Codec::UNCOMPRESSED,
        Codec::SNAPPY,
        Codec::GZIP(GzipLevel::default()),
        Codec::ZSTD(ZstdLevel::default()),
        Codec::LZ4_RAW,
    ];
    for n_rows in [0, 1, 20_000] {
        let batch = table(n_rows);
        let expected = streamed(&batch);
        for codec in codecs {
            for (version, has_dictionary) in [
                (WriterVersion::PARQUET_1_0, true),
                (WriterVersion::PARQUET_2_0, true),
                (WriterVersion::PARQUET_1_0, false),
            ] {
                let properties = WriterProperties::builder()
                    .set_compression(codec)
                    .set_writer_version(version)
                    .set_dictionary_enabled(has_dictionary)
                    .set_max_row_group_row_count(Some(7_000));
                let read = read(&file_with(&batch, properties)).unwrap();
                assert!(read == expected, "{n_rows} rows, {codec:?}, {version:?}");
            }
        }
        let removals = usize::from(n_rows > 1);
        let problems = problems(&expected);
        assert_eq!(
            problems
                .iter()
                .filter(|it| it.2 == R::RecordInvalid)
                .count(),
            removals
        );
    }
}

#[test]
fn nested_columns_are_refused_by_name_unless_they_are_passed_over() {
    let nested = |array: ArrayRef| {
        batch_of(vec![
            ("profile_id", some_ids(2)),
            ("City", text_column(2, |_| Some("Lund".to_owned()))),
            ("Shoe", array.clone()),
            ("region", array),
        ])
    };
    let address = StructArray::from(vec![(
        Arc::new(Field::new("street", DataType::Utf8, true)),
        text_column(2, |_| None),
    )]);
    let data = file(&nested(Arc::new(address)));
    let problem = problem_of(read(&data));
    for part in [
        "\"Shoe\"",
        "\"region\"",
        "Struct",
        "convert it, or leave it out",
    ] {
        assert!(problem.contains(part), "{part}: {problem}");
    }
    let ignored = DecodeOptions {
        ignore_unknown_fields: true,
        ..DecodeOptions::default()
    };
    let without = nested(identifiers(2)).project(&[0, 1, 2]).unwrap();
    let batch = read_with(&file(&without), &ignored).unwrap();
    assert_eq!(
        (ids(&batch).len(), texts(&batch, ACCOUNT_FIELDS).len()),
        (2, 2)
    );
}

#[test]
fn what_is_no_whole_file_of_a_kind_that_is_read_is_refused_with_a_remedy() {
    let batch = table(50);
    let with =
        |properties: WriterPropertiesBuilder| problem_of(read(&file_with(&batch, properties)));
    let deltas = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_column_encoding("City".into(), Encoding::DELTA_BYTE_ARRAY);
    assert!(with(deltas).contains("\"City\""));
    let data = file(&batch);
    for (data, part) in [
        (&b""[..], "whole file"),
        (b"PAR1PAR1", "whole file"),
        (&data[..data.len() - 1], "whole file"),
        (&data[1..], "whole file"),
        (b"PAR1\0\0\0\0PARE", "encrypted"),
        (b"PAR1\xff\xff\xff\x00PAR1", "16777215 bytes"),
        (b"PAR1\x09\0\0\0PAR1", "longer than the file"),
        (b"PAR1\0\0\0\0PAR1", "damaged"),
    ] {
        let problem = problem_of(read(data));
        assert!(problem.contains(part), "{part}: {problem}");
    }
}

/// A file of nothing but a schema: groups, each the only one of that before it, that claim some children.
fn nested_file(depth: usize, children: u32) -> Vec<u8> {
    let varint = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(u8::try_from(number & 0x7F).unwrap() | 0x80);
            number >>= 7;
        }
        bytes.push(u8::try_from(number).unwrap());
        bytes
    };
    // Version 1, a list of structs, each a name and a count of children.
    let mut footer = vec![0x15, 0x02, 0x19, 0xFC];
    footer.extend(varint(depth));
    for _ in 0..depth {
        footer.extend([0x48, 1, b'a', 0x15]);
        footer.extend(varint(2 * children as usize));
        footer.push(0);
    }
    footer.extend([0x16, 0, 0x19, 0x0C, 0]);
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [b"PAR1", &footer[..], &length, b"PAR1"].concat()
}

#[test]
fn a_schema_as_deep_as_its_footer_or_wider_than_it_is_refused() {
    for (depth, children) in [(100_000, 1), (65, 1), (3, 1_000_000_000), (200, 199)] {
        assert!(problem_of(read(&nested_file(depth, children))).contains("nested too deep"));
    }
}

#[test]
fn texts_that_a_dictionary_repeats_are_refused_before_they_are_stored() {
    let n_rows = 50_000;
    let long = text_column(n_rows, |_| Some("x".repeat(9_000)));
    let data = file(&batch_of(vec![
        ("profile_id", some_ids(n_rows)),
        ("City", long),
    ]));
    assert!(data.len() < 1 << 20);
    assert!(is_too_large(&read(&data)));
}

#[test]
fn rows_and_pages_beyond_the_limits_are_refused_before_they_are_read() {
    let n_rows = 100_000;
    let equal = text_column(n_rows, |_| Some("p".to_owned()));
    let data = file(&batch_of(vec![("profile_id", equal)]));
    assert!(is_too_large(&read(&data)));
    let zeros = text_column(40, |_| Some("\0".repeat(9_000)));
    for codec in [
        Codec::GZIP(GzipLevel::default()),
        Codec::ZSTD(ZstdLevel::default()),
    ] {
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_compression(codec);
        let batch = batch_of(vec![("profile_id", some_ids(40)), ("City", zeros.clone())]);
        let data = file_with(&batch, properties);
        assert!(is_too_large(&read(&data)));
        let limits = SizeLimits {
            max_ratio: 1_000,
            ..SizeLimits::default()
        };
        let options = DecodeOptions {
            limits,
            ..DecodeOptions::default()
        };
        assert_eq!(read_with(&data, &options).unwrap().record_count, 40);
    }
}

fn any_codec() -> impl Strategy<Value = Codec> {
    prop_oneof![
        Just(Codec::UNCOMPRESSED),
        Just(Codec::SNAPPY),
        Just(Codec::GZIP(GzipLevel::default())),
        Just(Codec::ZSTD(ZstdLevel::default())),
        Just(Codec::LZ4_RAW),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_file_is_read_or_refused(
        codec in any_codec(),
        is_second: bool,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 0..4),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let version = if is_second { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_writer_version(version)
            .set_dictionary_enabled(!is_second);
        let mut data = file_with(&table(30), properties);
        for (at, bit) in flips {
            let at = at.index(data.len());
            data[at] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            data.drain(cut.index(data.len())..);
        }
        let _ = read(&data);
    }
}
