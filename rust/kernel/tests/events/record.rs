//! Random histories of events, profiles, erasures and restarts against the list of all events.

use std::collections::BTreeSet;

use proptest::prelude::*;
use prost::Message;
use segue_kernel::batch::Batch;
use segue_kernel::column::Column;
use segue_kernel::event::EventBatch;
use segue_kernel::schema::builtin;
use segue_kernel::snapshot;
use segue_kernel::table::{Table, Version, WriteAction, WriteRules};
use segue_kernel::wire::protobuf::put_bytes;
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode, decode_events};

use super::mirror::{Event, Value, block, event, property, text};
use super::model::{Model, Outcome, stored};
use super::{CAMPAIGN, DAY, NOW, schema};

/// A commit, or a restart.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Record(Vec<Event>, bool),
    Import(Vec<String>),
    Erase(Vec<String>),
    Delete(Vec<String>),
    Reopen,
}

pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    let id = (0..60_u8).prop_map(|id| format!("e{id}"));
    let profile = (0..12_u8).prop_map(|id| format!("p{id}"));
    let time = (0..40_i64, 0..4_i64).prop_map(|(days, hours)| NOW + (hours - 2) - days * DAY);
    let time = prop_oneof![20 => time, 1 => Just(NOW + 3 * DAY)];
    let links = || prop_oneof![Just("https://x"), Just("https://y"), Just("")];
    let sent = links().prop_map(|link| {
        (
            "sent",
            vec![
                property("campaign", text(CAMPAIGN)),
                property("link", text(link)),
            ],
        )
    });
    let clicked = links().prop_map(|link| {
        (
            "clicked",
            vec![
                property("campaign", text(&CAMPAIGN.repeat(2))),
                property("link", text(link)),
            ],
        )
    });
    let bought = (0..5_u8, 0..16_u8).prop_map(|(item, has)| {
        let all = [
            property("item", text(&format!("Item {item}"))),
            property("price", Value::Number(f64::from(item) / 4.0)),
            property("gift", Value::Boolean(item % 2 == 0)),
            property("due", Value::DateTimeMillis(NOW + i64::from(item))),
        ];
        let given = (0..).zip(all).filter(|(bit, _)| has >> bit & 1 == 1);
        ("bought", given.map(|(_, property)| property).collect())
    });
    let kind = prop_oneof![sent, clicked, bought, Just(("seen", Vec::new()))];
    (id, profile, time, kind)
        .prop_map(|(id, profile, time, (kind, data))| event(&id, &profile, kind, time, &data))
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let events = prop::collection::vec(any_event(), 0..30);
    let ids = || prop::collection::vec((0..12_u8).prop_map(|id| format!("p{id}")), 0..4);
    prop_oneof![
        6 => (events, prop::bool::weighted(0.2)).prop_map(|(events, refuses)| Step::Record(events, refuses)),
        2 => ids().prop_map(Step::Import),
        1 => ids().prop_map(Step::Erase),
        1 => ids().prop_map(Step::Delete),
        1 => Just(Step::Reopen),
    ]
}

pub(crate) fn decoded(events: &[Event]) -> EventBatch {
    let batch = decode_events(&schema(), &block(events)).unwrap();
    assert_eq!(batch.exceptions, []);
    batch
}

/// A batch of profiles that are nothing but their ids.
pub(crate) fn profiles(ids: &[String]) -> Batch {
    let mut data = Vec::new();
    for id in ids {
        let mut record = Vec::new();
        put_bytes(&mut record, 1, id.as_bytes());
        put_bytes(&mut data, 2, &record);
    }
    let options = DecodeOptions::default();
    decode(&schema(), BlockFormat::ProfileBatch, &data, &options).unwrap()
}

/// The same table after its files were written and opened.
pub(crate) fn reopened(version: &Version) -> Version {
    let directory = tempfile::tempdir().unwrap();
    snapshot::write(&version.to_parts(), directory.path()).unwrap();
    snapshot::verify(directory.path()).unwrap();
    Version::from_parts(snapshot::open(directory.path()).unwrap())
}

fn deleting() -> WriteRules {
    WriteRules {
        action: WriteAction::Delete,
        ..WriteRules::default()
    }
}

