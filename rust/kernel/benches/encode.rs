//! Encoding of whole exports, one thread: a profile of 15 fields, 8 of them custom fields of its list.
//!
//! `cargo bench --bench encode` prints rows and bytes a second of each format, blocks of 1 MiB with their checksums included.

use std::sync::{Arc, OnceLock};

use divan::counter::{BytesCount, ItemsCount};
use segue_kernel::bitmap::RowSet;
use segue_kernel::column::{self, BLOCK_ROWS, Column, OptionsBlock, PlainBlock, TextBlock};
use segue_kernel::event::Events;
use segue_kernel::schema::{ColumnId, Schema, builtin as b};
use segue_kernel::snapshot::VersionParts;
use segue_kernel::table::Version;
use segue_kernel::wire::{BlockFormat, Compression, Export, ExportRequest};

const N_ROWS: usize = 10 * BLOCK_ROWS;

const SCHEMA: &str = r#"{
    "lists": [{"id": "newsletter", "column": 64}],
    "fields": [
        {"column": 70, "list": "newsletter", "key": "Age", "type": "number"},
        {"column": 71, "list": "newsletter", "key": "City", "type": "text"},
        {"column": 72, "list": "newsletter", "key": "Member", "type": "boolean"},
        {"column": 73, "list": "newsletter", "key": "Birthday", "type": "date"},
        {"column": 74, "list": "newsletter", "key": "LastOrder", "type": "date_time"},
        {"column": 75, "list": "newsletter", "key": "Frequency", "type": "multi_select_one",
         "options": ["Daily", "Weekly", "Monthly"]},
        {"column": 76, "list": "newsletter", "key": "Plan", "type": "multi_select_one",
         "options": ["Free", "Basic", "Premium"]},
        {"column": 77, "list": "newsletter", "key": "Interests", "type": "multi_select_many",
         "options": ["Sports", "Music", "Books", "Travel", "Food", "Garden", "Games", "Film"]}
    ]
}"#;

fn main() {
    divan::main();
}

/// Random numbers, the same in each run: one for each row and column.
fn dice(row: usize, column: ColumnId) -> usize {
    let seed = (row as u64) << 8 | u64::from(column);
    let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    usize::try_from((mixed ^ (mixed >> 29)) >> 33).unwrap_or(0)
}

fn code(row: usize, column: ColumnId, n: usize) -> u16 {
    u16::try_from(dice(row, column) % n).unwrap_or(0)
}

fn texts(
    text: impl Fn(usize) -> String,
    new: impl Fn() -> TextBlock,
) -> Vec<Option<Arc<TextBlock>>> {
    blocks(&new, |block, rows, first| {
        let texts: Vec<String> = (first..first + rows.len()).map(&text).collect();
        block.write(
            rows,
            &texts.iter().map(String::as_bytes).collect::<Vec<_>>(),
        );
    })
}

fn plain<T: column::PlainValue>(value: impl Fn(usize) -> T) -> Vec<Option<Arc<PlainBlock<T>>>> {
    blocks(&PlainBlock::default, |block, rows, first| {
        block.write(
            rows,
            &(first..first + rows.len()).map(&value).collect::<Vec<_>>(),
        );
    })
}

fn blocks<B: column::Block>(
    new: &impl Fn() -> B,
    write: impl Fn(&mut B, &[u16], usize),
) -> Vec<Option<Arc<B>>> {
    let rows: Vec<u16> = (0..=u16::MAX).collect();
    let block = |number: usize| {
        let mut block = new();
        write(&mut block, &rows, number * BLOCK_ROWS);
        block.seal();
        Some(Arc::new(block))
    };
    (0..N_ROWS / BLOCK_ROWS).map(block).collect()
}

fn booleans(column: ColumnId) -> Column {
    Column::Boolean(blocks(&OptionsBlock::default, |block, rows, first| {
        let codes: Vec<u16> = (0..rows.len())
            .map(|row| code(first + row, column, 2))
            .collect();
        block.write_one(rows, &codes);
    }))
}

/// Two of eight options.
fn options(column: ColumnId) -> Column {
    Column::MultiSelectMany(blocks(&OptionsBlock::default, |block, rows, first| {
        let two = |row: usize| {
            [
                code(first + row, column, 4),
                4 + code(first + row, column + 9, 4),
            ]
        };
        let codes: Vec<u16> = (0..rows.len()).flat_map(two).collect();
        let ends: Vec<u32> = (2..).step_by(2).take(rows.len()).collect();
        block.write(rows, &codes, &ends);
    }))
}

