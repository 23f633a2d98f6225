//! Evaluation of rules over 5 M profiles: `cargo bench -p segue-kernel --bench rules`.
//!
//! Hit rates are stated, for the time of a search is made by its hits. E-mail addresses are 23.9 bytes long with five domains, so one domain is
//! 20 % of the rows; days and times are spread over ten years without order, so that no block is ruled out.
#![expect(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};

use divan::{Bencher, black_box};
use segue_kernel::bitmap::RowSet;
use segue_kernel::column::{
    BLOCK_ROWS, Block, Blocks, Column, OptionsBlock, PlainBlock, PlainValue, TextBlock,
};
use segue_kernel::event::Events;
use segue_kernel::rule::Plan;
use segue_kernel::schema::{ColumnId, Schema};
use segue_kernel::snapshot::VersionParts;
use segue_kernel::table::Version;

/// Profiles; few when the bench only runs to see that it runs.
const ROWS: usize = if cfg!(debug_assertions) {
    70_000
} else {
    5_000_000
};

const PROFILE_ID: ColumnId = 0;
const LATITUDE: ColumnId = 11;
const LONGITUDE: ColumnId = 12;
const EMAIL: ColumnId = 13;
const CITY: ColumnId = 64;
const AGE: ColumnId = 65;
const BORN: ColumnId = 66;
const JOINED: ColumnId = 67;
const PLAN: ColumnId = 68;
const TAGS: ColumnId = 69;
const OPT_IN: ColumnId = 70;

const SCHEMA: &str = r#"{"lists": [], "fields": [
    {"column": 64, "key": "city", "type": "text"}, {"column": 65, "key": "age", "type": "number"},
    {"column": 66, "key": "born", "type": "date"}, {"column": 67, "key": "joined", "type": "date_time"},
    {"column": 68, "key": "plan", "type": "multi_select_one"}, {"column": 69, "key": "tags", "type": "multi_select_many"},
    {"column": 70, "key": "opt in", "type": "boolean"}]}"#;

const DAY_MILLIS: i64 = 86_400_000;

