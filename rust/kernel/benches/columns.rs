//! Costs of writing and opening columns. The kernel's constants of `column` and `bitmap` are guarded here.
//!
//! A block has 65,536 rows; a batch is 1,000 rows of it, spread over the block or in order at its end.

#![expect(clippy::unwrap_used)]

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use segue_kernel::bitmap::{BLOCK_WORDS, RowSet};
use segue_kernel::column::{BLOCK_ROWS, Block, Column, OptionsBlock, PlainBlock, TextBlock};
use segue_kernel::event::Events;
use segue_kernel::snapshot::{self, VersionParts};

/// Rows of a batch.
const BATCH_ROWS: usize = 1_000;

/// Blocks of an account of about 5 million rows.
const N_BLOCKS: usize = 76;

fn main() {
    divan::main();
}

/// Rows that lie in a block at equal distances, shifted by a number.
fn spread(n_rows: usize, shift: usize) -> Vec<u16> {
    let step = BLOCK_ROWS / n_rows;
    (0..n_rows)
        .map(|i| u16::try_from(i * step + shift % step).unwrap())
        .collect()
}

fn emails(rows: &[u16], generation: usize) -> Vec<String> {
    let domain = ["example.com", "domain.org", "mail.net"][generation % 3];
    rows.iter()
        .map(|row| format!("user{row:05}.{generation}@{domain}"))
        .collect()
}

fn cities(rows: &[u16], generation: usize) -> Vec<String> {
    rows.iter()
        .map(|&row| format!("City {}", (usize::from(row) * 7 + generation) % 500))
        .collect()
}

fn names(rows: &[u16], generation: usize) -> Vec<String> {
    rows.iter()
        .map(|row| format!("Anna{generation} Maria Muster{row}"))
        .collect()
}

type Wording = fn(&[u16], usize) -> Vec<String>;

const WORDINGS: [(&str, Wording); 3] = [("email", emails), ("city", cities), ("name", names)];

fn wording(name: &str) -> Wording {
    WORDINGS
        .into_iter()
        .find(|(other, _)| *other == name)
        .unwrap()
        .1
}

fn as_bytes(texts: &[String]) -> Vec<&[u8]> {
    texts.iter().map(String::as_bytes).collect()
}

fn full_text(wording: Wording) -> TextBlock {
    let rows = spread(BLOCK_ROWS, 0);
    let mut block = TextBlock::folding();
    block.write(&rows, &as_bytes(&wording(&rows, 0)));
    block
}

/// A whole block, batch after batch in row order.
#[divan::bench(args = ["email", "city", "name"])]
fn text_append(bencher: Bencher<'_, '_>, name: &str) {
    let rows = spread(BLOCK_ROWS, 0);
    let texts = wording(name)(&rows, 0);
    let texts = as_bytes(&texts);
    bencher
        .counter(ItemsCount::new(BLOCK_ROWS))
        .bench_local(|| {
            let mut block = TextBlock::folding();
            for (rows, texts) in rows.chunks(BATCH_ROWS).zip(texts.chunks(BATCH_ROWS)) {
                block.write(rows, texts);
            }
            block
        });
}

/// Batches that change rows of a full block, rebuilds included. With `held`, a reader takes a snapshot before each.
#[divan::bench(args = [("email", false), ("email", true), ("city", false), ("name", false)])]
fn text_change(bencher: Bencher<'_, '_>, (name, held): (&str, bool)) {
    let batches: Vec<(Vec<u16>, Vec<String>)> = (0..40)
        .map(|generation| {
            let rows = spread(BATCH_ROWS, generation * 11);
            let texts = wording(name)(&rows, generation);
            (rows, texts)
        })
        .collect();
    let full = Arc::new(full_text(wording(name)));
    bencher
        .counter(ItemsCount::new(40 * BATCH_ROWS))
        .bench_local(|| {
            let mut block = Arc::clone(&full);
            for (rows, texts) in &batches {
                let reader = held.then(|| Arc::clone(&block));
                Arc::make_mut(&mut block).write(rows, &as_bytes(texts));
                drop(reader);
            }
            block
        });
}