fn name(row: usize) -> String {
    const FIRST: [&str; 6] = ["Anna", "Erik", "Maria", "Lars", "Karin", "Nils"];
    const LAST: [&str; 6] = [
        "Andersson",
        "Johansson",
        "Karlsson",
        "Nilsson",
        "Eriksson",
        "Berg",
    ];
    format!("{} {}", FIRST[dice(row, 1) % 6], LAST[dice(row, 2) % 6])
}

fn columns() -> Vec<(ColumnId, Column)> {
    const COUNTRIES: [&str; 4] = ["Sweden", "Norway", "Denmark", "Finland"];
    const DOMAINS: [&str; 5] = [
        "example.com",
        "example.org",
        "mail.example",
        "post.example",
        "test.example",
    ];
    let millis =
        |row: usize, column| 1_600_000_000_000 + i64::from(code(row, column, 60_000)) * 1_000_003;
    let email = |row| format!("user{row:07}@{}", DOMAINS[dice(row, b::EMAIL) % 5]);
    let phone = |row: usize| format!("+4670{:07}", row % 10_000_000);
    let country = |row| COUNTRIES[dice(row, b::COUNTRY) % 4].to_owned();
    let city = |row| format!("City {}", dice(row, 71) % 500);
    vec![
        (
            b::PROFILE_ID,
            Column::ExactText(texts(|row| format!("p{row:09}"), TextBlock::exact)),
        ),
        (b::EMAIL, Column::Text(texts(email, TextBlock::folding))),
        (b::PHONE, Column::ExactText(texts(phone, TextBlock::exact))),
        (b::FULL_NAME, Column::Text(texts(name, TextBlock::folding))),
        (b::COUNTRY, Column::Text(texts(country, TextBlock::folding))),
        (
            b::CREATED_AT,
            Column::DateTime(plain(|row| millis(row, b::CREATED_AT))),
        ),
        (
            b::CHANGED_AT,
            Column::DateTime(plain(|row| millis(row, b::CHANGED_AT))),
        ),
        (64, Column::MultiSelectOne(plain(|row| code(row, 64, 6)))),
        (65, Column::DateTime(plain(|row| millis(row, 65)))),
        (
            70,
            Column::Number(plain(|row| f64::from(18 + code(row, 70, 70)))),
        ),
        (71, Column::Text(texts(city, TextBlock::folding))),
        (72, booleans(72)),
        (
            73,
            Column::Date(plain(|row| i32::from(code(row, 73, 18_000)))),
        ),
        (74, Column::DateTime(plain(|row| millis(row, 74)))),
        (75, Column::MultiSelectOne(plain(|row| code(row, 75, 3)))),
        (76, Column::MultiSelectOne(plain(|row| code(row, 76, 3)))),
        (77, options(77)),
    ]
}

fn version() -> &'static Version {
    static VERSION: OnceLock<Version> = OnceLock::new();
    VERSION.get_or_init(|| {
        Version::from_parts(VersionParts {
            events: Events::default(),
            revision: 1,
            tick_millis: 1_700_000_000_000,
            n_rows: N_ROWS,
            live: (0..N_ROWS / BLOCK_ROWS)
                .map(|_| Arc::new(RowSet::full(BLOCK_ROWS)))
                .collect(),
            columns: columns(),
        })
    })
}

/// Reads an export to its end; answers its size.
fn read(format: BlockFormat) -> u64 {
    let schema = Arc::new(Schema::from_json(SCHEMA.as_bytes()).expect("a valid schema"));
    let request = ExportRequest {
        format,
        list: Some("newsletter".to_owned()),
        compression: Compression::None,
        columns: None,
        events: None,
        changed_from_millis: None,
        plan_before: None,
        only: None,
        include_removed: false,
        block_bytes: 1 << 20,
    };
    let export = Export::new(version().clone(), schema, None, request).expect("a valid request");
    let mut offset = 0;
    while let Some((response, next)) = export.read(offset).expect("an end of a block") {
        divan::black_box(response);
        offset = next;
    }
    offset
}

#[divan::bench(
    name = "encode",
    args = [BlockFormat::ProfileBatch, BlockFormat::ArrowIpc, BlockFormat::Ndjson],
    sample_count = 7,
    sample_size = 1
)]
fn encode(bencher: divan::Bencher<'_, '_>, format: BlockFormat) {
    let size = read(format);
    bencher
        .counter(ItemsCount::new(N_ROWS))
        .counter(BytesCount::new(size))
        .bench(|| read(format));
}