/// Names of benches with their conditions.
const CONDITIONS: [(&str, &str); 31] = [
    (
        "date_range/hits=0.10",
        r#"{"predicate": {"column": 66, "op": "in_range", "low": 365, "low_inclusive": true, "high": 730, "high_inclusive": false}}"#,
    ),
    (
        "time_range/hits=0.10",
        r#"{"predicate": {"column": 67, "op": "in_range", "low": 31536000000, "low_inclusive": true, "high": 63072000000, "high_inclusive": false}}"#,
    ),
    (
        "time_range/hits=0",
        r#"{"predicate": {"column": 67, "op": "in_range", "low": 3153600000000, "low_inclusive": true, "high": null, "high_inclusive": false}}"#,
    ),
    (
        "number_range/hits=0.50",
        r#"{"predicate": {"column": 65, "op": "in_range", "low": 50, "low_inclusive": true, "high": null, "high_inclusive": true}}"#,
    ),
    (
        "codes/runs=1",
        r#"{"predicate": {"column": 68, "op": "any_of", "codes": [1]}}"#,
    ),
    (
        "codes/runs=4",
        r#"{"predicate": {"column": 68, "op": "any_of", "codes": [1, 3, 5, 7]}}"#,
    ),
    (
        "codes/runs=8",
        r#"{"predicate": {"column": 68, "op": "any_of", "codes": [1, 3, 5, 7, 9, 11, 13, 15]}}"#,
    ),
    (
        "codes/runs=9",
        r#"{"predicate": {"column": 68, "op": "any_of", "codes": [1, 3, 5, 7, 9, 11, 13, 15, 17]}}"#,
    ),
    (
        "options/hits=0.04",
        r#"{"predicate": {"column": 69, "op": "any_of", "codes": [7]}}"#,
    ),
    (
        "boolean/hits=0.50",
        r#"{"predicate": {"column": 70, "op": "any_of", "codes": [1]}}"#,
    ),
    (
        "provided",
        r#"{"predicate": {"column": 13, "op": "provided"}}"#,
    ),
    (
        "contains/hits=0.20",
        r#"{"predicate": {"column": 13, "op": "contains", "text": "@domain.com"}}"#,
    ),
    (
        "contains/hits=2e-5",
        r#"{"predicate": {"column": 13, "op": "contains", "text": "9999@domain.com"}}"#,
    ),
    (
        "contains/hits=0",
        r#"{"predicate": {"column": 13, "op": "contains", "text": "@nowhere.net"}}"#,
    ),
    (
        "equals/hits=1",
        r#"{"predicate": {"column": 13, "op": "equals", "text": "user1234567@domain.com"}}"#,
    ),
    (
        "starts_with/hits=0.02",
        r#"{"predicate": {"column": 13, "op": "starts_with", "text": "user12"}}"#,
    ),
    (
        "ends_with/hits=0.20",
        r#"{"predicate": {"column": 13, "op": "ends_with", "text": "@domain.com"}}"#,
    ),
    (
        "dictionary_contains/hits=0.11",
        r#"{"predicate": {"column": 64, "op": "contains", "text": "city 1"}}"#,
    ),
    (
        "not_contains/hits=0.80",
        r#"{"not": {"predicate": {"column": 13, "op": "contains", "text": "@domain.com"}}}"#,
    ),
    (
        "seed_004/groups=3",
        r#"{"and": [{"predicate": {"column": 13, "op": "contains", "text": "@domain.com"}},
        {"or": [{"predicate": {"column": 67, "op": "in_range", "low": 31622400000, "low_inclusive": true, "high": null, "high_inclusive": true}},
            {"predicate": {"column": 67, "op": "in_range", "low": 31536000000, "low_inclusive": true, "high": 31622400000, "high_inclusive": false}}]},
        {"predicate": {"column": 67, "op": "in_range", "low": null, "low_inclusive": true, "high": 63072000000, "high_inclusive": false}}]}"#,
    ),
    (
        "groups=5,texts=1",
        r#"{"and": [{"predicate": {"column": 13, "op": "contains", "text": "@domain.com"}},
        {"predicate": {"column": 66, "op": "in_range", "low": 365, "low_inclusive": true, "high": 2190, "high_inclusive": false}},
        {"predicate": {"column": 65, "op": "in_range", "low": 30, "low_inclusive": true, "high": 60, "high_inclusive": true}},
        {"not": {"predicate": {"column": 68, "op": "any_of", "codes": [2]}}},
        {"predicate": {"column": 69, "op": "any_of", "codes": [1, 2, 3, 4, 5, 6]}}]}"#,
    ),
    (
        "within/hits=0.10",
        r#"{"predicate": {"column": 67, "op": "within", "window": {"from_offset": 31536000000, "until_offset": 63072000000}}}"#,
    ),
    (
        "month_day/hits=0.02",
        r#"{"predicate": {"column": 66, "op": "month_day_in", "ranges": [[33, 39]]}}"#,
    ),
    (
        "near/hits=0.01",
        r#"{"near": {"latitude": 59.33, "longitude": 18.07, "radius_metres": 50000}}"#,
    ),
    (
        "near/hits=0.58",
        r#"{"near": {"latitude": 61.0, "longitude": 17.0, "radius_metres": 500000}}"#,
    ),
    (
        "sample/hits=0.10",
        r#"{"sample": {"percent": 10, "salt": "autumn"}}"#,
    ),
    (
        "matches/literal,hits=0.20",
        r#"{"predicate": {"column": 13, "op": "matches", "pattern": "@domain\\.com$"}}"#,
    ),
    (
        "matches/choice,hits=0.40",
        r#"{"predicate": {"column": 13, "op": "matches", "pattern": "@(domain|mail)\\.(com|net)$"}}"#,
    ),
    (
        "matches/start,hits=0.02",
        r#"{"predicate": {"column": 13, "op": "matches", "pattern": "^user12[0-9]*@"}}"#,
    ),
    (
        "matches/classes,hits=0.10",
        r#"{"predicate": {"column": 13, "op": "matches", "pattern": "[a-z]+[0-9]*7@"}}"#,
    ),
    (
        "dictionary_matches/hits=0.11",
        r#"{"predicate": {"column": 64, "op": "matches", "pattern": "^city 1[0-9]*$"}}"#,
    ),
];

