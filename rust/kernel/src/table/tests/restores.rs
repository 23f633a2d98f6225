//! Taking imports back, against the model.

use proptest::prelude::*;

use super::model::Model;
use super::records::{Record, any_block, batch_of};
use super::{Value, list, value};
use crate::batch::{Batch, RecordReason};
use crate::error::KernelError;
use crate::schema::{ColumnId, builtin};
use crate::table::{IdentifierKind, Table, Version, WriteRules};

/// The tick at which imports are taken back.
const TICK: i64 = 24;

/// What happens between an import and its undo.
#[derive(Debug, Clone)]
enum Other {
    Apply(Vec<Record>),
    Erase(Vec<String>),
    DropColumn(ColumnId),
}

fn any_other() -> impl Strategy<Value = Other> {
    let ids = prop::collection::vec((0..24_u8).prop_map(|id| format!("p{id}")), 0..3);
    prop_oneof![
        4 => any_block().prop_map(|mut records| {
            records.truncate(4);
            Other::Apply(records)
        }),
        1 => ids.prop_map(Other::Erase),
        1 => (64..71_u32).prop_map(Other::DropColumn),
    ]
}

/// A table in which some blocks were imported after others, and its states before and after.
struct Imported {
    table: Table,
    before: Version,
    after: Version,
}

impl Imported {
    fn new(first: &[Vec<Record>], import: &[Vec<Record>]) -> Self {
        let table = Table::new();
        let batches: Vec<Batch> = first.iter().map(|records| batch_of(records)).collect();
        table
            .apply(&batches.iter().collect::<Vec<_>>(), 1, 2)
            .unwrap();
        let before = table.version();
        let mut transaction = table.begin(4, WriteRules::default());
        for records in import {
            transaction.apply(&batch_of(records), 0).unwrap();
        }
        transaction.commit(2);
        let after = table.version();
        Self {
            table,
            before,
            after,
        }
    }
}

fn take(table: &Table, model: &mut Model, other: &Other, revision: i64) {
    let tick = revision * 2;
    match other {
        Other::Apply(records) => {
            let batch = batch_of(records);
            table.apply(&[&batch], revision, tick).unwrap();
            model.apply(records, tick);
        }
        Other::Erase(ids) => {
            let given: Vec<&str> = ids.iter().map(String::as_str).collect();
            assert_eq!(table.erase(&given, revision, tick), model.erase(ids, tick));
        }
        Other::DropColumn(column) => {
            table.drop_columns(&[*column], revision, tick);
            model.drop_column(*column);
        }
    }
}

/// Takes a commit back; answers how many profiles became what they were, and the ids of the others.
fn restored(
    table: &Table,
    (before, after): (&Version, &Version),
    columns: Option<&[ColumnId]>,
    revision: i64,
    tick: i64,
) -> (usize, Vec<String>) {
    let mut transaction = table.begin(tick, WriteRules::default());
    let done = transaction.restore(before, after, columns).unwrap();
    assert_eq!(transaction.commit(revision).written, done.restored);
    for (number, exception) in (1..).zip(&done.exceptions) {
        assert_eq!(
            (exception.record_number, exception.reason),
            (number, RecordReason::ProfileChanged)
        );
    }
    let refused = done.exceptions.into_iter().map(|it| it.profile_id);
    (done.restored, refused.collect())
}

fn any_blocks() -> impl Strategy<Value = Vec<Vec<Record>>> {
    prop::collection::vec(any_block(), 0..4)
}

