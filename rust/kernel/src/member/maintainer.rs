//! The segments of a table, and the work that keeps their members right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use rayon::prelude::*;

use super::dirty::Dirty;
use super::due::Dues;
use super::history::{History, Position};
use super::passing::ahead_of;
use super::set::{Difference, MemberSet};
use super::touched::Touched;
use crate::rule::Plan;
use crate::schema::ColumnId;
use crate::table::Version;

/// Segments that one thread takes at a time: for a commit of few rows, handing them out costs more than asking.
const SEGMENTS_A_TASK: usize = 8;

/// Keeps the members in a table's versions right. Only the one writer uses it; what others ask for is in [`history`](Self::history).
#[derive(Debug, Default)]
pub(crate) struct Maintainer {
    /// By number. Numbers are never given twice.
    pub(super) segments: BTreeMap<u32, Segment>,
    next_number: u32,
    pub(super) dues: Dues,
    pub(super) history: Arc<Mutex<History>>,
}

/// A maintained segment.
#[derive(Debug)]
pub(super) struct Segment {
    key: Arc<str>,
    pub(super) plan: Plan,
    pub(super) columns: Vec<ColumnId>,
    pub(super) event_types: Vec<u16>,
    pub(super) is_timed: bool,
    /// When rows that fall due later are searched for; `None` where there are none.
    pub(super) next_search: Option<i64>,
}

impl Segment {
    fn new(key: Arc<str>, plan: Plan) -> Self {
        Self {
            key,
            columns: plan.columns(),
            event_types: plan.event_types(),
            is_timed: plan.is_timed(),
            plan,
            next_search: None,
        }
    }

    fn may_change(&self, touched: &Touched) -> bool {
        touched.has_births_or_deaths
            || self.columns.iter().any(|id| touched.columns.contains(id))
            || self
                .event_types
                .iter()
                .any(|it| touched.event_types.contains(it))
    }
}

/// What a commit did to a segment.
struct Outcome {
    number: u32,
    difference: Difference,
    /// Next moments of the dirty rows of a timed segment; none otherwise.
    flips: Vec<i64>,
}

impl Maintainer {
    /// Who entered and left; may be read while a commit is under way.
    pub(crate) fn history(&self) -> Arc<Mutex<History>> {
        Arc::clone(&self.history)
    }

    /// Takes another plan for a segment, or a first one, at the version's moment. Who enters or leaves by it is recorded unless it is the first.
    ///
    /// # Cost
    /// One evaluation of the plan.
    pub(crate) fn maintain(&mut self, version: &mut Version, key: &str, plan: Plan) {
        let known = version.members.numbers.get_key_value(key);
        let known = known.map(|(key, &number)| (Arc::clone(key), number));
        let (key, number) = known.unwrap_or_else(|| self.begin(version, key));
        self.segments.insert(number, Segment::new(key, plan));
        let at = position(version);
        self.evaluate(version, number, at);
        self.reach(version);
    }

    fn begin(&mut self, version: &mut Version, key: &str) -> (Arc<str>, u32) {
        let (key, number) = (Arc::from(key), self.next_number);
        self.next_number += 1;
        let numbers = Arc::make_mut(&mut version.members.numbers);
        numbers.insert(Arc::clone(&key), number);
        (key, number)
    }

    /// Evaluates a segment on all rows. Differences are recorded unless it is for the first time.
    fn evaluate(&mut self, version: &mut Version, number: u32, at: Position) {
        let Some(segment) = self.segments.get(&number) else {
            return;
        };
        let moment = version.members.moment;
        let found = Arc::new(MemberSet::new(&segment.plan.at(moment).evaluate(version)));
        let sets = Arc::make_mut(&mut version.members.sets);
        let mut history = lock(&self.history);
        match sets.insert(number, Arc::clone(&found)) {
            Some(before) => history.record(at, number, &before.difference(&found)),
            None => history.begin(&segment.key, number, at),
        }
        drop(history);
        self.search(version, number, moment);
    }

    /// Forgets a segment.
    pub(crate) fn release(&mut self, version: &mut Version, key: &str) {
        let members = &mut version.members;
        if let Some(number) = Arc::make_mut(&mut members.numbers).remove(key) {
            Arc::make_mut(&mut members.sets).remove(&number);
            self.segments.remove(&number);
            lock(&self.history).end(key);
        }
    }

