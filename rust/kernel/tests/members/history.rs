//! What is remembered of who entered and left.

use segue_kernel::batch::Batch;
use segue_kernel::member::Position;
use segue_kernel::table::Table;

use crate::account::{Record, batch_of, plan};
use crate::position;

/// A commit of so many profiles, all members of the list or none.
fn commit(table: &Table, n: u32, number: f64, revision: i64) {
    let record = |id| Record {
        id,
        number: Some(Some(number)),
        ..Record::default()
    };
    let records: Vec<Record> = (0..n).map(record).collect();
    let batch: Batch = batch_of(&records, revision);
    table.apply(&[&batch], revision, revision).expect("room");
}

fn at(revision: i64) -> Position {
    Position {
        revision,
        millis: revision,
    }
}

/// Maintains those whose number is three or more.
fn maintain(table: &Table) {
    table.maintain("s", plan(2));
}

#[test]
fn a_first_evaluation_is_no_change() {
    let table = Table::new();
    commit(&table, 3, 5.0, 1);
    maintain(&table);
    let version = table.version();
    assert_eq!(version.member_count("s"), Some(3));
    assert_eq!(version.segments_of(0), ["s"]);
    assert_eq!(
        table.changes("s", position(&version), 9),
        Some((vec![], at(1)))
    );
    assert_eq!(table.changes("s", at(0), 9), None);
    assert_eq!(table.changes("s", at(2), 9), None);
    assert_eq!(table.changes("other", at(1), 9), None);
}

#[test]
fn a_position_moves_on_although_its_segment_rests() {
    let table = Table::new();
    maintain(&table);
    commit(&table, 3, 1.0, 1);
    commit(&table, 3, 2.0, 2);
    let start = Position {
        revision: 0,
        millis: 0,
    };
    assert_eq!(table.changes("s", start, 9), Some((vec![], at(2))));
}

#[test]
fn changes_of_one_commit_stay_together() {
    let table = Table::new();
    maintain(&table);
    commit(&table, 100, 5.0, 1);
    commit(&table, 100, 1.0, 2);
    let start = Position {
        revision: 0,
        millis: 0,
    };
    let (entered, next) = table.changes("s", start, 1).expect("remembered");
    assert_eq!(next, at(1));
    let (left, next) = table.changes("s", next, 1).expect("remembered");
    assert_eq!(next, at(2));
    assert!(entered.len() > left.len(), "a truth value less each");
}

#[test]
fn a_million_changes_are_remembered() {
    let table = Table::new();
    maintain(&table);
    for revision in 1..=7 {
        commit(
            &table,
            200_000,
            if revision % 2 == 1 { 5.0 } else { 1.0 },
            revision,
        );
    }
    assert_eq!(table.changes("s", at(1), 1), None);
    assert!(table.changes("s", at(2), 1).is_some());
    assert!(table.memory_bytes() > 5 * 200_000);
}

#[test]
fn a_released_segment_is_forgotten_and_begins_anew() {
    let table = Table::new();
    maintain(&table);
    commit(&table, 3, 5.0, 1);
    table.release("s");
    table.release("s");
    assert_eq!(table.version().member_count("s"), None);
    assert_eq!(table.changes("s", at(1), 9), None);
    commit(&table, 3, 1.0, 2);
    maintain(&table);
    assert_eq!(table.changes("s", at(1), 9), None);
    assert_eq!(table.changes("s", at(2), 9), Some((vec![], at(2))));
}

#[test]
fn a_held_version_keeps_its_members() {
    let table = Table::new();
    maintain(&table);
    commit(&table, 3, 5.0, 1);
    let held = table.version();
    commit(&table, 3, 1.0, 2);
    table.erase(&["p0"], 3, 3);
    assert_eq!(held.member_count("s"), Some(3));
    assert_eq!(held.segments_of(2), ["s"]);
    assert_eq!(table.version().member_count("s"), Some(0));
}