proptest! {
    #[test]
    fn an_import_taken_back_leaves_what_was_before_it(first in any_blocks(), import in any_blocks()) {
        let Imported { table, before, after } = Imported::new(&first, &import);
        let (_, refused) = restored(&table, (&before, &after), None, 3, TICK);
        prop_assert_eq!(refused, Vec::<String>::new());
        let now = table.version();
        prop_assert_eq!(now.live_count(), before.live_count());
        for row in (0..).take(now.n_rows()) {
            prop_assert_eq!(now.is_live(row), before.is_live(row));
            for column in (1..90).filter(|&column| column != builtin::CHANGED_AT) {
                prop_assert_eq!(value(&now, column, row), value(&before, column, row));
            }
            let is_same = (1..90).all(|column| value(&after, column, row) == value(&now, column, row));
            prop_assert!(is_same || value(&now, builtin::CHANGED_AT, row) == Some(Value::DateTime(TICK)));
        }
    }

    #[test]
    fn only_what_was_changed_since_is_not_taken_back(
        first in any_blocks(),
        import in any_blocks(),
        others in prop::collection::vec(any_other(), 0..4),
        is_replayed: bool,
    ) {
        let mut model = Model::default();
        for records in &first {
            model.apply(records, 2);
        }
        let model_before = model.clone();
        for records in &import {
            model.apply(records, 4);
        }
        let model_after = model.clone();
        let Imported { table, mut before, mut after } = Imported::new(&first, &import);
        for (revision, other) in (3..).zip(&others) {
            take(&table, &mut model, other, revision);
        }
        if is_replayed {
            let replayed = Imported::new(&first, &import);
            (before, after) = (replayed.before, replayed.after);
        }
        let is_dropped = |column| others.iter().any(|it| matches!(it, Other::DropColumn(other) if *other == column));
        let kept: Vec<ColumnId> = (64..90).filter(|&column| !is_dropped(column)).collect();

        let (model_changed, changed) = (model.clone(), table.version());
        let done = restored(&table, (&before, &after), Some(&kept), 9, TICK);
        prop_assert_eq!(done, model.restore(&model_before, &model_after, |column| kept.contains(&column), TICK));
        model.assert_equals(&table.version());
        model.assert_finds(&table.version());

        let (model_undone, undone) = (model.clone(), table.version());
        let done = restored(&table, (&changed, &undone), None, 10, TICK + 2);
        prop_assert_eq!(done, model.restore(&model_changed, &model_undone, |_| true, TICK + 2));
        model.assert_equals(&table.version());
        model.assert_finds(&table.version());
    }
}

#[test]
fn a_transaction_that_ends_without_commit_takes_nothing_back() {
    let first = vec![vec![Record::new("a").with(64, Value::Text("Old".into()))]];
    let import = vec![vec![Record::new("a").with(64, Value::Text("old".into()))]];
    let imported = Imported::new(&first, &import);
    let mut transaction = imported.table.begin(TICK, WriteRules::default());
    let done = transaction.restore(&imported.before, &imported.after, None);
    assert_eq!(done.unwrap().restored, 1);
    drop(transaction);
    let value = value(&imported.table.version(), 64, 0);
    assert_eq!(value, Some(Value::Text("old".into())));
}

#[test]
fn another_field_may_have_changed_since() {
    let first = vec![vec![Record::new("a").email("Old@x")]];
    let import = vec![vec![Record::new("a").email("new@x").joining()]];
    let imported = Imported::new(&first, &import);
    let since = batch_of(&[Record::new("a").with(65, Value::Number(1.0))]);
    imported.table.apply(&[&since], 3, 6).unwrap();
    let states = (&imported.before, &imported.after);
    assert_eq!(
        restored(&imported.table, states, None, 4, TICK),
        (1, vec![])
    );
    let now = imported.table.version();
    assert_eq!(value(&now, 65, 0), Some(Value::Number(1.0)));
    assert_eq!(value(&now, list().state(), 0), None);
    assert_eq!(
        imported.table.find_by(IdentifierKind::Email, "old@x"),
        vec![0]
    );
    assert_eq!(now.changed_rows(TICK), vec![0]);
}

#[test]
fn states_of_another_table_are_refused_and_change_nothing() {
    let import = |id| Imported::new(&[], &[vec![Record::new(id)]]);
    let (mine, other) = (import("a"), import("b"));
    let mut transaction = mine.table.begin(TICK, WriteRules::default());
    let refused = transaction.restore(&other.before, &other.after, None);
    assert!(matches!(
        refused,
        Err(KernelError::DefinitionInvalid {
            what: "snapshot",
            ..
        })
    ));
    assert_eq!(transaction.commit(3).written, 0);
    assert_eq!(mine.table.find("a"), Some(0));
}
