//! Decoding and recording blocks of 10,000 events, counting who did what, and reading events back.
//!
//! `cargo bench -p segue-kernel --bench events`; items are events. `EVENTS` sets the number of events, four for each profile.

use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use segue_kernel::column::BLOCK_ROWS;
use segue_kernel::event::{EventBatch, RecordedEvent};
use segue_kernel::rule::Plan;
use segue_kernel::schema::Schema;
use segue_kernel::table::{Table, Version};
use segue_kernel::wire::decode_events;
use segue_kernel::wire::protobuf::{put_bytes, put_int64};

const BLOCK_EVENTS: u64 = 10_000;
const NOW: i64 = 1_700_000_000_000;
const DAY: u64 = 86_400_000;
const KINDS: [&str; 3] = ["sent", "opened", "unsubscribed"];
/// Their codes.
const TYPES: [u16; 3] = [0, 1, 3];
const ROWS_A_READ: usize = 4_096;

static EVENTS: LazyLock<u64> = LazyLock::new(|| {
    std::env::var("EVENTS").map_or(1_000_000, |events| events.parse().expect("a number"))
});

/// Events of a year, in no order.
static YEAR: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| blocks(365 * DAY));
/// Events of one day.
static TODAY: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| blocks(DAY));
static LOADED: LazyLock<Version> = LazyLock::new(|| recorded(&decoded(&YEAR)).version());

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn decode(bencher: Bencher) {
    let blocks = &*YEAR;
    bencher
        .counter(ItemsCount::new(*EVENTS))
        .bench(|| decoded(blocks));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn record_a_year(bencher: Bencher) {
    let batches = decoded(&YEAR);
    bencher
        .counter(ItemsCount::new(*EVENTS))
        .bench(|| recorded(&batches));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn record_a_day(bencher: Bencher) {
    let batches = decoded(&TODAY);
    bencher
        .counter(ItemsCount::new(*EVENTS))
        .bench(|| recorded(&batches));
}

#[divan::bench]
fn count_ever(bencher: Bencher) {
    count(bencher, &did("null", "[]"));
}

#[divan::bench]
fn count_in_a_month(bencher: Bencher) {
    let month = format!(r#"{{"from_offset": -{}, "until_offset": 0}}"#, 30 * DAY);
    count(bencher, &did(&month, "[]"));
}

#[divan::bench]
fn count_of_a_campaign(bencher: Bencher) {
    let campaign = format!("{:016x}", 7);
    let test = format!(r#"[{{"property": 0, "op": "equals", "text": "{campaign}"}}]"#);
    count(bencher, &did("null", &test));
}

#[divan::bench]
fn sent_then_opened(bencher: Bencher) {
    let of_type = |code: u8| format!(r#"{{"event_type": {code}, "where": []}}"#);
    let (sent, opened, week) = (of_type(0), of_type(1), 7 * DAY);
    count(
        bencher,
        &format!(
            r#"{{"did_then": {{"first": {sent}, "second": {opened}, "within_millis": {week}, "window": null}}}}"#
        ),
    );
}

/// Items are all events, of which a twelfth is read.
#[divan::bench]
fn read_a_month(bencher: Bencher) {
    let (from, until) = (NOW.saturating_sub_unsigned(30 * DAY), NOW);
    read(bencher, from, until);
}

#[divan::bench]
fn read_a_year(bencher: Bencher) {
    read(bencher, i64::MIN, i64::MAX);
}

/// Reads events with their values by ranges of rows, as an export does.
fn read(bencher: Bencher, from: i64, until: i64) {
    let version = &*LOADED;
    let values_of = |event: &RecordedEvent<'_>| event.properties().count();
    let of_rows = |block: usize, first: usize| {
        let rows = first..first + ROWS_A_READ;
        let events = version.events().recorded(block, rows, &TYPES, from, until);
        events.iter().map(values_of).sum::<usize>()
    };
    let of_block = |block: usize| {
        let firsts = (0..BLOCK_ROWS).step_by(ROWS_A_READ);
        firsts.map(|first| of_rows(block, first)).sum::<usize>()
    };
    bencher
        .counter(ItemsCount::new(*EVENTS))
        .bench(|| (0..version.n_blocks()).map(of_block).sum::<usize>());
}

/// Counts who opened at least once.
fn did(window: &str, tests: &str) -> String {
    format!(
        r#"{{"did": {{"event_type": 1, "where": {tests}, "window": {window}, "sum_of": null, "low": 1, "low_inclusive": true,
        "high": null, "high_inclusive": true}}}}"#
    )
}

fn count(bencher: Bencher, condition: &str) {
    let version = &*LOADED;
    let plan = Plan::compile(&Schema::default(), condition.as_bytes(), NOW).expect("a condition");
    bencher
        .counter(ItemsCount::new(*EVENTS))
        .bench(|| black_box(&plan).count(version));
}

fn decoded(blocks: &[Vec<u8>]) -> Vec<EventBatch> {
    let schema = Schema::default();
    let decode = |block: &Vec<u8>| decode_events(&schema, block).expect("a block");
    blocks.iter().map(decode).collect()
}

fn recorded(batches: &[EventBatch]) -> Table {
    let table = Table::new();
    for (revision, batch) in (1..).zip(batches) {
        table
            .record(batch, false, revision, NOW + revision)
            .expect("there is room");
    }
    table
}

/// Blocks of events of some time before now.
fn blocks(span_millis: u64) -> Vec<Vec<u8>> {
    let first_of_blocks = (0..*EVENTS).step_by(usize::try_from(BLOCK_EVENTS).expect("small"));
    let block = |first: u64| {
        let mut block = Vec::new();
        for number in first..(first + BLOCK_EVENTS).min(*EVENTS) {
            put_bytes(&mut block, 1, &event(number, span_millis));
        }
        block
    };
    first_of_blocks.map(block).collect()
}

fn event(number: u64, span_millis: u64) -> Vec<u8> {
    // A multiplicative generator: the same events at every run.
    let random = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let mut campaign = Vec::new();
    put_bytes(&mut campaign, 1, b"campaign");
    put_bytes(
        &mut campaign,
        2,
        format!("{:016x}", random % 200).as_bytes(),
    );
    let kind = KINDS[usize::try_from(random % 3).expect("below three")];
    let time = NOW.saturating_sub_unsigned(random % span_millis);
    let mut event = Vec::new();
    put_bytes(&mut event, 1, format!("event-{number:012}").as_bytes());
    let profile = random % (*EVENTS / 4).max(1);
    put_bytes(&mut event, 2, format!("profile-{profile:09}").as_bytes());
    put_bytes(&mut event, 3, kind.as_bytes());
    put_int64(&mut event, 4, time);
    put_bytes(&mut event, 5, &campaign);
    event
}