    /// Brings the members of a version that was committed to up to date.
    ///
    /// # Cost
    /// The dirty rows, once for each segment that reads a column or event type that was touched; all segments, when rows came to life or
    /// were erased.
    pub(crate) fn follow(&mut self, version: &mut Version, mut touched: Touched) {
        let tick = version.tick_millis();
        version.members.moment = version.members.moment.max(tick);
        touched.sort();
        let mut sets = std::mem::take(&mut version.members.sets);
        let outcomes = self.update(version, &mut sets, &touched);
        version.members.sets = sets;
        let revision = version.revision();
        let at = Position {
            revision,
            millis: tick,
        };
        for outcome in outcomes {
            lock(&self.history).record(at, outcome.number, &outcome.difference);
            let due = outcome.flips.into_iter().zip(touched.rows.iter().copied());
            let moment = version.members.moment;
            self.expect(outcome.number, due, ahead_of(moment));
        }
        self.reach(version);
    }

    fn update(
        &self,
        version: &Version,
        sets: &mut Arc<BTreeMap<u32, Arc<MemberSet>>>,
        touched: &Touched,
    ) -> Vec<Outcome> {
        let segments = self.segments.iter();
        if touched.rows.is_empty() || !segments.clone().any(|(_, one)| one.may_change(touched)) {
            return Vec::new();
        }
        let moment = version.members.moment;
        let tasks: Vec<_> = segments
            .zip(Arc::make_mut(sets).values_mut())
            .filter(|((_, segment), _)| segment.may_change(touched))
            .collect();
        let affected = || tasks.iter().map(|((_, segment), _)| *segment);
        let columns = affected().flat_map(|segment| segment.columns.iter().copied());
        let event_types = affected().flat_map(|segment| segment.event_types.iter().copied());
        let event_types: BTreeSet<u16> = event_types.collect();
        let event_types: Vec<u16> = event_types.into_iter().collect();
        let dirty = Dirty::new(version, &touched.rows, columns, &event_types);
        let tasks = tasks.into_par_iter().with_min_len(SEGMENTS_A_TASK);
        let outcome = |((&number, segment), set): ((&u32, &Segment), &mut Arc<MemberSet>)| {
            let plan = segment.plan.at(moment);
            let is_member = dirty.evaluate(&plan);
            let flips = if segment.is_timed {
                dirty.flips(&plan, moment)
            } else {
                Vec::new()
            };
            let difference = update(set, &dirty, &is_member);
            Outcome {
                number,
                difference,
                flips,
            }
        };
        tasks.map(outcome).collect()
    }

    /// Evaluates segments anew that read columns which were dropped, after that commit.
    pub(crate) fn follow_drop(&mut self, version: &mut Version, dropped: &[ColumnId]) {
        let tick = version.tick_millis();
        version.members.moment = version.members.moment.max(tick);
        let revision = version.revision();
        let at = Position {
            revision,
            millis: tick,
        };
        let reads_one = |segment: &Segment| segment.columns.iter().any(|id| dropped.contains(id));
        let affected = self
            .segments
            .iter()
            .filter(|(_, segment)| reads_one(segment));
        let affected: Vec<u32> = affected.map(|(&number, _)| number).collect();
        for number in affected {
            self.evaluate(version, number, at);
        }
        self.reach(version);
    }

    /// Notes how far the version has come.
    pub(super) fn reach(&self, version: &Version) {
        lock(&self.history).reach(position(version), self.dues.next());
    }
}

/// Makes exactly those of the dirty rows members whose bit is set.
pub(super) fn update(set: &mut Arc<MemberSet>, dirty: &Dirty<'_>, is_member: &[u64]) -> Difference {
    let difference = set.difference_of(dirty, is_member);
    if difference.len() > 0 {
        Arc::make_mut(set).apply(&difference);
    }
    difference
}

/// The position behind everything that a version shows.
pub(super) fn position(version: &Version) -> Position {
    Position {
        revision: version.revision(),
        millis: version.members.moment,
    }
}

/// Opens a history.
pub(crate) fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history
        .lock()
        .expect("nothing panics while the history is open")
}
