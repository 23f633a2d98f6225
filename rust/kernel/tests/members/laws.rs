//! Random histories against evaluation from scratch.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use prost::Message;
use segue_kernel::batch::Batch;
use segue_kernel::column::Column;
use segue_kernel::member::Position;
use segue_kernel::rule::Plan;
use segue_kernel::schema::{ColumnId, builtin};
use segue_kernel::table::{RowId, Table, Version, WriteAction, WriteRules};

use crate::account::{
    CONDITIONS, HALF_HOUR, Happened, NUMBER, OFFSETS, Record, TIME, any_events, any_records,
    batch_of, events_of, id, plan,
};
use crate::mirror::{MembershipChange, WatchSegmentResponse};
use crate::{found, found_at, members, position};

#[derive(Debug, Clone)]
enum Step {
    Apply(Vec<Vec<Record>>),
    Transaction(Vec<Vec<Record>>, bool),
    Record(Vec<Happened>),
    Erase(Vec<u32>),
    Delete(Vec<u32>),
    DropColumn(ColumnId),
    Maintain(usize, usize, i64),
    Release(usize),
    Advance(i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let blocks = || prop::collection::vec(any_records(), 0..3);
    let millis = || prop_oneof![4 => -3..40_i64, 1 => (0..7_i64).prop_map(|n| n * HALF_HOUR)];
    let columns = prop::sample::select(vec![NUMBER, TIME, 64]);
    prop_oneof![
        6 => blocks().prop_map(Step::Apply),
        3 => (blocks(), any::<bool>()).prop_map(|(blocks, commits)| Step::Transaction(blocks, commits)),
        4 => any_events().prop_map(Step::Record),
        1 => prop::collection::vec(0..60_u32, 0..40).prop_map(Step::Erase),
        1 => prop::collection::vec(0..60_u32, 0..40).prop_map(Step::Delete),
        1 => columns.prop_map(Step::DropColumn),
        4 => (0..4_usize, 0..CONDITIONS.len(), millis()).prop_map(|(key, plan, at)| Step::Maintain(key, plan, at)),
        1 => (0..4_usize).prop_map(Step::Release),
        5 => millis().prop_map(Step::Advance),
    ]
}

fn key(segment: usize) -> String {
    format!("segment {segment}")
}

/// A table, the plans that it maintains, and where and with which members each began or was seen.
#[derive(Default)]
struct World {
    table: Table,
    plans: BTreeMap<usize, Plan>,
    seen: BTreeMap<usize, Vec<(Position, BTreeSet<RowId>)>>,
    event_times: Vec<i64>,
    clock: i64,
}

impl World {
    fn take(&mut self, step: &Step, revision: i64) {
        // Ticks follow the clock, as those of the change clock do.
        self.clock += 1;
        let tick = self.clock;
        match step {
            Step::Apply(blocks) => {
                let batches: Vec<Batch> = blocks.iter().map(|it| batch_of(it, tick)).collect();
                let batches: Vec<&Batch> = batches.iter().collect();
                self.table.apply(&batches, revision, tick).expect("room");
            }
            Step::Transaction(blocks, commits) => {
                let mut transaction = self.table.begin(tick, WriteRules::default());
                for records in blocks {
                    transaction
                        .apply(&batch_of(records, tick), 0)
                        .expect("room");
                }
                if *commits {
                    transaction.commit(revision);
                }
            }
            Step::Record(events) => {
                let times = events.iter().map(|&(_, _, millis)| tick + millis);
                self.event_times.extend(times);
                let batch = events_of(events, tick);
                let recorded = self.table.record(&batch, false, revision, tick);
                assert!(recorded.is_ok());
            }
            Step::Erase(ids) => {
                let ids: Vec<String> = ids.iter().map(|&number| id(number)).collect();
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                self.table.erase(&ids, revision, tick);
            }
            Step::Delete(ids) => {
                let named: Vec<Record> = ids
                    .iter()
                    .map(|&id| Record {
                        id,
                        ..Record::default()
                    })
                    .collect();
                let rules = WriteRules {
                    action: WriteAction::Delete,
                    ..WriteRules::default()
                };
                let mut transaction = self.table.begin(tick, rules);
                transaction.apply(&batch_of(&named, tick), 1).expect("room");
                transaction.commit(revision);
            }
            Step::DropColumn(column) => self.table.drop_columns(&[*column], revision, tick),
            Step::Maintain(segment, condition, ahead) => {
                let plan = plan(*condition).at(self.clock + ahead);
                self.clock = self.clock.max(plan.now_millis());
                self.table.maintain(&key(*segment), plan.clone());
                self.plans.insert(*segment, plan);
            }
            Step::Release(segment) => {
                self.table.release(&key(*segment));
                self.plans.remove(segment);
                self.seen.remove(segment);
            }
            Step::Advance(by) => self.advance(self.clock + by),
        }
        self.clock = self.clock.max(self.table.version().moment_millis());
    }

