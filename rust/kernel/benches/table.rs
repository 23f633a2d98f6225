//! Applying batches of 6,000 profiles of some 15 columns to a table of a million.
//!
//! `cargo bench -p segue-kernel --bench table`; items are profiles. `ROWS` sets the number of profiles.

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use rayon::ThreadPool;
use segue_kernel::batch::{Batch, BatchColumn, BatchMembers, BatchValues, Texts};
use segue_kernel::schema::{List, builtin};
use segue_kernel::table::{Table, WriteRules};

const BATCH_ROWS: usize = 6_000;

static ROWS: LazyLock<u32> = LazyLock::new(|| {
    std::env::var("ROWS").map_or(1_000_000, |rows| rows.parse().expect("a number"))
});

static FIRST: LazyLock<Vec<Batch>> = LazyLock::new(|| batches(&ids(1), full));
static IN_ORDER: LazyLock<Vec<Batch>> = LazyLock::new(|| batches(&ids(1), update));
static AT_RANDOM: LazyLock<Vec<Batch>> = LazyLock::new(|| batches(&ids(48_271), update));

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn first_load(bencher: Bencher, threads: usize) {
    bench(bencher, threads, &FIRST, Table::new);
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn update_in_order(bencher: Bencher, threads: usize) {
    bench(bencher, threads, &IN_ORDER, loaded);
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn update_at_random(bencher: Bencher, threads: usize) {
    bench(bencher, threads, &AT_RANDOM, loaded);
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn transaction_at_random(bencher: Bencher, threads: usize) {
    let pool = pool(threads);
    bencher
        .counter(ItemsCount::new(*ROWS))
        .with_inputs(loaded)
        .bench_values(|table| {
            pool.install(|| {
                let mut transaction = table.begin(2, WriteRules::default());
                for batch in &*AT_RANDOM {
                    transaction.apply(batch, 0).expect("there is room");
                }
                transaction.commit(2)
            });
            table
        });
}

#[divan::bench(sample_count = 20, sample_size = 100)]
fn one_profile(bencher: Bencher) {
    let table = loaded();
    let ids: Vec<u32> = ids(48_271);
    let batches: Vec<Batch> = ids[..2_000]
        .iter()
        .map(|&id| batch(&[id], update))
        .collect();
    let mut next = batches.iter().cycle();
    bencher.bench_local(|| table.apply(&[next.next().expect("a cycle")], 2, 2));
}

fn bench(
    bencher: Bencher,
    threads: usize,
    batches: &'static [Batch],
    table: impl Fn() -> Table + Sync,
) {
    let pool = pool(threads);
    bencher
        .counter(ItemsCount::new(*ROWS))
        .with_inputs(table)
        .bench_values(|table| {
            pool.install(|| {
                for batch in batches {
                    table.apply(&[batch], 1, 1).expect("there is room");
                }
            });
            table
        });
}

fn pool(threads: usize) -> ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("threads start")
}

fn loaded() -> Table {
    let table = Table::new();
    let mut transaction = table.begin(1, WriteRules::default());
    for batch in &*FIRST {
        transaction.apply(batch, 0).expect("there is room");
    }
    transaction.commit(1);
    table
}

/// Every id once, a stride apart.
fn ids(stride: u64) -> Vec<u32> {
    let n = u64::from(*ROWS);
    (0..n)
        .map(|i| u32::try_from(i * stride % n).expect("below the number of rows"))
        .collect()
}

fn batches(ids: &[u32], make: fn(&mut Batch, &[u32])) -> Vec<Batch> {
    ids.chunks(BATCH_ROWS).map(|ids| batch(ids, make)).collect()
}

fn batch(ids: &[u32], make: fn(&mut Batch, &[u32])) -> Batch {
    let mut batch = Batch {
        profile_ids: texts(ids, |id| format!("p{id:09}")),
        ..Batch::default()
    };
    make(&mut batch, ids);
    batch
}

/// A whole profile: 180 bytes as protobuf.
fn full(batch: &mut Batch, ids: &[u32]) {
    update(batch, ids);
    let rows: Vec<u32> = (0..).take(ids.len()).collect();
    let [email, phone, _] = &mut batch.identifiers;
    email.plain_rows.clone_from(&rows);
    email.plain = texts(ids, |id| format!("user{id:08}@domain{}.com", id % 5));
    phone.plain_rows.clone_from(&rows);
    phone.plain = texts(ids, |id| format!("+4670{id:07}"));
    let columns = [
        (
            builtin::FULL_NAME,
            BatchValues::Text(texts(ids, |id| format!("Name {} Family", id % 90_000))),
        ),
        (
            builtin::COUNTRY,
            BatchValues::Text(texts(ids, |id| {
                ["SE", "US", "GB", "DE"][id as usize % 4].into()
            })),
        ),
        (70, codes(ids, 5)),
        (71, codes(ids, 3)),
        (
            72,
            BatchValues::DateTime(ids.iter().map(|&id| i64::from(id) * 1_000).collect()),
        ),
    ];
    push_all(batch, &rows, columns);
    batch.members.push(BatchMembers {
        list: List {
            id: "newsletter".into(),
            column: 80,
        },
        rows,
    });
}

/// What changes: two times, age, plan, city, tags, and one e-mail address in ten.
fn update(batch: &mut Batch, ids: &[u32]) {
    let rows: Vec<u32> = (0..).take(ids.len()).collect();
    let (of_ten, changed): (Vec<u32>, Vec<u32>) = rows
        .iter()
        .zip(ids)
        .filter(|(_, id)| *id % 10 == 0)
        .map(|(row, id)| (*row, *id))
        .unzip();
    batch.identifiers[0].plain_rows = of_ten;
    batch.identifiers[0].plain = texts(&changed, |id| format!("changed{id:06}@domain.com"));
    let tags = ids
        .iter()
        .flat_map(|id| [id % 25, 25 + id % 24])
        .map(code)
        .collect();
    let ends = (1..).map(|i| 2 * i).take(ids.len()).collect();
    let columns = [
        (
            64,
            BatchValues::Number(ids.iter().map(|id| f64::from(18 + id % 70)).collect()),
        ),
        (65, codes(ids, 3)),
        (
            66,
            BatchValues::Text(texts(ids, |id| format!("City {}", id * 7 % 500))),
        ),
        (67, BatchValues::MultiSelectMany { codes: tags, ends }),
        (
            68,
            BatchValues::DateTime(ids.iter().map(|&id| i64::from(id) * 2_000).collect()),
        ),
        (
            69,
            BatchValues::Date(ids.iter().map(|&id| i32::from(code(id % 9_000))).collect()),
        ),
    ];
    push_all(batch, &rows, columns);
}

fn push_all<const N: usize>(batch: &mut Batch, rows: &[u32], columns: [(u32, BatchValues); N]) {
    batch
        .columns
        .extend(columns.map(|(column, values)| BatchColumn {
            column,
            rows: rows.to_vec(),
            values,
            cleared: Vec::new(),
        }));
}

fn texts(ids: &[u32], text: impl Fn(u32) -> String) -> Texts {
    let mut texts = Texts::default();
    for &id in ids {
        texts.push(text(id).as_bytes());
    }
    texts
}

fn codes(ids: &[u32], options: u32) -> BatchValues {
    BatchValues::MultiSelectOne(ids.iter().map(|id| code(id % options)).collect())
}

fn code(number: u32) -> u16 {
    u16::try_from(number).expect("few options")
}
