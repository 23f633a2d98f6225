//! Tables of more than a block, written on all cores.

use super::records::{Record, batch_of};
use super::{NO_ROWS, Value, value};
use crate::batch::{Batch, IdentifierKind};
use crate::schema::builtin;
use crate::table::{Applied, Table, Version, WriteRules};

const N_ROWS: u32 = 65_537;

fn record(id: u32, round: u32) -> Record {
    let given = Record::new(&format!("p{id:06}"))
        .with(64, Value::Text(format!("text {}", id % 7 + round)))
        .with(65, Value::Number(f64::from(id + round)))
        .with(66, Value::Boolean(id.is_multiple_of(2)))
        .email(&format!("{id}@{round}"));
    if id.is_multiple_of(3) {
        given.joining()
    } else {
        given
    }
}

fn batches(ids: &[u32], round: u32) -> Vec<Batch> {
    ids.chunks(6_000)
        .map(|ids| batch_of(&ids.iter().map(|&id| record(id, round)).collect::<Vec<_>>()))
        .collect()
}

fn assert_round(version: &Version, id: u32, round: u32) {
    assert_eq!(version.find(&format!("p{id:06}")), Some(id));
    assert_eq!(
        value(version, 64, id),
        Some(Value::Text(format!("text {}", id % 7 + round)))
    );
    assert_eq!(
        value(version, 65, id),
        Some(Value::Number(f64::from(id + round)))
    );
    assert_eq!(
        value(version, 66, id),
        Some(Value::Boolean(id.is_multiple_of(2)))
    );
    assert_eq!(
        value(version, builtin::EMAIL, id),
        Some(Value::Text(format!("{id}@{round}")))
    );
    let state = id.is_multiple_of(3).then_some(Value::One(0));
    assert_eq!(value(version, super::list().state(), id), state);
}

#[test]
fn rows_go_over_the_end_of_a_block_in_any_order() {
    let table = Table::new();
    let in_order: Vec<u32> = (0..N_ROWS).collect();
    let mut transaction = table.begin(10, WriteRules::default());
    for batch in batches(&in_order, 0) {
        transaction.apply(&batch, 0).unwrap();
    }
    let all = N_ROWS as usize;
    assert_eq!(
        transaction.commit(1),
        Applied {
            written: all,
            created: all
        }
    );
    let loaded = table.version();
    assert_eq!((loaded.n_blocks(), loaded.live(1).len()), (2, 1));

    let stride: Vec<u32> = (0..N_ROWS).map(|i| (i * 40_503) % N_ROWS).collect();
    let updates = batches(&stride[..30_000], 1);
    let applied = table
        .apply(&updates.iter().collect::<Vec<_>>(), 2, 20)
        .unwrap();
    assert_eq!(
        applied,
        Applied {
            written: 30_000,
            created: 0
        }
    );

    let after = table.version();
    for id in 0..N_ROWS {
        assert_round(&loaded, id, 0);
    }
    for (i, &id) in stride.iter().enumerate() {
        assert_round(&after, id, u32::from(i < 30_000));
    }
    let mut changed = stride[..30_000].to_vec();
    changed.sort_unstable();
    assert_eq!(after.changed_rows(11), changed);
    let address = format!("{}@1", stride[0]);
    assert_eq!(
        table.find_by(IdentifierKind::Email, &address),
        vec![stride[0]]
    );
}

#[test]
fn a_reopened_table_finds_changes_and_identifiers_by_looking_through_columns() {
    let table = Table::new();
    let in_order: Vec<u32> = (0..N_ROWS).collect();
    let first = batches(&in_order, 0);
    table
        .apply(&first.iter().collect::<Vec<_>>(), 1, 10)
        .unwrap();
    let second = batches(&[7, N_ROWS - 1], 1);
    table
        .apply(&second.iter().collect::<Vec<_>>(), 2, 20)
        .unwrap();
    let table = Table::from_version(Version::from_parts(table.version().to_parts()));
    assert_eq!(table.version().changed_rows(11), vec![7, N_ROWS - 1]);
    assert_eq!(table.version().changed_rows(10).len(), N_ROWS as usize);
    assert_eq!(table.find("p065536"), Some(N_ROWS - 1));
    assert_eq!(table.find_by(IdentifierKind::Email, "7@1"), vec![7]);
    assert_eq!(table.find_by(IdentifierKind::Email, "7@0"), NO_ROWS);
}

#[test]
fn an_import_of_several_blocks_is_taken_back_as_a_whole_and_row_by_row() {
    let table = Table::new();
    let in_order: Vec<u32> = (0..N_ROWS).collect();
    let first = batches(&in_order, 0);
    table
        .apply(&first.iter().collect::<Vec<_>>(), 1, 10)
        .unwrap();
    let before = table.version();
    let known = (0..30_000).map(|i| (i * 40_503) % N_ROWS);
    let ids: Vec<u32> = known.chain(N_ROWS..N_ROWS + 5_000).collect();
    let import = batches(&ids, 1);
    table
        .apply(&import.iter().collect::<Vec<_>>(), 2, 20)
        .unwrap();
    let after = table.version();

    let other = Table::from_version(Version::from_parts(after.to_parts()));
    let mut transaction = other.begin(30, WriteRules::default());
    let whole = transaction.restore(&before, &after, None).unwrap();
    assert_eq!((whole.restored, whole.exceptions), (35_000, vec![]));
    transaction.commit(3);
    let restored = other.version();
    for id in 0..N_ROWS {
        assert_round(&restored, id, 0);
    }
    let (now, then) = (restored.column(65).unwrap(), before.column(65).unwrap());
    assert!((0..2).all(|block| now.shares_block(then, block)));
    assert_eq!(other.find_by(IdentifierKind::Email, "7@0"), vec![7]);

    let since = batches(&[N_ROWS - 1, N_ROWS + 7], 2);
    table
        .apply(&since.iter().collect::<Vec<_>>(), 3, 30)
        .unwrap();
    let mut transaction = table.begin(40, WriteRules::default());
    let partly = transaction.restore(&before, &after, None).unwrap();
    let refused: Vec<&str> = partly
        .exceptions
        .iter()
        .map(|it| it.profile_id.as_str())
        .collect();
    assert_eq!(
        (partly.restored, refused),
        (34_998, vec!["p065536", "p065544"])
    );
    transaction.commit(4);
    let restored = table.version();
    for id in 0..N_ROWS - 1 {
        assert_round(&restored, id, 0);
    }
    assert_round(&restored, N_ROWS - 1, 2);
    assert_round(&restored, N_ROWS + 7, 2);
    assert_eq!(restored.live_count(), N_ROWS as usize + 1);
}