pub(crate) fn take_step(table: &mut Table, model: &mut Model, step: &Step, revision: i64) {
    let tick = NOW + revision;
    match step {
        Step::Record(events, refuses) => {
            let recorded = table
                .record(&decoded(events), *refuses, revision, tick)
                .unwrap();
            let exceptions = recorded.exceptions.iter();
            let outcome = Outcome {
                recorded: recorded.recorded,
                known: recorded.known,
                waiting: recorded.waiting,
                exceptions: exceptions.map(|it| (it.record_number, it.reason)).collect(),
            };
            assert_eq!(outcome, model.record(events, *refuses, tick));
            assert_eq!(recorded.rows, table.version().changed_rows(tick));
        }
        Step::Import(ids) => {
            let new = ids
                .iter()
                .filter(|id| model.live.insert((*id).clone()))
                .count();
            let applied = table.apply(&[&profiles(ids)], revision, tick).unwrap();
            assert_eq!(applied.created, new);
        }
        Step::Erase(ids) => {
            let distinct: BTreeSet<&String> = ids.iter().collect();
            for id in &distinct {
                assert_eq!(table.version().holds(id), model.holds(id));
            }
            let erased = distinct.iter().filter(|id| model.erase(id)).count();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            assert_eq!(table.erase(&ids, revision, tick), erased);
        }
        Step::Delete(ids) => {
            let erased = ids.iter().filter(|id| model.erase(id)).count();
            let mut transaction = table.begin(tick, deleting());
            let applied = transaction.apply(&profiles(ids), 1).unwrap();
            let not_honored = ids.len() - erased;
            assert_eq!(
                (applied.applied, applied.not_honored),
                (erased, not_honored)
            );
            assert_eq!(transaction.commit(revision).written, erased);
        }
        Step::Reopen => *table = Table::from_version(reopened(&table.version())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_table_holds_the_events_that_a_list_of_all_holds(steps in prop::collection::vec(any_step(), 1..25)) {
        let mut table = Table::new();
        let mut model = Model::default();
        for (revision, step) in (1..).zip(&steps) {
            let (held, before) = (table.version(), model.clone());
            take_step(&mut table, &mut model, step, revision);
            prop_assert_eq!(stored(&table.version()), model.shown());
            prop_assert_eq!(table.version().live_count(), model.live.len());
            prop_assert_eq!(stored(&held), before.shown());
        }
    }
}

#[test]
fn a_profile_that_comes_after_its_events_is_created_then() {
    let table = Table::new();
    let early = [event("e", "late", "seen", NOW, &[])];
    assert_eq!(
        table
            .record(&decoded(&early), false, 1, NOW)
            .unwrap()
            .waiting,
        1
    );
    let version = table.version();
    assert_eq!(
        (version.n_rows(), version.live_count(), table.find("late")),
        (1, 0, None)
    );
    assert!(version.changed_rows(i64::MIN).is_empty());
    let applied = table
        .apply(&[&profiles(&["late".into()])], 2, NOW + 9)
        .unwrap();
    assert_eq!((applied.created, applied.written), (1, 1));
    assert_eq!(table.find("late"), Some(0));
    let version = table.version();
    let Some(Column::DateTime(created_at)) = version.column(builtin::CREATED_AT) else {
        unreachable!("the profile was created");
    };
    assert_eq!(created_at[0].as_ref().unwrap().get(0), Some(NOW + 9));
}

#[test]
fn events_of_many_blocks_and_days_find_their_places() {
    let table = Table::new();
    let ids: Vec<String> = (0..65_600).map(|i| format!("p{i}")).collect();
    table.apply(&[&profiles(&ids)], 1, NOW).unwrap();
    let mut model = Model::default();
    model.live.extend(ids.iter().cloned());
    for commit in 0..5 {
        let events: Vec<Event> = [0_usize, 63, 64, 65, 65_535, 65_536, 65_537, 65_599]
            .into_iter()
            .flat_map(|row| (0..40).map(move |day| (row, day)))
            .map(|(row, day)| {
                event(
                    &format!("{row} {day} {commit}"),
                    &ids[row],
                    "seen",
                    NOW - day * DAY,
                    &[],
                )
            })
            .collect();
        let recorded = table
            .record(&decoded(&events), true, 2 + commit, NOW + commit + 1)
            .unwrap();
        assert_eq!((recorded.recorded, recorded.rows.len()), (320, 8));
        model.record(&events, true, NOW + commit + 1);
    }
    assert_eq!(stored(&table.version()), model.shown());
    assert_eq!(stored(&reopened(&table.version())), model.shown());
    model.erase("p65536");
    table.erase(&["p65536"], 9, NOW + 9);
    assert_eq!(stored(&table.version()), model.shown());
}

#[test]
fn texts_of_erased_events_are_forgotten() {
    let table = Table::new();
    let ids = ["a".to_owned(), "b".to_owned()];
    table.apply(&[&profiles(&ids)], 1, NOW).unwrap();
    let bought = |id: &str, profile: &str, item: &str| {
        event(id, profile, "bought", NOW, &[property("item", text(item))])
    };
    let events = [
        bought("1", "a", "only a"),
        bought("2", "a", "both"),
        bought("3", "b", "both"),
    ];
    table.record(&decoded(&events), true, 2, NOW + 3).unwrap();
    table.erase(&["a"], 3, NOW + 7);
    let version = table.version();
    let texts = version.events().of_type(16).unwrap().dictionary(0).unwrap();
    assert_eq!(texts.texts().collect::<Vec<_>>(), [&b""[..], b"both"]);
    let again = [bought("1", "a", "only a"), bought("4", "b", "")];
    assert_eq!(
        table
            .record(&decoded(&again), false, 4, NOW + 9)
            .unwrap()
            .recorded,
        2
    );
}

#[test]
fn a_block_that_is_sent_again_changes_nothing() {
    let table = Table::new();
    let events: Vec<Event> = (0..500)
        .map(|i| {
            event(
                &format!("e{i}"),
                &format!("p{}", i % 7),
                "seen",
                NOW - i * DAY,
                &[],
            )
        })
        .collect();
    let mut data = Vec::new();
    super::mirror::EventBatch {
        events: events.clone(),
    }
    .encode(&mut data)
    .unwrap();
    let batch = decode_events(&schema(), &data).unwrap();
    assert_eq!(table.record(&batch, false, 1, NOW).unwrap().recorded, 500);
    let table = Table::from_version(reopened(&table.version()));
    let again = table.record(&batch, false, 2, NOW + 3).unwrap();
    assert_eq!((again.recorded, again.known, again.waiting), (0, 500, 0));
    assert_eq!(
        (table.version().events().len(), table.version().revision()),
        (500, 2)
    );
}