/// Parts of the rows that stand before a text is looked for, in thousandths.
const STANDING: [u16; 6] = [50, 100, 200, 300, 400, 600];

/// Values in lists.
const LISTED: [usize; 3] = [10, 1_000, 100_000];

static VERSION: LazyLock<Version> = LazyLock::new(version);

fn main() {
    divan::main();
}

#[divan::bench(args = CONDITIONS.map(|(name, _)| name))]
fn rule_eval(bencher: Bencher<'_, '_>, name: &str) {
    let (_, condition) = CONDITIONS.iter().find(|(other, _)| *other == name).unwrap();
    measure(bencher, condition);
}

#[divan::bench(args = STANDING)]
fn contains_of_standing(bencher: Bencher<'_, '_>, thousandths: u16) {
    measure(
        bencher,
        &format!(
            r#"{{"and": [{{"predicate": {{"column": 65, "op": "in_range", "low": 0, "low_inclusive": true,
                "high": {}, "high_inclusive": false}}}},
                {{"predicate": {{"column": 13, "op": "contains", "text": "@domain.com"}}}}]}}"#,
            f64::from(thousandths) / 10.0
        ),
    );
}

/// E-mail addresses among so many of which every other one is held.
#[divan::bench(args = LISTED)]
fn texts_listed(bencher: Bencher<'_, '_>, n: usize) {
    let texts: Vec<String> = (0..n)
        .map(|i| match i % 2 {
            0 => format!("{:?}", email(i * 7)),
            _ => format!("{:?}", email(ROWS + i)),
        })
        .collect();
    measure(
        bencher,
        &format!(
            r#"{{"predicate": {{"column": 13, "op": "text_in", "texts": [{}]}}}}"#,
            texts.join(",")
        ),
    );
}

