//! Decoding blocks: rows a second, for profiles of 15 fields (seven of their own, eight of a list) and for small ones (id, e-mail, one number).

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, RecordBatch, StringArray,
    TimestampMillisecondArray, types::Int8Type,
};
use arrow_ipc::writer::StreamWriter;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression as Codec;
use parquet::file::properties::WriterProperties;
use segue_kernel::schema::Schema;
use segue_kernel::wire::fields::{
    field_value, identifier, membership, person_name, profile, profile_batch,
};
use segue_kernel::wire::protobuf::{put_bytes, put_double, put_int64, put_sint32, put_uint};
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode};

const SCHEMA: &str = r#"{
    "lists": [{"id": "newsletter", "column": 64}],
    "fields": [
        {"column": 72, "list": "newsletter", "key": "City", "type": "text"},
        {"column": 73, "list": "newsletter", "key": "Note", "type": "text"},
        {"column": 74, "list": "newsletter", "key": "Age", "type": "number"},
        {"column": 75, "list": "newsletter", "key": "Points", "type": "number"},
        {"column": 76, "list": "newsletter", "key": "Vip", "type": "boolean"},
        {"column": 77, "list": "newsletter", "key": "Born", "type": "date"},
        {"column": 78, "list": "newsletter", "key": "Seen", "type": "date_time"},
        {"column": 79, "list": "newsletter", "key": "Level", "type": "multi_select_one", "options": ["Red", "Green", "Blue"]}
    ]
}"#;

const KEYS: [&str; 8] = [
    "City", "Note", "Age", "Points", "Vip", "Born", "Seen", "Level",
];
const CITIES: [&str; 5] = ["Stockholm", "Göteborg", "Malmö", "Lund", "Umeå"];
const LEVELS: [&str; 3] = ["Red", "Green", "Blue"];

/// Rows of a block of about 1 MiB.
const ROWS: i32 = 5_000;

fn main() {
    divan::main();
}

fn schema() -> Schema {
    Schema::from_json(SCHEMA.as_bytes()).expect("the schema is valid")
}

fn email(row: i32) -> String {
    format!("name{row}@example{}.com", row % 5)
}

fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

