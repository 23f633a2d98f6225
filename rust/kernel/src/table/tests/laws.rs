//! Random histories against the model.

use proptest::prelude::*;

use super::model::Model;
use super::records::{Record, any_block, batch_of};
use crate::batch::Batch;
use crate::table::{Table, Version, WriteRules};

/// One commit, or a transaction that is none.
#[derive(Debug, Clone)]
enum Step {
    Apply(Vec<Vec<Record>>),
    Transaction(Vec<Vec<Record>>, bool),
    Erase(Vec<String>),
    DropColumn(u32),
    Reopen,
}

fn any_step() -> impl Strategy<Value = Step> {
    let blocks = || prop::collection::vec(any_block(), 0..4);
    let ids = prop::collection::vec((0..30_u8).prop_map(|id| format!("p{id}")), 0..6);
    prop_oneof![
        4 => blocks().prop_map(Step::Apply),
        4 => (blocks(), any::<bool>()).prop_map(|(blocks, commits)| Step::Transaction(blocks, commits)),
        2 => ids.prop_map(Step::Erase),
        1 => (63..71_u32).prop_map(Step::DropColumn),
        1 => Just(Step::Reopen),
    ]
}

/// Takes a step with both; answers whether the table may have changed.
fn take_step(table: &mut Table, model: &mut Model, step: &Step, revision: i64) {
    let tick = revision * 2;
    match step {
        Step::Apply(blocks) => {
            let batches: Vec<Batch> = blocks.iter().map(|records| batch_of(records)).collect();
            let applied = table
                .apply(&batches.iter().collect::<Vec<_>>(), revision, tick)
                .unwrap();
            let created: usize = blocks
                .iter()
                .map(|records| model.apply(records, tick))
                .sum();
            assert_eq!(
                (applied.written, applied.created),
                (distinct_ids(blocks), created)
            );
        }
        Step::Transaction(blocks, commits) => {
            let mut changed = model.clone();
            let mut transaction = table.begin(tick, WriteRules::default());
            let mut created = 0;
            for records in blocks {
                let applied = transaction.apply(&batch_of(records), 0).unwrap();
                let new = changed.apply(records, tick);
                assert_eq!((applied.applied, applied.created), (records.len(), new));
                created += new;
                model.assert_equals(&table.version());
            }
            if *commits {
                let applied = transaction.commit(revision);
                assert_eq!(
                    (applied.written, applied.created),
                    (distinct_ids(blocks), created)
                );
                *model = changed;
            }
        }
        Step::Erase(ids) => {
            let given: Vec<&str> = ids.iter().map(String::as_str).collect();
            assert_eq!(table.erase(&given, revision, tick), model.erase(ids, tick));
        }
        Step::DropColumn(column) => {
            table.drop_columns(&[*column], revision, tick);
            model.drop_column(*column);
        }
        Step::Reopen => {
            *table = Table::from_version(Version::from_parts(table.version().to_parts()));
        }
    }
}

fn distinct_ids(blocks: &[Vec<Record>]) -> usize {
    let ids: std::collections::HashSet<&str> = blocks
        .iter()
        .flatten()
        .map(|record| record.id.as_str())
        .collect();
    ids.len()
}

proptest! {
    #[test]
    fn a_table_equals_its_model_after_any_history(steps in prop::collection::vec(any_step(), 1..14)) {
        let (mut table, mut model) = (Table::new(), Model::default());
        let mut held: Vec<(Version, Model)> = Vec::new();
        for (revision, step) in (1..).zip(&steps) {
            held.push((table.version(), model.clone()));
            take_step(&mut table, &mut model, step, revision);
            model.assert_equals(&table.version());
            model.assert_finds(&table.version());
        }
        for (version, model) in &held {
            model.assert_equals(version);
        }
    }

    #[test]
    fn the_same_batches_give_the_same_rows(blocks in prop::collection::vec(any_block(), 1..6)) {
        let batches: Vec<Batch> = blocks.iter().map(|records| batch_of(records)).collect();
        let together = Table::new();
        together.apply(&batches.iter().collect::<Vec<_>>(), 1, 2).unwrap();
        let one_by_one = Table::new();
        let mut transaction = one_by_one.begin(2, WriteRules::default());
        for batch in &batches {
            transaction.apply(batch, 0).unwrap();
        }
        transaction.commit(1);
        let mut model = Model::default();
        for records in &blocks {
            model.apply(records, 2);
        }
        model.assert_equals(&together.version());
        model.assert_equals(&one_by_one.version());
    }
}