/// One row after the other of a full block, all of it once.
#[divan::bench(args = ["email", "city", "name"])]
fn text_get(bencher: Bencher<'_, '_>, name: &str) {
    let block = full_text(wording(name));
    bencher
        .counter(ItemsCount::new(BLOCK_ROWS))
        .bench_local(|| {
            (0..=u16::MAX)
                .filter_map(|row| block.original(row))
                .map(<[u8]>::len)
                .sum::<usize>()
        });
}

/// A base and an overlay of 3 % as one base.
#[divan::bench(args = ["email", "city", "name"])]
fn text_erase(bencher: Bencher<'_, '_>, name: &str) {
    let mut block = full_text(wording(name));
    let rows = spread(BATCH_ROWS, 3);
    block.write(&rows, &as_bytes(&wording(name)(&rows, 5)));
    bencher
        .with_inputs(|| block.clone())
        .bench_local_values(|mut block| {
            block.erase(&[7, 9_000]);
            block
        });
}

#[divan::bench]
fn plain_change(bencher: Bencher<'_, '_>) {
    let mut block = PlainBlock::<i64>::default();
    let rows = spread(BLOCK_ROWS, 0);
    block.write(&rows, &vec![1; BLOCK_ROWS]);
    let (rows, values) = (spread(BATCH_ROWS, 3), vec![7; BATCH_ROWS]);
    bencher
        .counter(ItemsCount::new(BATCH_ROWS))
        .bench_local(|| block.write(&rows, &values));
}

/// Two of 50 options a row.
#[divan::bench]
fn options_change(bencher: Bencher<'_, '_>) {
    let codes = |rows: &[u16], generation: u16| -> Vec<u16> {
        rows.iter()
            .flat_map(|row| [(row ^ generation) % 25, 25 + ((row / 7) ^ generation) % 25])
            .collect()
    };
    let ends = |n_rows: usize| -> Vec<u32> {
        (1..=n_rows)
            .map(|i| u32::try_from(2 * i).unwrap())
            .collect()
    };
    let mut block = OptionsBlock::default();
    let rows = spread(BLOCK_ROWS, 0);
    block.write(&rows, &codes(&rows, 0), &ends(BLOCK_ROWS));
    let rows = spread(BATCH_ROWS, 3);
    let batches = [codes(&rows, 1), codes(&rows, 6)];
    let ends = ends(BATCH_ROWS);
    bencher
        .counter(ItemsCount::new(2 * BATCH_ROWS))
        .bench_local(|| {
            for codes in &batches {
                block.write(&rows, codes, &ends);
            }
        });
}

/// Sets just below and just above the border between arrays and words.
#[divan::bench(args = [60, 4_000, 4_096, 26_000])]
fn row_set_or_into(bencher: Bencher<'_, '_>, n_rows: usize) {
    let set = RowSet::from_sorted(&spread(n_rows, 1));
    let mut words = [0; BLOCK_WORDS];
    bencher.bench_local(|| set.or_into(black_box(&mut words)));
}

/// Opens 76 full blocks of 12 columns.
#[divan::bench(sample_count = 20)]
fn snapshot_open(bencher: Bencher<'_, '_>) {
    let rows = spread(BLOCK_ROWS, 0);
    let mut dates = PlainBlock::<i32>::default();
    dates.write(&rows, &vec![20_000; BLOCK_ROWS]);
    let (dates, text) = (Arc::new(dates), Arc::new(full_text(emails)));
    let columns = (64..76).map(|id| {
        let is_text = id == 64;
        let column = if is_text {
            Column::Text(vec![Some(Arc::clone(&text)); N_BLOCKS])
        } else {
            Column::Date(vec![Some(Arc::clone(&dates)); N_BLOCKS])
        };
        (id, column)
    });
    let parts = VersionParts {
        events: Events::default(),
        revision: 1,
        tick_millis: 3,
        n_rows: N_BLOCKS * BLOCK_ROWS,
        live: (0..N_BLOCKS)
            .map(|_| Arc::new(RowSet::full(BLOCK_ROWS)))
            .collect(),
        columns: columns.collect(),
    };
    let directory = tempfile::tempdir().unwrap();
    snapshot::write(&parts, directory.path()).unwrap();
    bencher.bench_local(|| snapshot::open(directory.path()).unwrap());
}
