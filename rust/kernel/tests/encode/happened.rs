//! Events of profiles, as a list and as a version holds them.

use segue_kernel::event::{EventBatch, Events};
use segue_kernel::schema::Schema;
use segue_kernel::snapshot::VersionParts;
use segue_kernel::table::{Table, Version};
use segue_kernel::wire::protobuf::put_bytes;
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode, decode_events};

use crate::account::Dice;
use crate::mirror::{Event, Value, block, event, property, text};

/// When the first of all events happened.
pub(crate) const FIRST: i64 = 1_690_000_000_000;

/// When they were recorded.
pub(crate) const RECORDED_AT: i64 = 1_700_000_000_503;

/// Some events of the profiles of an account, over 100 days.
pub(crate) fn events(n_rows: usize, count: usize, dice: &mut Dice) -> Vec<Event> {
    let time = |dice: &mut Dice| FIRST + i64::try_from(dice.below(8_640_000_000)).expect("small");
    let any = |number: usize| {
        let profile = format!("p{:07}", dice.below(n_rows as u64));
        let time = time(dice);
        let all = [
            property("item", text(["pen", "\"ink\"\n", "=1"][number % 3])),
            property("price", Value::Number([0.5, -0.0, 12.0][number % 3])),
            property("gift", Value::Boolean(number.is_multiple_of(2))),
            property("due", Value::DateTimeMillis(time + 1)),
        ];
        let given = all
            .into_iter()
            .filter(|_| dice.below(2) == 0)
            .collect::<Vec<_>>();
        let (kind, data) = match dice.below(3) {
            0 => ("seen", Vec::new()),
            1 => (
                "opened",
                vec![property("campaign", text("0123456789abcdef"))],
            ),
            _ => ("bought", given),
        };
        event(&format!("e\"{number}"), &profile, kind, time, &data)
    };
    (0..count).map(any).collect()
}

/// The same version with events, recorded in a few commits.
pub(crate) fn with_events(version: &Version, schema: &Schema, events: &[Event]) -> Version {
    let table = Table::new();
    let mut profiles = Vec::new();
    for row in 0..version.n_rows() {
        let mut record = Vec::new();
        put_bytes(&mut record, 1, format!("p{row:07}").as_bytes());
        put_bytes(&mut profiles, 2, &record);
    }
    let options = DecodeOptions::default();
    let profiles = decode(schema, BlockFormat::ProfileBatch, &profiles, &options);
    let profiles = profiles.expect("profiles that are nothing but their ids");
    table.apply(&[&profiles], 1, RECORDED_AT).expect("a commit");
    for (revision, part) in (2..).zip(events.chunks(events.len() / 3 + 1)) {
        let recorded = table.record(&decoded(schema, part), true, revision, RECORDED_AT);
        assert_eq!(recorded.expect("a commit").recorded, part.len());
    }
    let all: Events = table.version().events().clone();
    Version::from_parts(VersionParts {
        events: all,
        ..version.to_parts()
    })
}

fn decoded(schema: &Schema, events: &[Event]) -> EventBatch {
    let batch = decode_events(schema, &block(events)).expect("a block of events");
    assert_eq!(batch.exceptions, []);
    batch
}