/// Times of which every other one is held, by about 1,400 rows each.
#[divan::bench(args = LISTED)]
fn times_listed(bencher: Bencher<'_, '_>, n: usize) {
    let times: Vec<i64> = (0..).map(|i| i * DAY_MILLIS / 2 + 1).take(n).collect();
    measure(
        bencher,
        &format!(r#"{{"predicate": {{"column": 67, "op": "number_in", "numbers": {times:?}}}}}"#),
    );
}

#[divan::bench]
fn matches_one_row(bencher: Bencher<'_, '_>) {
    let plan = compile(CONDITIONS[20].1);
    let version = &*VERSION;
    bencher.bench_local(|| plan.matches(version, black_box(1_234)));
}

fn measure(bencher: Bencher<'_, '_>, condition: &str) {
    let plan = compile(condition);
    let version = &*VERSION;
    bencher.bench_local(|| black_box(&plan).count(version));
}

fn compile(condition: &str) -> Plan {
    let schema = Schema::from_json(SCHEMA.as_bytes()).unwrap();
    Plan::compile(&schema, condition.as_bytes(), 0).unwrap()
}

/// A number that looks random, made of the row and a column's own number (splitmix64).
fn random(row: usize, salt: ColumnId) -> u64 {
    let mut z = (row as u64 ^ u64::from(salt) << 40).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

fn below(limit: u32, row: usize, salt: ColumnId) -> u32 {
    u32::try_from(random(row, salt) % u64::from(limit)).unwrap()
}

fn version() -> Version {
    let n_blocks = ROWS.div_ceil(BLOCK_ROWS);
    let live = (0..n_blocks)
        .map(|block| Arc::new(RowSet::full(BLOCK_ROWS.min(ROWS - block * BLOCK_ROWS))));
    let days = 3_650;
    let born = |row| i32::try_from(below(days, row, BORN)).unwrap();
    let joined = |row| i64::from(below(days, row, JOINED)) * DAY_MILLIS + 1;
    let columns = vec![
        (
            PROFILE_ID,
            Column::ExactText(texts(TextBlock::exact, |row| format!("profile-{row}"))),
        ),
        (
            LATITUDE,
            Column::Number(plain(|row| {
                55.0 + f64::from(below(14_000, row, LATITUDE)) / 1e3
            })),
        ),
        (
            LONGITUDE,
            Column::Number(plain(|row| {
                11.0 + f64::from(below(13_000, row, LONGITUDE)) / 1e3
            })),
        ),
        (EMAIL, Column::Text(texts(TextBlock::folding, email))),
        (
            CITY,
            Column::Text(texts(TextBlock::folding, |row| {
                format!("City {}", below(500, row, CITY))
            })),
        ),
        (
            AGE,
            Column::Number(plain(|row| f64::from(below(1_000, row, AGE)) / 10.0)),
        ),
        (BORN, Column::Date(plain(born))),
        (JOINED, Column::DateTime(plain(joined))),
        (
            PLAN,
            Column::MultiSelectOne(plain(|row| code(40, row, PLAN))),
        ),
        (
            TAGS,
            Column::MultiSelectMany(options(|row| {
                let mut tags = vec![code(50, row, TAGS), code(50, row, TAGS + 100)];
                tags.sort_unstable();
                tags.dedup();
                tags
            })),
        ),
        (
            OPT_IN,
            Column::Boolean(options(|row| vec![code(2, row, OPT_IN)])),
        ),
    ];
    Version::from_parts(VersionParts {
        events: Events::default(),
        revision: 1,
        tick_millis: 3,
        n_rows: ROWS,
        live: live.collect(),
        columns,
    })
}

fn email(row: usize) -> String {
    let domain = [
        "domain.com",
        "example.org",
        "mail.net",
        "company.co.uk",
        "shop.se",
    ];
    format!(
        "user{}@{}",
        random(row, EMAIL) % 10_000_000,
        domain[usize::from(code(5, row, EMAIL + 100))]
    )
}

fn code(limit: u32, row: usize, salt: ColumnId) -> u16 {
    u16::try_from(below(limit, row, salt)).unwrap()
}

fn blocks<B: Block>(block: impl Fn(&[u16], usize) -> B) -> Blocks<B> {
    (0..ROWS)
        .step_by(BLOCK_ROWS)
        .map(|first| {
            let rows: Vec<u16> = (0..=u16::MAX).take(ROWS - first).collect();
            let mut block = block(&rows, first);
            block.seal();
            Some(Arc::new(block))
        })
        .collect()
}

fn plain<T: PlainValue>(value: impl Fn(usize) -> T) -> Blocks<PlainBlock<T>> {
    blocks(|rows, first| {
        let values: Vec<T> = (first..first + rows.len()).map(&value).collect();
        let mut block = PlainBlock::default();
        block.write(rows, &values);
        block
    })
}

fn texts(new: fn() -> TextBlock, text: impl Fn(usize) -> String) -> Blocks<TextBlock> {
    blocks(|rows, first| {
        let texts: Vec<String> = (first..first + rows.len()).map(&text).collect();
        let mut block = new();
        block.write(
            rows,
            &texts.iter().map(String::as_bytes).collect::<Vec<_>>(),
        );
        block
    })
}

fn options(codes: impl Fn(usize) -> Vec<u16>) -> Blocks<OptionsBlock> {
    blocks(|rows, first| {
        let (mut given, mut ends) = (Vec::new(), Vec::new());
        for row in first..first + rows.len() {
            given.extend(codes(row));
            ends.push(u32::try_from(given.len()).unwrap());
        }
        let mut block = OptionsBlock::default();
        block.write(rows, &given, &ends);
        block
    })
}
