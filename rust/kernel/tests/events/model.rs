//! A list of all events, and what a table must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use segue_kernel::batch::RecordReason;
use segue_kernel::column::Column;
use segue_kernel::event::block::EventBlock;
use segue_kernel::event::run::Run;
use segue_kernel::event::values::{Stored, Values};
use segue_kernel::schema::builtin;
use segue_kernel::table::Version;

use super::DAY;
use super::mirror::{Event, Value};

/// An event as it is compared: profile, type, time and values by property, as texts.
pub(crate) type Shown = (String, String, i64, BTreeMap<String, String>);

/// Event types of the tests with their codes and the keys of their properties.
pub(crate) const TYPES: [(&str, u16, &[&str]); 4] = [
    ("sent", 0, &["campaign", "link"]),
    ("clicked", 2, &["campaign", "link"]),
    ("bought", 16, &["item", "price", "gift", "due"]),
    ("seen", 20, &[]),
];

/// An event and the tick of the commit that recorded it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) event: Event,
    pub(crate) tick: i64,
}

/// Everything that was recorded, by event id, and the profiles that are there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) events: BTreeMap<String, Kept>,
    pub(crate) live: BTreeSet<String>,
}

/// What recording did, as the model sees it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) recorded: usize,
    pub(crate) known: usize,
    pub(crate) waiting: usize,
    pub(crate) exceptions: Vec<(u32, RecordReason)>,
}

impl Model {
    pub(crate) fn record(&mut self, events: &[Event], refuses: bool, tick: i64) -> Outcome {
        let mut outcome = Outcome::default();
        for (number, event) in (1..).zip(events) {
            let before = self.events.get(&event.event_id);
            if before.is_some_and(|before| shown_event(&before.event) == shown_event(event)) {
                outcome.known += 1;
                continue;
            }
            let is_unknown = !self.live.contains(&event.profile_id);
            let problems = [
                (before.is_some(), RecordReason::EventChanged),
                (
                    event.source_time_millis > tick + DAY,
                    RecordReason::EventTimeAhead,
                ),
                (refuses && is_unknown, RecordReason::ProfileUnknown),
            ];
            let found: Vec<_> = problems.iter().filter(|(is_wrong, _)| *is_wrong).collect();
            outcome
                .exceptions
                .extend(found.iter().map(|(_, reason)| (number, *reason)));
            if found.is_empty() {
                outcome.recorded += 1;
                outcome.waiting += usize::from(is_unknown);
                let kept = Kept {
                    event: event.clone(),
                    tick,
                };
                self.events.insert(event.event_id.clone(), kept);
            }
        }
        outcome
    }

    /// Forgets a profile; answers whether there was anything of it.
    pub(crate) fn erase(&mut self, profile: &str) -> bool {
        let before = self.events.len();
        self.events
            .retain(|_, kept| kept.event.profile_id != profile);
        self.live.remove(profile) || self.events.len() < before
    }

    /// Whether there is anything of a profile.
    pub(crate) fn holds(&self, profile: &str) -> bool {
        self.live.contains(profile)
            || self
                .events
                .values()
                .any(|it| it.event.profile_id == profile)
    }

    pub(crate) fn shown(&self) -> Vec<Shown> {
        let events = self.events.values().map(|kept| shown_event(&kept.event));
        let mut all: Vec<Shown> = events.collect();
        all.sort();
        all
    }
}

fn shown_event(event: &Event) -> Shown {
    let data = event.data.iter().map(|property| {
        let value = match property.value.as_ref().unwrap() {
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Boolean(truth) => truth.to_string(),
            Value::DateTimeMillis(millis) => millis.to_string(),
        };
        (property.key.clone(), value)
    });
    (
        event.profile_id.clone(),
        event.event_type.clone(),
        event.source_time_millis,
        data.collect(),
    )
}

/// All events of a version, after checks of how they are stored.
pub(crate) fn stored(version: &Version) -> Vec<Shown> {
    let mut all = Vec::new();
    for (code, events) in version.events().types() {
        let (kind, _, keys) = TYPES
            .into_iter()
            .find(|(_, of_type, _)| *of_type == code)
            .unwrap();
        for number in 0..version.n_blocks() {
            for run in events.block(number).into_iter().flat_map(EventBlock::runs) {
                assert_sorted(run);
                for at in 0..run.len() {
                    let data = keys.iter().enumerate().filter_map(|(property, key)| {
                        let text = |code| {
                            let text = events.dictionary(property).unwrap().text(code).unwrap();
                            String::from_utf8(text.to_vec()).unwrap()
                        };
                        Some((
                            (*key).to_owned(),
                            shown_value(run.values(property)?, at, text)?,
                        ))
                    });
                    let profile = profile_id(version, number, run.rows()[at]);
                    all.push((profile, kind.to_owned(), run.times()[at], data.collect()));
                }
            }
        }
    }
    assert_eq!(all.len(), version.events().len());
    all.sort();
    all
}

fn assert_sorted(run: &Run) {
    let keys: Vec<_> = run.rows().iter().zip(run.times()).collect();
    assert!(keys.is_sorted() && !keys.is_empty());
    let least = run.times().iter().min().unwrap();
    let greatest = run.times().iter().max().unwrap();
    assert_eq!(run.span(), (*least, *greatest));
}

fn shown_value(values: &Values, at: usize, text: impl Fn(u32) -> String) -> Option<String> {
    match values {
        Values::Text(codes) => codes[at].is_present().then(|| text(codes[at])),
        Values::Number(all) => all[at].is_present().then(|| all[at].to_string()),
        Values::Boolean(all) => all[at].is_present().then(|| (all[at] == 1).to_string()),
        Values::DateTime(all) => all[at].is_present().then(|| all[at].to_string()),
    }
}

/// The profile of a row of a block.
pub(crate) fn profile_id(version: &Version, block: usize, row: u16) -> String {
    match version.column(builtin::PROFILE_ID) {
        Some(Column::ExactText(blocks)) => blocks[block].as_ref().unwrap().get(row).unwrap().into(),
        _ => unreachable!("rows have ids"),
    }
}
