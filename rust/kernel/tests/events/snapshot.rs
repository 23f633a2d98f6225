//! Files of events: damage is found, or does nothing worse than answer wrongly.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use segue_kernel::error::KernelError;
use segue_kernel::rule::Plan;
use segue_kernel::snapshot;
use segue_kernel::table::{Table, Version};

use super::mirror::{Event, Value, event, property, text};
use super::record::decoded;
use super::{DAY, NOW, schema};

/// Writes a table of some hundred events of one type and answers the file that holds them.
fn written(directory: &Path) -> Vec<u8> {
    let bought = |i: i64| {
        let data = [
            property("item", text(&format!("item {}", i % 9))),
            property("price", Value::Number(0.5)),
        ];
        event(
            &format!("e{i}"),
            &format!("p{}", i % 50),
            "bought",
            NOW - i * DAY,
            &data,
        )
    };
    let events: Vec<Event> = (0..300).map(bought).collect();
    let table = Table::new();
    table.record(&decoded(&events), false, 1, NOW).unwrap();
    snapshot::write(&table.version().to_parts(), directory).unwrap();
    fs::read(directory.join("events-16.bin")).unwrap()
}

/// Asks and changes everything that a file of events holds.
fn use_all(version: Version) {
    let count = r#"{"did": {"event_type": 16, "where": [{"property": 0, "op": "contains", "text": "1", "negative": false}],
        "window": {"from_offset": -900000000, "until_offset": 0}, "sum_of": 1, "low": 1, "low_inclusive": true, "high": null,
        "high_inclusive": true}}"#;
    let then = r#"{"did_then": {"first": {"event_type": 16, "where": []}, "second": {"event_type": 16, "where": []},
        "within_millis": 900000000, "window": null}}"#;
    for condition in [count, then] {
        let plan = Plan::compile(&schema(), condition.as_bytes(), NOW).unwrap();
        let mut words = [0; 1_024];
        plan.evaluate_block(&version, 0, &mut words);
        plan.matches(&version, 7);
        plan.next_flip(&version, 7, NOW);
    }
    for event in version
        .events()
        .recorded(0, 0..usize::MAX, &[16], i64::MIN, i64::MAX)
    {
        assert!(event.properties().count() <= 2);
    }
    let table = Table::from_version(version);
    let more = [event(
        "e1",
        "p1",
        "bought",
        NOW,
        &[property("item", text("item 1"))],
    )];
    table.record(&decoded(&more), false, 2, NOW + 3).unwrap();
    table.erase(&["p1"], 3, NOW + 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn flipped_bytes_are_found_and_never_end_in_a_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=u8::MAX), 1..4)) {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = written(directory.path());
        let whole = bytes.clone();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        prop_assume!(bytes != whole);
        fs::write(directory.path().join("events-16.bin"), &bytes).unwrap();
        let verified = snapshot::verify(directory.path());
        let is_named = matches!(&verified, Err(KernelError::SnapshotInvalid { file, .. }) if file == "events-16.bin");
        prop_assert!(is_named);
        if let Ok(parts) = snapshot::open(directory.path()) {
            use_all(Version::from_parts(parts));
        }
    }
}

#[test]
fn a_file_that_is_cut_off_or_missing_is_found_on_opening() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = written(directory.path());
    let file = directory.path().join("events-16.bin");
    fs::write(&file, &bytes[..bytes.len() - 8]).unwrap();
    assert!(snapshot::open(directory.path()).is_err());
    fs::remove_file(file).unwrap();
    assert!(snapshot::open(directory.path()).is_err());
}