    /// Passes time, and compares what happens when with evaluation at each moment at which something could.
    fn advance(&mut self, until: i64) {
        let before = self.table.version();
        let moments = moments(&before, &self.event_times, until);
        let n_changes = self.table.advance(until);
        let mut n_told = 0;
        for (segment, plan) in &self.plans {
            let mut then = found(plan, &before);
            let mut expected = BTreeSet::new();
            for &moment in &moments {
                let now = found_at(plan, &before, moment);
                let entered = now.difference(&then).map(|&row| (moment, row, true));
                let left = then.difference(&now).map(|&row| (moment, row, false));
                expected.extend(entered.chain(left));
                then = now;
            }
            let told = told(&self.table, *segment, position(&before), usize::MAX);
            let told: Vec<_> = told
                .iter()
                .map(|it| (it.at_millis, row(&before, it), it.entered))
                .collect();
            assert!(told.is_sorted_by_key(|change| change.0));
            n_told += told.len();
            assert_eq!(
                told.into_iter().collect::<BTreeSet<_>>(),
                expected,
                "segment {segment}"
            );
        }
        assert_eq!(n_changes, n_told);
        assert_eq!(self.table.advance(until), 0);
        assert!(
            self.table
                .next_due()
                .is_none_or(|due| due > until.max(before.moment_millis()))
        );
        self.clock = self.clock.max(until);
    }

    fn check(&mut self) {
        let version = self.table.version();
        for (segment, plan) in &self.plans {
            let members = members(&version, &key(*segment));
            assert_eq!(members, found(plan, &version), "{plan:?}");
            let seen = self.seen.entry(*segment).or_default();
            for (from, before) in &*seen {
                for limit in [1, 7, usize::MAX] {
                    let mut followed = before.clone();
                    for change in told(&self.table, *segment, *from, limit) {
                        let row = row(&version, &change);
                        let is_new = if change.entered {
                            followed.insert(row)
                        } else {
                            followed.remove(&row)
                        };
                        assert!(is_new, "a change changes something");
                    }
                    assert_eq!(followed, members, "segment {segment} from {from:?}");
                }
            }
            seen.push((position(&version), members));
        }
        for segment in (0..4).filter(|segment| !self.plans.contains_key(segment)) {
            assert_eq!(version.member_count(&key(segment)), None);
            assert!(
                self.table
                    .changes(&key(segment), position(&version), 1)
                    .is_none()
            );
        }
    }
}

/// Moments after a version's, up to another, at which a window may open or close for a row, ascending.
fn moments(version: &Version, event_times: &[i64], until: i64) -> BTreeSet<i64> {
    let columns = [TIME, builtin::CREATED_AT, builtin::CHANGED_AT];
    let stored = columns
        .iter()
        .filter_map(|&column| match version.column(column)? {
            Column::DateTime(blocks) => blocks.first()?.as_deref(),
            _ => None,
        });
    let values = stored.flat_map(|block| block.presence().iter().filter_map(|row| block.get(row)));
    let times = values.chain(event_times.iter().copied());
    let moments = times.flat_map(|time| OFFSETS.map(|offset| time - offset));
    let moments = moments.flat_map(|moment| [moment - 1, moment, moment + 1]);
    let after = version.moment_millis();
    moments
        .filter(|&moment| after < moment && moment <= until)
        .collect()
}

fn row(version: &Version, change: &MembershipChange) -> RowId {
    let rows = 0..RowId::try_from(version.n_rows()).expect("few rows");
    let Some(Column::ExactText(ids)) = version.column(builtin::PROFILE_ID) else {
        panic!("profiles have ids");
    };
    let ids = ids[0].as_deref().expect("one block");
    let has_id =
        |row: &RowId| ids.get(u16::try_from(*row).expect("few rows")) == Some(&change.profile_id);
    rows.into_iter()
        .find(has_id)
        .expect("a profile of the account")
}

/// Everything that a watcher is told from a position on, some at a time.
fn told(table: &Table, segment: usize, from: Position, limit: usize) -> Vec<MembershipChange> {
    let (mut told, mut at) = (Vec::new(), from);
    loop {
        let (body, next) = table.changes(&key(segment), at, limit).expect("remembered");
        let response = WatchSegmentResponse::decode(&body[..]).expect("whole");
        let positions = response
            .changes
            .iter()
            .map(|it| (it.revision, it.at_millis));
        assert!(positions.clone().is_sorted());
        assert!(
            positions
                .clone()
                .all(|it| (at.revision, at.millis) < it && it <= (next.revision, next.millis))
        );
        let is_last = next == at || response.changes.is_empty();
        told.extend(response.changes);
        at = next;
        if is_last {
            return told;
        }
    }
}

proptest! {
    #[test]
    fn members_are_those_of_an_evaluation_from_scratch_after_any_history(
        steps in prop::collection::vec(any_step(), 1..25),
    ) {
        let mut world = World::default();
        for (revision, step) in (1..).zip(&steps) {
            world.take(step, revision);
            world.check();
        }
    }
}