fn pick(names: &[&'static str], row: i32) -> &'static str {
    names[usize::try_from(row).expect("rows are not negative") % names.len()]
}

/// Field values, with their keys counted or spelled out.
fn put_values(out: &mut Vec<u8>, row: i32, is_counted: bool) {
    for (index, key) in (1..).zip(KEYS) {
        let field = message(|out| {
            if is_counted {
                put_uint(out, field_value::KEY_INDEX, index);
            } else {
                put_bytes(out, field_value::KEY, key.as_bytes());
            }
            put_value(out, key, row);
        });
        put_bytes(out, membership::FIELDS, &field);
    }
}

fn put_value(out: &mut Vec<u8>, key: &str, row: i32) {
    match key {
        "City" => put_bytes(out, field_value::TEXT, pick(&CITIES, row).as_bytes()),
        "Note" => put_bytes(
            out,
            field_value::TEXT,
            format!("bought {row} times").as_bytes(),
        ),
        "Age" => put_double(out, field_value::NUMBER, f64::from(row % 90)),
        "Points" => put_double(out, field_value::NUMBER, f64::from(row) / 3.0),
        "Vip" => put_uint(out, field_value::BOOLEAN, u64::from(row % 3 == 0)),
        "Born" => put_sint32(out, field_value::DATE_DAYS, row % 20_000),
        "Seen" => put_int64(
            out,
            field_value::DATE_TIME_MILLIS,
            1_700_000_000_000 + i64::from(row),
        ),
        _ => put_bytes(out, field_value::TEXT, pick(&LEVELS, row).as_bytes()),
    }
}

fn put_identifier(out: &mut Vec<u8>, field: u32, value: &str) {
    put_bytes(
        out,
        field,
        &message(|out| put_bytes(out, identifier::VALUE, value.as_bytes())),
    );
}

fn full_profile(row: i32, is_counted: bool) -> Vec<u8> {
    message(|out| {
        put_bytes(out, profile::PROFILE_ID, format!("p{row:09}").as_bytes());
        put_identifier(out, profile::EMAILS, &email(row));
        put_identifier(out, profile::PHONES, &format!("+4670{row:07}"));
        let name = message(|out| {
            put_bytes(out, person_name::GIVEN_NAME, b"Annika");
            put_bytes(
                out,
                person_name::FAMILY_NAME,
                format!("Larsson{}", row % 100).as_bytes(),
            );
        });
        put_bytes(out, profile::NAME, &name);
        put_bytes(out, profile::LOCALE, b"sv-SE");
        put_bytes(out, profile::COUNTRY, b"Sweden");
        let list = message(|out| {
            put_bytes(out, membership::LIST, b"newsletter");
            put_values(out, row, is_counted);
        });
        put_bytes(out, profile::MEMBERSHIPS, &list);
    })
}

fn small_profile(row: i32) -> Vec<u8> {
    message(|out| {
        put_bytes(out, profile::PROFILE_ID, format!("p{row:09}").as_bytes());
        put_identifier(out, profile::EMAILS, &email(row));
        put_double(out, profile::LATITUDE, f64::from(row % 90));
    })
}

fn block(record: impl Fn(i32) -> Vec<u8>) -> Vec<u8> {
    message(|out| {
        for key in KEYS {
            put_bytes(out, profile_batch::FIELD_KEYS, key.as_bytes());
        }
        for row in 0..ROWS {
            put_bytes(out, profile_batch::PROFILES, &record(row));
        }
    })
}

/// The value of a field as exports write it.
fn json_value(key: &str, row: i32) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    match key {
        "City" => quoted(pick(&CITIES, row)),
        "Note" => quoted(&format!("bought {row} times")),
        "Age" => (row % 90).to_string(),
        "Points" => (f64::from(row) / 3.0).to_string(),
        "Vip" => (row % 3 == 0).to_string(),
        "Born" => quoted(&format!("19{:02}-{:02}-28", row % 100, row % 12 + 1)),
        "Seen" => quoted(&format!(
            "2024-03-{:02}T12:{:02}:00.123Z",
            row % 31 + 1,
            row % 60
        )),
        _ => quoted(pick(&LEVELS, row)),
    }
}

/// Lines of profiles of 15 fields; a space, if any, follows each colon and comma.
fn full_lines(space: &str) -> Vec<u8> {
    let line = |row: i32| {
        let values = KEYS.map(|key| format!("\"{key}\":{space}{}", json_value(key, row)));
        let members = [
            format!("\"profile_id\":{space}\"p{row:09}\""),
            format!(
                "\"emails\":{space}[{{\"value\":{space}\"{}\"}}]",
                email(row)
            ),
            format!("\"phones\":{space}[{{\"value\":{space}\"+4670{row:07}\"}}]"),
            format!(
                "\"name\":{space}{{\"given_name\":{space}\"Annika\",{space}\"family_name\":{space}\"Larsson{}\"}}",
                row % 100
            ),
            format!("\"locale\":{space}\"sv-SE\""),
            format!("\"country\":{space}\"Sweden\""),
            format!(
                "\"memberships\":{space}{{\"newsletter\":{space}{{\"fields\":{space}{{{}}}}}}}",
                values.join(&format!(",{space}"))
            ),
        ];
        format!("{{{}}}\n", members.join(&format!(",{space}")))
    };
    (0..ROWS).map(line).collect::<String>().into_bytes()
}

fn small_lines() -> Vec<u8> {
    let line = |row: i32| {
        let (email, degrees) = (email(row), row % 90);
        format!(
            "{{\"profile_id\":\"p{row:09}\",\"emails\":[{{\"value\":\"{email}\"}}],\"latitude\":{degrees}}}\n"
        )
    };
    (0..ROWS).map(line).collect::<String>().into_bytes()
}

fn table() -> RecordBatch {
    let text = |value: &dyn Fn(i32) -> String| -> ArrayRef {
        Arc::new(
            (0..ROWS)
                .map(|row| Some(value(row)))
                .collect::<StringArray>(),
        )
    };
    let few = |value: &dyn Fn(i32) -> &'static str| -> ArrayRef {
        Arc::new(
            (0..ROWS)
                .map(|row| Some(value(row)))
                .collect::<DictionaryArray<Int8Type>>(),
        )
    };
    let columns: [(&str, ArrayRef); 14] = [
        ("profile_id", text(&|row| format!("p{row:09}"))),
        ("email", text(&email)),
        ("phone", text(&|row| format!("+4670{row:07}"))),
        ("given_name", text(&|_| "Annika".to_owned())),
        ("family_name", text(&|row| format!("Larsson{}", row % 100))),
        ("locale", few(&|_| "sv-SE")),
        ("country", few(&|_| "Sweden")),
        ("City", few(&|row| pick(&CITIES, row))),
        ("Note", text(&|row| format!("bought {row} times"))),
        (
            "Age",
            Arc::new(
                (0..ROWS)
                    .map(|row| Some(f64::from(row % 90)))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "Vip",
            Arc::new(
                (0..ROWS)
                    .map(|row| Some(row % 3 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "Born",
            Arc::new((0..ROWS).map(Some).collect::<Date32Array>()),
        ),
        (
            "Seen",
            Arc::new(
                (0..i64::from(ROWS))
                    .map(Some)
                    .collect::<TimestampMillisecondArray>(),
            ),
        ),
        ("Level", few(&|row| pick(&LEVELS, row))),
    ];
    let points: ArrayRef = Arc::new(
        (0..ROWS)
            .map(|row| Some(f64::from(row) / 3.0))
            .collect::<Float64Array>(),
    );
    RecordBatch::try_from_iter(columns.into_iter().chain([("Points", points)]))
        .expect("columns are of one length")
}

fn stream() -> Vec<u8> {
    let batch = table();
    let mut writer =
        StreamWriter::try_new(Vec::new(), &batch.schema()).expect("the schema can be written");
    writer.write(&batch).expect("the batch can be written");
    writer.into_inner().expect("the stream can be ended")
}

fn parquet_file(codec: Codec) -> Vec<u8> {
    let batch = table();
    let properties = WriterProperties::builder().set_compression(codec).build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties))
        .expect("the schema can be written");
    writer.write(&batch).expect("the batch can be written");
    writer.close().expect("the file can be ended");
    file
}

fn csv() -> Vec<u8> {
    let mut out = b"profile_id,email,phone,given_name,family_name,locale,country,City,Note,Age,Vip,Born,Seen,Level,Points\r\n".to_vec();
    for row in 0..ROWS {
        let line = format!(
            "p{row:09},{},+4670{row:07},Annika,Larsson{},sv-SE,Sweden,{},bought {row} times,{},{},{}-{:02}-{:02},2023-11-14T22:13:20.{:03}Z,{},{}\r\n",
            email(row),
            row % 100,
            pick(&CITIES, row),
            row % 90,
            row % 3 == 0,
            1970 + row % 50,
            1 + row % 12,
            1 + row % 28,
            row % 1_000,
            pick(&LEVELS, row),
            f64::from(row) / 3.0,
        );
        out.extend_from_slice(line.as_bytes());
    }
    out
}

fn bench(bencher: Bencher, format: BlockFormat, data: &[u8]) {
    let schema = schema();
    let options = DecodeOptions {
        list: Some("newsletter"),
        ..DecodeOptions::default()
    };
    let batch = decode(&schema, format, data, &options).expect("the block is whole");
    assert_eq!((batch.n_rows(), batch.invalid_count), (ROWS as usize, 0));
    bencher
        .counter(ItemsCount::new(batch.n_rows()))
        .counter(BytesCount::of_slice(data))
        .bench(|| decode(&schema, format, black_box(data), &options));
}

#[divan::bench]
fn profile_batch_of_15_fields_with_counted_keys(bencher: Bencher) {
    bench(
        bencher,
        BlockFormat::ProfileBatch,
        &block(|row| full_profile(row, true)),
    );
}

#[divan::bench]
fn profile_batch_of_15_fields_with_spelled_keys(bencher: Bencher) {
    bench(
        bencher,
        BlockFormat::ProfileBatch,
        &block(|row| full_profile(row, false)),
    );
}

#[divan::bench]
fn profile_batch_of_15_fields_in_random_order(bencher: Bencher) {
    let scattered = |row: i32| full_profile((row * 3_571) % ROWS, true);
    bench(bencher, BlockFormat::ProfileBatch, &block(scattered));
}

#[divan::bench]
fn profile_batch_of_small_profiles(bencher: Bencher) {
    bench(bencher, BlockFormat::ProfileBatch, &block(small_profile));
}

#[divan::bench]
fn arrow_of_15_fields(bencher: Bencher) {
    bench(bencher, BlockFormat::ArrowIpc, &stream());
}

#[divan::bench]
fn ndjson_of_15_fields(bencher: Bencher) {
    bench(bencher, BlockFormat::Ndjson, &full_lines(""));
}

#[divan::bench]
fn ndjson_of_15_fields_with_spaces(bencher: Bencher) {
    bench(bencher, BlockFormat::Ndjson, &full_lines(" "));
}

#[divan::bench]
fn ndjson_of_small_profiles(bencher: Bencher) {
    bench(bencher, BlockFormat::Ndjson, &small_lines());
}

#[divan::bench]
fn csv_of_15_fields(bencher: Bencher) {
    bench(bencher, BlockFormat::Csv, &csv());
}

#[divan::bench]
fn parquet_of_15_fields(bencher: Bencher) {
    bench(
        bencher,
        BlockFormat::Parquet,
        &parquet_file(Codec::UNCOMPRESSED),
    );
}

#[divan::bench]
fn parquet_of_15_fields_compressed_by_snappy(bencher: Bencher) {
    bench(bencher, BlockFormat::Parquet, &parquet_file(Codec::SNAPPY));
}
