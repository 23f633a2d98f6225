//! Events are read back as they were recorded, whatever came between.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use segue_kernel::column::BLOCK_ROWS;
use segue_kernel::event::{EventValue, RecordedEvent};
use segue_kernel::snapshot;
use segue_kernel::table::{Table, Version};

use super::mirror::{Event, Value, event, property, text};
use super::model::{Kept, Model, TYPES, profile_id};
use super::record::{any_step, decoded, profiles, reopened, take_step};
use super::{CAMPAIGN, DAY, NOW};

/// An event as it is compared, in the order in which events are read: row, source time, id, type, tick and values by property.
type Read = (u16, i64, String, u16, i64, Vec<(usize, Value)>);

/// Which events are read.
#[derive(Debug, Clone)]
struct Question {
    rows: Range<usize>,
    types: Vec<u16>,
    times: Range<i64>,
}

impl Question {
    fn all() -> Self {
        Self {
            rows: 0..BLOCK_ROWS,
            types: TYPES.iter().map(|(_, code, _)| *code).collect(),
            times: i64::MIN..i64::MAX,
        }
    }
}

fn any_time() -> impl Strategy<Value = i64> {
    let close = (0..42_i64, -3..3_i64).prop_map(|(days, hours)| NOW + hours - days * DAY);
    prop_oneof![8 => close, 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

fn any_question() -> impl Strategy<Value = Question> {
    let rows = prop_oneof![
        Just(0..BLOCK_ROWS),
        (0..14_usize, 0..14_usize).prop_map(|(start, end)| start..end)
    ];
    let types = prop::sample::subsequence(vec![20, 0, 99, 16, 2], 0..=5);
    let times = (any_time(), any_time()).prop_map(|(from, until)| from..until);
    (rows, types, times).prop_map(|(rows, types, times)| Question { rows, types, times })
}

fn read(version: &Version, block: usize, question: &Question) -> Vec<Read> {
    let Question { rows, types, times } = question;
    let events = version.events();
    let found = events.recorded(block, rows.clone(), types, times.start, times.end);
    found.iter().map(read_one).collect()
}

fn read_one(event: &RecordedEvent<'_>) -> Read {
    let value = |value| match value {
        EventValue::Text(text) => Value::Text(text.to_owned()),
        EventValue::Number(number) => Value::Number(number),
        EventValue::Boolean(truth) => Value::Boolean(truth),
        EventValue::DateTime(millis) => Value::DateTimeMillis(millis),
    };
    let properties = event.properties().map(|(at, given)| (at, value(given)));
    (
        event.row,
        event.time_millis,
        event.id.to_owned(),
        event.type_code,
        event.created_millis,
        properties.collect(),
    )
}

/// What a list of all events says.
fn expected(version: &Version, block: usize, model: &Model, question: &Question) -> Vec<Read> {
    let n_rows = version.n_rows().saturating_sub(block * BLOCK_ROWS);
    let rows = (0..=u16::MAX).take(n_rows);
    let row_of: BTreeMap<String, u16> = rows
        .map(|row| (profile_id(version, block, row), row))
        .collect();
    let of_block = |kept: &Kept| Some(told(kept, *row_of.get(&kept.event.profile_id)?));
    let events = model.events.values().filter_map(of_block);
    let mut asked: Vec<Read> = events
        .filter(|(row, time, _, code, ..)| {
            question.rows.contains(&(*row).into())
                && question.types.contains(code)
                && question.times.contains(time)
        })
        .collect();
    asked.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
    asked
}

fn told(Kept { event, tick }: &Kept, row: u16) -> Read {
    let mut types = TYPES.iter();
    let (_, code, keys) = types.find(|(id, ..)| *id == event.event_type).unwrap();
    let number = |key: &str| keys.iter().position(|other| *other == key).unwrap();
    let given = event.data.iter();
    let mut data: Vec<_> = given
        .map(|it| (number(&it.key), it.value.clone().unwrap()))
        .collect();
    data.sort_by_key(|(number, _)| *number);
    let (time, id) = (event.source_time_millis, event.event_id.clone());
    (row, time, id, *code, *tick, data)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn events_are_read_as_a_list_of_all_has_them(steps in vec(any_step(), 1..25), questions in vec(any_question(), 1..8)) {
        let mut table = Table::new();
        let mut model = Model::default();
        for (revision, step) in (1..).zip(&steps) {
            let (held, before) = (table.version(), model.clone());
            take_step(&mut table, &mut model, step, revision);
            let (version, all) = (table.version(), Question::all());
            prop_assert_eq!(read(&version, 0, &all), expected(&version, 0, &model, &all));
            prop_assert_eq!(read(&held, 0, &all), expected(&held, 0, &before, &all));
        }
        let version = table.version();
        let opened = reopened(&version);
        for question in &questions {
            let expected = expected(&version, 0, &model, question);
            prop_assert_eq!(&read(&version, 0, question), &expected);
            prop_assert_eq!(&read(&opened, 0, question), &expected);
        }
    }
}

#[test]
fn events_of_each_block_are_read_by_its_own_rows() {
    let table = Table::new();
    let ids: Vec<String> = (0..65_600).map(|i| format!("p{i}")).collect();
    table.apply(&[&profiles(&ids)], 1, NOW).unwrap();
    let mut model = Model::default();
    model.live.extend(ids.iter().cloned());
    for commit in 1..6 {
        let of_row = |row: usize| {
            (0..40).map(move |day| {
                let id = format!("{row} {day} {commit}");
                event(&id, &format!("p{row}"), "seen", NOW - day * DAY, &[])
            })
        };
        let events: Vec<Event> = [0, 65_535, 65_536, 65_599]
            .into_iter()
            .flat_map(of_row)
            .collect();
        let tick = NOW + commit;
        let recorded = table.record(&decoded(&events), true, commit + 1, tick);
        assert_eq!(recorded.unwrap().recorded, 160);
        model.record(&events, true, tick);
    }
    let version = table.version();
    for block in 0..3 {
        for rows in [0..BLOCK_ROWS, 1..64, 63..64, 65_535..65_536, 64..64] {
            let question = Question {
                rows,
                times: NOW - 30 * DAY..NOW,
                ..Question::all()
            };
            let (found, told) = (
                read(&version, block, &question),
                expected(&version, block, &model, &question),
            );
            assert_eq!(found, told);
        }
    }
}

#[test]
fn an_id_is_read_to_its_last_byte() {
    let table = Table::new();
    let ids = ["é".repeat(64), "e".repeat(128), "x".to_owned()];
    let events = ids.each_ref().map(|id| event(id, "p", "seen", NOW, &[]));
    table.record(&decoded(&events), false, 1, NOW + 3).unwrap();
    let found = read(&reopened(&table.version()), 0, &Question::all());
    let found: Vec<&str> = found.iter().map(|(_, _, id, ..)| &**id).collect();
    assert_eq!(found, [&*ids[1], &*ids[2], &*ids[0]]);
}

#[test]
fn an_event_that_is_sent_again_keeps_the_tick_that_recorded_it() {
    let table = Table::new();
    let campaign = [property("campaign", text(CAMPAIGN))];
    let events = [event("e", "p", "sent", NOW, &campaign)];
    for (revision, tick) in [(1, NOW + 3), (2, NOW + 7)] {
        table
            .record(&decoded(&events), false, revision, tick)
            .unwrap();
    }
    let found = read(&table.version(), 0, &Question::all());
    let created: Vec<i64> = found.iter().map(|(_, _, _, _, tick, _)| *tick).collect();
    assert_eq!(created, [NOW + 3]);
}

#[test]
fn ids_of_erased_events_are_in_no_file() {
    let table = Table::new();
    let of = |id: &str, profile: &str| event(id, profile, "seen", NOW, &[]);
    let events = [of("gone-with-a", "a"), of("stays-with-b", "b")];
    table.record(&decoded(&events), false, 1, NOW + 3).unwrap();
    let more = [of("gone-as-well", "a")];
    table.record(&decoded(&more), false, 2, NOW + 7).unwrap();
    table.erase(&["a"], 3, NOW + 10);
    let directory = tempfile::tempdir().unwrap();
    snapshot::write(&table.version().to_parts(), directory.path()).unwrap();
    let bytes = fs::read(directory.path().join("events-20.bin")).unwrap();
    let holds = |word: &[u8]| bytes.windows(word.len()).any(|bytes| bytes == word);
    assert!(holds(b"stays-with-b") && !holds(b"gone"));
    let found = read(&table.version(), 0, &Question::all());
    assert_eq!(
        found,
        [(1, NOW, "stays-with-b".into(), 20, NOW + 3, Vec::new())]
    );
}

#[test]
fn ids_count_as_memory() {
    let memory = |width: usize| {
        let of = |i: usize| event(&format!("{i:0width$}"), &format!("p{i}"), "seen", NOW, &[]);
        let events: Vec<Event> = (0..1_000).map(of).collect();
        let table = Table::new();
        table.record(&decoded(&events), false, 1, NOW + 3).unwrap();
        table.version().memory_bytes()
    };
    // The index grows by parts, so other ids make it a little larger or smaller.
    assert!((85_000..95_000).contains(&(memory(100) - memory(10))));
}
