//! Who sees what, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::records::{Record, batch_of};
use super::{NO_ROWS, Value};
use crate::batch::{Batch, IdentifierKind};
use crate::column::BLOCK_ROWS;
use crate::error::KernelError;
use crate::table::index::Indexes;
use crate::table::{Applied, MAX_ROWS, Table, Version, WriteRules};

fn batch(ids: &[&str]) -> Batch {
    batch_of(
        &ids.iter()
            .map(|id| Record::new(id).email(&format!("{id}@x")))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn an_empty_table_answers() {
    let table = Table::default();
    assert_eq!(table.version().n_rows(), 0);
    assert_eq!(table.version().n_blocks(), 0);
    assert_eq!(table.find("a"), None);
    assert_eq!(table.find_by(IdentifierKind::Email, "a"), NO_ROWS);
    assert_eq!(table.version().changed_rows(i64::MIN), NO_ROWS);
    assert_eq!(
        table.apply(&[], 1, 10),
        Ok(Applied {
            written: 0,
            created: 0
        })
    );
    assert_eq!(
        (table.version().revision(), table.version().tick_millis()),
        (1, 10)
    );
}

#[test]
fn a_transaction_shows_nothing_until_it_is_committed() {
    let table = Table::new();
    let mut transaction = table.begin(10, WriteRules::default());
    transaction.apply(&batch(&["a", "b"]), 0).unwrap();
    assert_eq!(table.version().n_rows(), 0);
    assert_eq!(table.find("a"), None);
    assert_eq!(table.find_by(IdentifierKind::Email, "a@x"), NO_ROWS);
    assert_eq!(
        transaction.commit(1),
        Applied {
            written: 2,
            created: 2
        }
    );
    assert_eq!(table.find("b"), Some(1));
    assert_eq!(table.find_by(IdentifierKind::Email, "B@X"), vec![1]);
}

#[test]
fn rows_of_a_rolled_back_transaction_are_numbered_anew() {
    let table = Table::new();
    table.apply(&[&batch(&["a"])], 1, 10).unwrap();
    let mut transaction = table.begin(20, WriteRules::default());
    transaction.apply(&batch(&["b", "c"]), 0).unwrap();
    drop(transaction);
    table.apply(&[&batch(&["c", "d"])], 2, 30).unwrap();
    let rows = ["a", "b", "c", "d"].map(|id| table.find(id));
    assert_eq!(rows, [Some(0), None, Some(1), Some(2)]);
    assert_eq!(table.find_by(IdentifierKind::Email, "b@x"), NO_ROWS);
    assert_eq!(table.find_by(IdentifierKind::Email, "c@x"), vec![1]);
}

#[test]
fn a_writer_waits_for_a_transaction_and_a_reader_does_not() {
    let table = Arc::new(Table::new());
    let mut transaction = table.begin(10, WriteRules::default());
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (table, is_done) = (Arc::clone(&table), Arc::clone(&is_done));
        move || {
            table.apply(&[&batch(&["late"])], 2, 20).unwrap();
            is_done.store(true, Ordering::SeqCst);
        }
    });
    transaction.apply(&batch(&["early"]), 0).unwrap();
    assert_eq!(table.version().n_rows(), 0);
    assert!(!is_done.load(Ordering::SeqCst));
    transaction.commit(1);
    writer.join().unwrap();
    assert_eq!(
        (table.find("early"), table.find("late")),
        (Some(0), Some(1))
    );
}

#[test]
fn readers_see_whole_commits_only() {
    let table = Table::new();
    let ids: Vec<String> = (0..50).map(|id| id.to_string()).collect();
    let of = |number: i32| {
        let records: Vec<Record> = ids
            .iter()
            .map(|id| Record::new(id).with(67, Value::Date(number)))
            .collect();
        batch_of(&records)
    };
    table.apply(&[&of(0)], 1, 1).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..200 {
                table
                    .apply(&[&of(number)], number.into(), number.into())
                    .unwrap();
            }
        });
        while !writer.is_finished() {
            let version = table.version();
            let first = super::value(&version, 67, 0);
            assert!((1..50).all(|row| super::value(&version, 67, row) == first));
        }
    });
}

#[test]
fn an_index_of_mostly_outdated_entries_is_built_anew() {
    let table = Table::new();
    let n_rows = 3_000;
    for round in 0..60_i64 {
        let records: Vec<Record> = (0..n_rows)
            .map(|id| Record::new(&format!("p{id}")).email(&format!("{id}@{round}")))
            .collect();
        table.apply(&[&batch_of(&records)], round, round).unwrap();
    }
    let entries = |indexes: &Indexes| indexes.identifiers(IdentifierKind::Email).read().len();
    assert!(entries(&table.version().indexes) < 70_000);
    assert_eq!(table.find_by(IdentifierKind::Email, "7@59"), vec![7]);
    assert_eq!(table.find_by(IdentifierKind::Email, "7@58"), NO_ROWS);
}

#[test]
fn a_full_table_refuses_a_commit_as_a_whole() {
    let n_rows = MAX_ROWS as usize - 2;
    let live = vec![Arc::default(); n_rows.div_ceil(BLOCK_ROWS)];
    let table = Table::with(Version {
        n_rows,
        live,
        ..Version::empty()
    });
    let full = KernelError::TableFull { maximum: MAX_ROWS };
    assert_eq!(
        table.apply(&[&batch(&["a"]), &batch(&["b", "c"])], 1, 10),
        Err(full)
    );
    assert_eq!((table.version().n_rows(), table.find("a")), (n_rows, None));

    let applied = table.apply(&[&batch(&["b"]), &batch(&["b", "c"])], 1, 10);
    assert_eq!(
        applied,
        Ok(Applied {
            written: 2,
            created: 2
        })
    );
    assert_eq!(table.find("c"), Some(MAX_ROWS - 1));
    assert_eq!(
        table.apply(&[&batch(&["b", "c"])], 2, 20),
        Ok(Applied {
            written: 2,
            created: 0
        })
    );
    let mut transaction = table.begin(30, WriteRules::default());
    let full = KernelError::TableFull { maximum: MAX_ROWS };
    assert_eq!(transaction.apply(&batch(&["b", "d"]), 0), Err(full));
    assert_eq!(
        transaction.commit(3),
        Applied {
            written: 0,
            created: 0
        }
    );
}
